import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { verify } from '#verify';
import { COIN } from '../../protocol/amount.ts';
import { decodeBlock, encodeBlock } from '../../protocol/block.ts';
import { bytesToHex, CodecError, hexToBytes } from '../../protocol/bytes.ts';
import { blockKeys, type Coin, coinCodec, MemoryCoins, outputKeys, undoCodec } from '../../protocol/coins.ts';
import {
  connectBlock,
  disconnectBlock,
  planConnection,
  rewardAt,
  verifySpends,
} from '../../protocol/connect.ts';
import { changeProfile, PROFILES } from '../../protocol/network.ts';
import { type OutPoint, outPointKey, type Transaction, txid } from '../../protocol/transaction.ts';
import { arbitraryBytes } from './arbitraries.ts';
import { ALICE, KEYS, TestChain } from './test-chain.ts';

const PROFILE = changeProfile(PROFILES.regtest, { maturity: 2 });

/** Every coin as key and stored bytes, in the order of the keys. */
function dump(coins: MemoryCoins): string[] {
  return [...coins.entries()].map(([key, coin]) => `${key} ${bytesToHex(coinCodec.encode(coin))}`).sort();
}

/** What the next transactions may spend, changed as they are made. */
type Spendable = Map<string, Coin & { readonly at: OutPoint }>;

/** Which coins a transaction takes, whether it makes unspendable outputs, and whom it pays. */
const arbitraryPayment = fc.record({
  picks: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  payees: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 4 }),
  burns: fc.boolean(),
});
const arbitraryBlocks = fc.array(fc.array(arbitraryPayment, { maxLength: 6 }), {
  minLength: 1,
  maxLength: 5,
});

/** A valid transaction over coins of the chain and of the block itself. */
function makePayment(
  chain: TestChain,
  spendable: Spendable,
  { picks, payees, burns }: { picks: number[]; payees: number[]; burns: boolean },
): Transaction | undefined {
  const all = [...spendable.keys()];
  const keys = new Set(picks.map((pick) => all[pick % all.length]!));
  if (all.length === 0) return undefined;
  const coins = [...keys].map((key) => spendable.get(key)!);
  const share = coins.reduce((sum, coin) => sum + coin.value, 0n) / BigInt(payees.length);
  const outputs = payees.map((payee) => ({ value: share, script: KEYS[payee]!.script }));
  if (burns) outputs.push({ value: 0n, script: Uint8Array.of(0x6a) });
  const transaction = chain.pay({ spends: coins.map(({ at }) => at), outputs, unconfirmed: spendable });
  for (const key of keys) spendable.delete(key);
  for (const [index, output] of outputs.entries()) {
    if (output.script.length === 1) continue;
    const at = { txid: txid(transaction), index };
    spendable.set(outPointKey(at), { ...output, height: chain.height + 1, coinbase: false, at });
  }
  return transaction;
}

test('connect then disconnect restores the coins byte for byte, whatever a block spends and makes', () => {
  fc.assert(
    fc.property(arbitraryBlocks, (blocks) => {
      const chain = new TestChain(PROFILE);
      const spendable: Spendable = new Map();
      for (const index of [0, 1, 2, 3, 4]) {
        const at = chain.funds(index);
        spendable.set(outPointKey(at), { ...chain.coins.get(outPointKey(at))!, at });
      }
      const dumps = [dump(chain.coins)];
      for (const payments of blocks) {
        const transactions = payments.flatMap((payment) => makePayment(chain, spendable, payment) ?? []);
        chain.accept(chain.make({ transactions }));
        dumps.push(dump(chain.coins));
        assert.equal(chain.coins.size, spendable.size + chain.height); // and the coinbases
      }
      while (chain.height > 0) {
        assert.deepEqual(dump(chain.coins), dumps.pop());
        const block = chain.disconnect();
        const height = chain.height + 1;
        // A copy read back from its bytes connects to the same coins, with undo data read back from its bytes.
        const copy = decodeBlock(encodeBlock(block));
        const undo = connectBlock(copy, height, chain.medianTime, chain.coins, PROFILE, () => true);
        disconnectBlock(copy, undoCodec.decode(undoCodec.encode(undo)), chain.coins);
      }
      assert.deepEqual(dump(chain.coins), dumps.pop());
    }),
    { numRuns: 20 },
  );
});

/** A block with a chain of payments inside: alice's coin moves on twice in it. */
function chainedBlock() {
  const chain = new TestChain(PROFILE);
  const at = chain.funds(0);
  const spendable: Spendable = new Map([[outPointKey(at), { ...chain.coins.get(outPointKey(at))!, at }]]);
  const pay = { picks: [0], payees: [1], burns: false };
  const transactions = [1, 2, 3].map(() => makePayment(chain, spendable, pay)!);
  return { chain, block: chain.make({ transactions }), transactions };
}

