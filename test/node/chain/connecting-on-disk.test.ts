import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import type { Transaction } from '../../../protocol/transaction.ts';
import {
  accountKey,
  ChainKit,
  chainTables,
  coinOf,
  feed,
  type KitBlock,
  type OpenChain,
  openChain,
  replayedTables,
} from '../../kit/chain-kit.ts';

/** A chain whose first block holds a payment of alice to bob. */
async function paidChain(): Promise<{
  readonly kit: ChainKit;
  readonly open: OpenChain;
  readonly first: KitBlock;
  readonly payment: Transaction;
}> {
  const kit = new ChainKit();
  const payment = kit.sign([kit.funds('alice')], [{ value: 9n * COIN, script: accountKey('bob').script }]);
  const first = kit.mineBlock(kit.genesis, [payment]);
  const open = await openChain(kit);
  assert.deepEqual(await feed(open.chain, [first]), ['connected']);
  return { kit, open, first, payment };
}

/** Hands a block in that breaks a rule: the tables are as before, and another block takes its place. */
async function refuse({ kit, open, first }: Awaited<ReturnType<typeof paidChain>>, wrong: Transaction[]) {
  const before = await chainTables(open.database);
  const { chain } = open;
  const result = await chain.accept(kit.mineBlock(first, wrong).block);
  assert.equal(result.outcome, 'invalid');
  assert.equal(result.entry?.status, 'invalid');
  assert.deepEqual(await chainTables(open.database), before);
  const good = kit.mineBlock(first, [], { tag: 1 });
  assert.deepEqual(await feed(chain, [good]), ['connected']);
  assert.deepEqual(await chainTables(open.database), await replayedTables(kit, good));
  return result.error.code;
}

describe('a block that is written while it is checked', () => {
  it('leaves no rows where it repeats a transaction of the chain, and the chain goes on', async () => {
    const scene = await paidChain();
    assert.equal(await refuse(scene, [scene.payment]), 'bad-txns-inputs-missingorspent');
    await scene.open.close();
  });

  it('leaves no rows where its payments pay more than they have', async () => {
    const scene = await paidChain();
    const { kit, payment } = scene;
    const outputs = [{ value: 10n * COIN, script: accountKey('carol').script }];
    assert.equal(
      await refuse(scene, [kit.sign([coinOf(payment, 0, 'bob')], outputs)]),
      'bad-txns-in-belowout',
    );
    await scene.open.close();
  });

  it('leaves no rows where a signature is wrong', async () => {
    const scene = await paidChain();
    const outputs = [{ value: 8n * COIN, script: accountKey('carol').script }];
    const signed = scene.kit.sign([coinOf(scene.payment, 0, 'bob')], outputs);
    const forged = { ...signed, outputs: [{ ...outputs[0]!, value: 7n * COIN }] };
    assert.equal(await refuse(scene, [forged]), 'mandatory-script-verify-flag-failed');
    await scene.open.close();
  });

  it('makes the same tables as one that is written later with others', async () => {
    const { kit, open, first, payment } = await paidChain();
    const outputs = [{ value: 8n * COIN, script: accountKey('carol').script }];
    const spend = kit.sign([coinOf(payment, 0, 'bob')], outputs);
    const again = kit.sign([coinOf(spend, 0, 'carol')], [{ ...outputs[0]!, value: 7n * COIN }]);
    const second = kit.mineBlock(first, [spend, again]);
    assert.deepEqual(await feed(open.chain, [second]), ['connected']);
    const gathered = await openChain(kit);
    for (const { block } of [first, second]) await gathered.chain.accept(block, { durable: false });
    await gathered.chain.flush();
    assert.deepEqual(await chainTables(open.database), await chainTables(gathered.database));
    const status = 'SELECT hex(hash) AS hash, status FROM blocks ORDER BY height';
    assert.deepEqual(await open.database.all(status), await gathered.database.all(status));
    await gathered.close();
    await open.close();
  });
});
