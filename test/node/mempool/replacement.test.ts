import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { type Transaction, txid, vsize } from '../../../protocol/transaction.ts';
import { alice, bob, carol, outputOf, pay, payOn, type Spendable } from '../payment-kit.ts';
import { idOf, idsOf, mempoolKit, reasonOf, withBadSignature } from './mempool-kit.ts';

/** One input, one output. */
const SIZE = 110n;

/** Pays `fee` for spending all of these. */
function spendAll(coins: readonly Spendable[], fee: bigint, outputs = 1): Transaction {
  const value = coins.reduce((sum, coin) => sum + coin.value, 0n) - fee;
  const each = value / BigInt(outputs);
  const values = Array.from({ length: outputs }, (_, index) =>
    index === 0 ? value - each * BigInt(outputs - 1) : each,
  );
  return pay(
    coins,
    values.map((each) => ({ value: each, script: carol.script })),
  );
}

describe('a replacement', () => {
  test('takes the place of what spends the same coin, signalled or not, with all that depends on it', async () => {
    const { chain, mempool, enter, removed } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const final = { sequence: 0xffff_ffff };
    const first = pay([coin], [{ value: COIN - 500n, script: bob.script }], final);
    const child = payOn(outputOf(first, 0, bob), carol, 500n);
    const raised = payOn(coin, carol, 1_000n + SIZE);
    await enter(first, child, raised);
    assert.deepEqual(idsOf(mempool), [idOf(raised)]);
    assert.deepEqual(removed, [
      [idOf(child), 'replaced'],
      [idOf(first), 'replaced'],
    ]);
    assert.equal(mempool.totalFees, 1_000n + SIZE);
  });

  test('pays for all it replaces and for its own size, to the nit', async () => {
    const { chain, admission, enter, reason } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const first = payOn(coin, bob, 500n);
    await enter(first, payOn(outputOf(first, 0, bob), carol, 500n));
    assert.equal(BigInt(vsize(first)), SIZE);
    const verdict = await admission.accept(payOn(coin, carol, 999n + SIZE));
    assert.ok('rejected' in verdict);
    assert.equal(
      verdict.rejected.message,
      'insufficient fee: 1109 < 1110: 1000 of what it replaces, the rest for its own size',
    );
    assert.equal(await reason(payOn(coin, carol, 1_000n + SIZE)), undefined);
  });

  test('pays a higher rate than each one it conflicts with, however much it pays', async () => {
    const { chain, enter, reason } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    await enter(payOn(coin, bob, 10n * SIZE));
    const big = spendAll([coin], 3_000n, 10);
    assert.ok(3_000 / vsize(big) < 10);
    assert.equal(await reason(big), 'insufficient fee');
    assert.equal(await reason(spendAll([coin], BigInt(10 * vsize(big)), 10)), 'insufficient fee');
    assert.equal(await reason(spendAll([coin], BigInt(10 * vsize(big)) + 1n, 10)), undefined);
  });

  test('of two payments at once pays for both', async () => {
    const { chain, mempool, enter, reason } = mempoolKit();
    const coins = [chain.fund(alice, COIN), chain.fund(alice, COIN)] as const;
    await enter(payOn(coins[0], bob, 2_000n), payOn(coins[1], bob, 2_000n));
    assert.equal(await reason(spendAll(coins, 3_900n)), 'insufficient fee');
    const both = spendAll(coins, 5_000n);
    await enter(both);
    assert.deepEqual(idsOf(mempool), [idOf(both)]);
  });

  test('does not spend what it evicts', async () => {
    const { chain, enter, reason } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const first = payOn(coin, alice, 500n);
    const child = payOn(outputOf(first, 0, alice), alice, 500n);
    await enter(first, child);
    assert.equal(
      await reason(spendAll([coin, outputOf(child, 0, alice)], 90_000n)),
      'bad-txns-spends-conflicting-tx',
    );
  });

  test('evicts 100 at most', async () => {
    const { chain, mempool, enter, reason } = mempoolKit();
    const coins = Array.from({ length: 5 }, () => chain.fund(alice, COIN));
    for (const coin of coins) {
      const fan = spendAll([coin], 1_000n, 20);
      await enter(fan);
      for (let index = 0; index < 20; index++) await enter(payOn(outputOf(fan, index, carol), bob, 500n));
    }
    assert.equal(mempool.size, 105);
    assert.equal(await reason(spendAll(coins, 10_000_000n)), 'too many potential replacements');
    assert.equal(await reason(spendAll(coins.slice(0, 4), 10_000_000n)), undefined);
    assert.equal(mempool.size, 22);
  });

  test('may bring an unconfirmed parent only if it is mined earlier all the same', async () => {
    const { chain, enter, reason } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    await enter(payOn(coin, bob, 20n * SIZE));
    const poor = spendAll([chain.fund(alice, COIN)], 3_000n, 60);
    await enter(poor);
    const pinned = spendAll([coin, outputOf(poor, 0, carol)], 9_000n);
    assert.equal(await reason(pinned), 'replacement-adds-unconfirmed');
    const [own] = [spendAll([coin, outputOf(poor, 0, carol)], 60_000n)];
    assert.equal(await reason(own), undefined);
  });

  test('of a child takes the place among its parent’s 25 descendants', async () => {
    const { chain, mempool, enter } = mempoolKit();
    const fan = spendAll([chain.fund(alice, COIN)], 3_000n, 24);
    await enter(fan);
    for (let index = 0; index < 24; index++) await enter(payOn(outputOf(fan, index, carol), bob, 500n));
    await enter(payOn(outputOf(fan, 0, carol), alice, 1_000n));
    assert.equal(mempool.size, 25);
  });

  test('counts with its priority, and so does what it replaces', async () => {
    const { chain, mempool, enter, reason } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const first = payOn(coin, bob, 500n);
    await enter(first);
    mempool.prioritise(txid(first), 10_000n);
    const raised = payOn(coin, carol, 2_000n);
    assert.equal(await reason(raised), 'insufficient fee');
    mempool.prioritise(txid(raised), 20_000n);
    assert.equal(await reason(raised), undefined);
  });

  test('with a wrong signature replaces nothing', async () => {
    const { chain, mempool, enter, reason } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const first = payOn(coin, bob, 500n);
    await enter(first);
    assert.equal(
      await reason(withBadSignature(payOn(coin, carol, 5_000n))),
      'mandatory-script-verify-flag-failed',
    );
    assert.deepEqual(idsOf(mempool), [idOf(first)]);
  });

  test('is only tried in a test of admission; two of one test do not replace each other', async () => {
    const { chain, mempool, admission, enter } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const first = payOn(coin, bob, 500n);
    await enter(first);
    const raised = payOn(coin, carol, 2_000n);
    const higher = payOn(coin, carol, 9_000n);
    const orphaned = payOn(outputOf(first, 0, bob), carol, 500n);
    const verdicts = await admission.test([raised, higher, orphaned]);
    assert.deepEqual(verdicts.map(reasonOf), [
      undefined,
      'txn-mempool-conflict',
      'bad-txns-inputs-missingorspent',
    ]);
    const dependants = await admission.test([orphaned, raised]);
    assert.deepEqual(dependants.map(reasonOf), [undefined, 'txn-mempool-conflict']);
    assert.deepEqual(idsOf(mempool), [idOf(first)]);
  });
});