test('what a block makes and spends itself never reaches the view, yet it is in the undo data', () => {
  const { chain, block, transactions } = chainedBlock();
  const plan = planConnection(block, 1, chain.coins, PROFILE);
  assert.deepEqual([...plan.spent], [outPointKey(chain.funds(0))]);
  const last = outPointKey({ txid: txid(transactions[2]!), index: 0 });
  assert.deepEqual([...plan.created.keys()], [...outputKeys(block.transactions[0]!).slice(0, 1), last]);
  assert.deepEqual(
    plan.undo.spent.map((coins) => coins.map((coin) => [coin.height, coin.coinbase, coin.value])),
    [[[0, true, 10_000n * COIN]], [[1, false, 10_000n * COIN]], [[1, false, 10_000n * COIN]]],
  );
  assert.equal(plan.fees, 0n);
});

test('planning changes nothing, and an invalid signature leaves the coins as they were', () => {
  const { chain, block } = chainedBlock();
  const before = dump(chain.coins);
  planConnection(block, 1, chain.coins, PROFILE);
  assert.deepEqual(dump(chain.coins), before);
  let calls = 0;
  const failsLast = () => ++calls < 3;
  assert.throws(() => connectBlock(block, 1, chain.medianTime, chain.coins, PROFILE, failsLast), {
    code: 'mandatory-script-verify-flag-failed',
  });
  assert.deepEqual(dump(chain.coins), before);
});

test('a verifier may collect the checks and make them later', () => {
  const { chain, block } = chainedBlock();
  const collected: Parameters<typeof verify>[] = [];
  const { undo } = planConnection(block, 1, chain.coins, PROFILE);
  verifySpends(block, undo, (...check) => collected.push(check) > 0);
  assert.equal(collected.length, 3);
  assert.ok(collected.every((check) => verify(...check)));
});

test('signatures of transactions that are known to be right are not checked again', () => {
  const { chain, block, transactions } = chainedBlock();
  const known = new Set([transactions[0], transactions[2]]);
  let calls = 0;
  const counting = (...check: Parameters<typeof verify>) => {
    calls += 1;
    return verify(...check);
  };
  connectBlock(block, 1, chain.medianTime, chain.coins, PROFILE, counting, (transaction) =>
    known.has(transaction),
  );
  assert.equal(calls, 1);
});

test('undo data of another block is a broken assumption, noticed before anything changes', () => {
  const { chain, block } = chainedBlock();
  chain.accept(block);
  const before = dump(chain.coins);
  for (const spent of [[], [[], [], []]]) {
    assert.throws(() => disconnectBlock(block, { spent }, chain.coins), /undo data .* does not fit/);
  }
  assert.deepEqual(dump(chain.coins), before);
});

test('a coin is stored and read back, and damaged bytes are refused', () => {
  const coin = { value: 5_000_000_000n, script: ALICE.script, height: 70_000, coinbase: true };
  const bytes = coinCodec.encode(coin);
  assert.equal(bytesToHex(bytes), `fee1220200${'00f2052a01000000'}16${bytesToHex(ALICE.script)}`);
  assert.throws(() => coinCodec.decode(bytes.subarray(0, -1)), CodecError);
  assert.throws(() => undoCodec.decode(hexToBytes('feffffff7f')), CodecError);
  const arbitraryCoin = fc.record({
    value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    script: arbitraryBytes(0, 200),
    height: fc.nat({ max: 0x7fffffff }),
    coinbase: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(fc.array(arbitraryCoin, { maxLength: 4 }), { maxLength: 4 }), (spent) => {
      const decoded = undoCodec.decode(undoCodec.encode({ spent }));
      assert.deepEqual(decoded, { spent: spent.map((coins) => coins.map((own) => ({ ...own }))) });
    }),
  );
});

test('coins in memory keep their own books', () => {
  const coins = new MemoryCoins();
  const coin = { value: 1n, script: ALICE.script, height: 1, coinbase: false };
  coins.add('a:0', coin);
  assert.throws(() => coins.add('a:0', coin), /there already/);
  coins.spend('a:0');
  assert.throws(() => coins.spend('a:0'), /not there/);
  assert.equal(coins.size, 0);
});

test('the keys of a block are those of its outpoints, made once', () => {
  const { block } = chainedBlock();
  const keys = blockKeys(block);
  assert.equal(blockKeys(block), keys);
  for (const [index, transaction] of block.transactions.entries()) {
    const spent = index === 0 ? [] : transaction.inputs.map(({ previous }) => outPointKey(previous));
    const created = transaction.outputs.map((_, at) => outPointKey({ txid: txid(transaction), index: at }));
    assert.deepEqual([keys.spent[index], keys.created[index]], [spent, created]);
  }
});

test('the reward is 50 NILZ at every height, unless the network halves it', () => {
  for (const height of [1, 150, 210_000, 10_000_000])
    assert.equal(rewardAt(height, PROFILES.main), 50n * COIN);
  const bitcoin = PROFILES['bitcoin-regtest'];
  const rewards = [149, 150, 299, 300, 150 * 33, 150 * 64].map((height) => rewardAt(height, bitcoin));
  assert.deepEqual(rewards, [50n * COIN, 25n * COIN, 25n * COIN, 1_250_000_000n, 0n, 0n]);
});
