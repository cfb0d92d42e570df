import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeBlock, decodeBlockSteps, encodeBlock } from '../../protocol/block.ts';
import { checkBlockSteps } from '../../protocol/check-block.ts';
import { buildCoinbase } from '../../protocol/coinbase.ts';
import { MemoryCoins } from '../../protocol/coins.ts';
import {
  applyConnection,
  applyConnectionSteps,
  disconnectBlockSteps,
  planConnection,
  planConnectionSteps,
} from '../../protocol/connect.ts';
import { PROFILES } from '../../protocol/network.ts';
import { atOnce, eachInSteps, type Steps } from '../../protocol/steps.ts';
import { accountKey, ChainKit, type KitBlock } from '../kit/chain-kit.ts';

/** The result, and how many times others could have had their turn. */
function counted<Result>(steps: Steps<Result>): { result: Result; pauses: number } {
  for (let pauses = 0; ; pauses++) {
    const step = steps.next();
    if (step.done === true) return { result: step.value, pauses };
  }
}

describe('work in steps', () => {
  const kit = new ChainKit();
  const { script } = accountKey('alice');
  const OUTPUTS = 30_000;

  /** A block with a coinbase of tens of thousands of outputs. */
  function wide(): KitBlock {
    const outputs = Array.from({ length: OUTPUTS }, () => ({ value: 1n, script }));
    return kit.mineTransactions(kit.genesis, [buildCoinbase({ height: 1, outputs })]);
  }

  it('pauses every few hundred items, however many one transaction has', () => {
    const { block } = wide();
    const view = new MemoryCoins();
    const plan = counted(planConnectionSteps(block, 1, view, PROFILES.regtest));
    assert.ok(plan.pauses > OUTPUTS / 300);
    assert.equal(plan.result.created.size, OUTPUTS);
    assert.ok(counted(applyConnectionSteps(plan.result, view)).pauses > OUTPUTS / 300);
    assert.equal(view.size, OUTPUTS);
    assert.ok(counted(disconnectBlockSteps(block, plan.result.undo, view)).pauses > OUTPUTS / 300);
    assert.equal(view.size, 0);
  });

  it('pauses between transactions, and comes to the same end', () => {
    let parent = kit.genesis;
    const payments = (['alice', 'bob', 'carol'] as const).map((name) =>
      kit.payment(kit.funds(name), 'faucet', 1_000n),
    );
    parent = kit.mineBlock(parent, payments);
    const bytes = encodeBlock(parent.block);
    const decoded = counted(decodeBlockSteps(bytes));
    assert.equal(decoded.pauses, 4);
    assert.deepEqual(decoded.result, decodeBlock(bytes));
    assert.doesNotThrow(() => atOnce(checkBlockSteps(decoded.result)));
  });

  it('ends where a rule is broken or the bytes are, with the same words', () => {
    const { block } = kit.mineBlock(kit.genesis, [kit.payment(kit.funds('alice'), 'bob', 1_000n)]);
    const bytes = encodeBlock(block);
    const cut = bytes.subarray(0, bytes.length - 3);
    const words = (work: () => unknown): string => {
      try {
        work();
        return 'nothing thrown';
      } catch (error) {
        return String(error);
      }
    };
    assert.match(
      words(() => decodeBlock(cut)),
      /ends early/,
    );
    assert.equal(
      words(() => counted(decodeBlockSteps(cut))),
      words(() => decodeBlock(cut)),
    );
    const view = new MemoryCoins();
    const at = words(() => planConnection(block, 1, view, PROFILES.regtest));
    assert.match(at, /bad-txns-inputs-missingorspent/);
    assert.equal(
      words(() => counted(planConnectionSteps(block, 1, view, PROFILES.regtest))),
      at,
    );
  });

  it('gives every item with its place, once', () => {
    const seen: [string, number][] = [];
    const items = Array.from({ length: 1_000 }, (_, at) => `${at}`);
    const { pauses } = counted(eachInSteps(items, (item, at) => seen.push([item, at])));
    assert.deepEqual(
      seen,
      items.map((item, at) => [item, at]),
    );
    assert.equal(pauses, 3);
    assert.equal(counted(eachInSteps([], () => assert.fail())).pauses, 0);
  });

  it('changes a view only as it does at once', () => {
    const { block } = wide();
    const [once, stepped] = [new MemoryCoins(), new MemoryCoins()];
    const connection = planConnection(block, 1, once, PROFILES.regtest);
    applyConnection(connection, once);
    counted(applyConnectionSteps(connection, stepped));
    assert.deepEqual([...stepped.entries()], [...once.entries()]);
  });
});