describe('families', () => {
  test('have 101,000 virtual bytes at most, counted from every ancestor', async () => {
    const { chain, enter, admission } = mempoolKit();
    const root = spendAll([chain.fund(alice, COIN)], 3_000n, 3);
    await enter(root);
    const large = (index: number, outputs: number) =>
      spendAll([outputOf(root, index, carol)], 200_000n, outputs);
    const first = large(0, 1_600);
    const second = large(1, 1_600);
    assert.ok(vsize(first) < 50_500 && vsize(root) + vsize(first) + vsize(second) > 99_000);
    await enter(first, second);
    const verdict = await admission.accept(large(2, 60));
    assert.ok('rejected' in verdict);
    assert.equal(verdict.rejected.code, 'too-long-mempool-chain');
    assert.match(
      verdict.rejected.detail,
      /^exceeds descendant size limit for tx [0-9a-f]{64} \[limit: 101000\]$/,
    );
    await enter(large(2, 2));
  });

  test('count what is only supposed to be there', async () => {
    const { chain, admission, enter } = mempoolKit();
    const fan = spendAll([chain.fund(alice, COIN)], 3_000n, 25);
    await enter(fan);
    for (let index = 0; index < 23; index++) await enter(payOn(outputOf(fan, index, carol), bob, 500n));
    const more = [23, 24].map((index) => payOn(outputOf(fan, index, carol), bob, 500n));
    assert.deepEqual((await admission.test(more)).map(reasonOf), [undefined, 'too-long-mempool-chain']);
  });
});
