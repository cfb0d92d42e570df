import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash, parseDisplayHash } from '../../../protocol/bytes.ts';
import { outPointKey, type Transaction, vsize } from '../../../protocol/transaction.ts';
import { PaymentRejectedError } from '../../../wallet/chain/backend.ts';
import { feeFor } from '../../../wallet/payments/fee.ts';
import { UndeliveredPaymentError } from '../../../wallet/wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import {
  balances,
  devWallet,
  fundedWallet,
  refusal,
  STRANGER,
  shownId,
  walletOf,
} from '../../kit/wallet-kit.ts';

const to = [{ address: STRANGER, amount: COIN }];

function inputsOf(transaction: Transaction): string[] {
  return transaction.inputs.map(({ previous }) => outPointKey(previous));
}

describe('raising the fee of a payment', () => {
  test('pays the same payees from the change, and takes its place', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    const first = await wallet.pay({ from: 'default', to });
    const second = await wallet.bump(first.txid, { feeRate: 5_000n });
    assert.deepEqual(chain.mempool.map(shownId), [displayHash(second.txid)]);
    assert.deepEqual(inputsOf(second.transaction), inputsOf(first.transaction));
    assert.deepEqual([second.to, second.outputs], [to, first.outputs]);
    assert.deepEqual(second.replaces, [displayHash(first.txid)]);
    assert.equal(second.fee, feeFor(second.vsize, 5_000n));
    assert.equal((first.change?.value ?? 0n) - (second.change?.value ?? 0n), second.fee - first.fee);
    const { rows } = await wallet.history({ limit: 10, label: 'default' });
    assert.deepEqual(
      rows.map(({ direction, fee }) => [direction, fee]),
      [
        ['sent', second.fee],
        ['received', undefined],
      ],
      'the one that was replaced is not told',
    );
    assert.deepEqual(await balances(wallet), { default: [0n, 9n * COIN - second.fee, 0n] });
    chain.mine(6);
    await wallet.balance();
    assert.deepEqual((await store.read()).outgoing, [], 'both are settled');
  });

  test('is planned exactly as it is made', async () => {
    const { wallet } = await fundedWallet(10n * COIN);
    const { txid } = await wallet.pay({ to });
    const plan = await wallet.planBump(txid, { feeRate: 3_000n });
    const made = await wallet.bump(txid, { feeRate: 3_000n });
    assert.deepEqual([made.fee, made.change, made.to], [plan.fee, plan.change, plan.to]);
  });

  test('costs at least the fee before and 1 nit/vB, whatever preset is chosen; a rate too low is refused', async () => {
    const { chain, wallet } = await fundedWallet(10n * COIN);
    const first = await wallet.pay({ to, feeRate: 4_000n });
    await assert.rejects(
      wallet.planBump(first.txid, { feeRate: 4_500n }),
      refusal('bad-fee-rate', /pays 4\.?\d* nits\/vB: .* at least 5/),
    );
    for (const choice of [{}, { fee: 'economy' }] as const) {
      const { fee } = await wallet.planBump(first.txid, choice);
      assert.ok(fee >= first.fee + BigInt(vsize(first.transaction)), `${fee}`);
      assert.ok(fee < 2n * first.fee);
    }
    chain.estimates.set(2, 20_000n);
    assert.equal((await wallet.planBump(first.txid)).feeRate, 20_000n, 'who raises a fee is in a hurry');
    await wallet.bump(first.txid, { fee: 'economy' });
  });

  test('takes more coins of the label where the change does not cover it, and never a frozen one', async () => {
    const { chain, wallet, address } = await fundedWallet(COIN + 200n);
    const first = await wallet.pay({ to });
    assert.equal(first.change, undefined);
    await assert.rejects(wallet.planBump(first.txid), refusal('insufficient-funds'));
    await chain.strangerPays(address, 3n * COIN);
    await assert.rejects(wallet.planBump(first.txid), refusal('insufficient-funds'), 'a pending coin');
    chain.blocks.push([chain.mempool.pop() as Transaction]);
    const [spare] = await wallet.coins();
    assert.ok(spare);
    await wallet.setFrozen([spare.outPoint], true);
    await assert.rejects(wallet.planBump(first.txid), refusal('insufficient-funds'), 'a frozen coin');
    await wallet.setFrozen([spare.outPoint], false);
    const second = await wallet.bump(first.txid);
    assert.equal(second.coins.length, 2);
    assert.deepEqual(chain.mempool.map(shownId), [displayHash(second.txid)]);
  });

  test('goes on after a restart, again and again, also when the node forgot the payment', async () => {
    const { chain, wallet, store, words } = await fundedWallet(10n * COIN);
    const first = await wallet.pay({ to });
    const second = await wallet.bump(first.txid, { feeRate: 3_000n });
    const again = walletOf(words, chain).wallet;
    chain.mempool = [];
    chain.feeRate = 6_000n;
    await assert.rejects(again.planBump(second.txid), refusal('unknown-payment'), 'nobody has it');
    const third = await wallet.bump(second.txid, { feeRate: 7_000n });
    assert.deepEqual(third.replaces, [displayHash(second.txid), displayHash(first.txid)]);
    assert.deepEqual(chain.mempool.map(shownId), [displayHash(third.txid)]);
    assert.equal((await store.read()).outgoing.length, 3);
    await assert.rejects(wallet.planBump(first.txid), refusal('not-replaceable', /was replaced by/));
    // Another copy of the wallet, made from the words, can raise it too.
    const fourth = await again.bump(third.txid, { feeRate: 9_000n });
    assert.deepEqual(chain.mempool.map(shownId), [displayHash(fourth.txid)]);
    const { refused, total } = await wallet.balance();
    assert.equal(total.pending, 9n * COIN - fourth.fee);
    assert.ok(refused.every(({ givenUp }) => givenUp));
  });

  test('is refused for what is in a block, unknown, of others, or has its change spent', async () => {
    const { chain, wallet, address } = await fundedWallet(10n * COIN);
    const gift = await chain.strangerPays(address, COIN);
    await assert.rejects(
      wallet.bump(parseDisplayHash(shownId(gift))),
      refusal('not-replaceable', /coins of others/),
    );
    const first = await wallet.pay({ to });
    const second = await wallet.pay({ to });
    await assert.rejects(
      wallet.bump(first.txid),
      refusal('not-replaceable', new RegExp(`${displayHash(second.txid)}, spends`)),
    );
    await wallet.bump(second.txid);
    chain.mine();
    await assert.rejects(wallet.bump(first.txid), refusal('not-replaceable', /in a block/));
    await assert.rejects(wallet.bump(new Uint8Array(32)), refusal('unknown-payment'));
  });

  test('is kept when the node goes away in the middle; until it is back, nothing of the first payment is spent', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    const first = await wallet.pay({ to });
    chain.broadcast = async () => {
      chain.away = true;
      return FakeChain.prototype.broadcast.call(chain, first.transaction);
    };
    const failure = await wallet.bump(first.txid, { feeRate: 5_000n }).catch((error) => error);
    assert.ok(failure instanceof UndeliveredPaymentError);
    chain.away = false;
    chain.broadcast = async () => {
      throw new PaymentRejectedError('mempool full');
    };
    const { refused, total } = await wallet.balance();
    assert.deepEqual(
      refused.map(({ txid, givenUp }) => [txid, givenUp]),
      [[displayHash(failure.payment.txid), false]],
    );
    assert.deepEqual(chain.mempool.map(shownId), [displayHash(first.txid)]);
    assert.deepEqual(await wallet.coins(), [], 'the change of the first payment is to vanish');
    assert.equal(total.pending, failure.payment.change?.value);
    chain.broadcast = FakeChain.prototype.broadcast;
    assert.deepEqual((await wallet.balance()).refused, []);
    assert.deepEqual(chain.mempool.map(shownId), [displayHash(failure.payment.txid)]);
    chain.mine(6);
    await wallet.balance();
    assert.deepEqual((await store.read()).outgoing, []);
  });

  test('is given up when the first payment is mined before, which then stands', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    const first = await wallet.pay({ to });
    chain.refusals = [];
    const goAway = async () => {
      chain.away = true;
    };
    const failure = await wallet.bump(first.txid, {}, { beforeBroadcast: goAway }).catch((error) => error);
    assert.ok(failure instanceof UndeliveredPaymentError);
    chain.away = false;
    chain.mine();
    const { refused, total } = await wallet.balance();
    assert.deepEqual(
      refused.map(({ givenUp, reason }) => [givenUp, /was mined before/.test(reason)]),
      [[true, true]],
    );
    assert.equal(total.spendable, 9n * COIN - first.fee);
    assert.deepEqual(
      (await store.read()).outgoing.map(({ txid }) => txid),
      [displayHash(first.txid)],
    );
  });

  test('that the node refuses is forgotten, and the first payment stands', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    const first = await wallet.pay({ to });
    chain.refusals = ['too many potential replacements'];
    await assert.rejects(wallet.bump(first.txid), refusal('rejected'));
    assert.deepEqual(
      (await store.read()).outgoing.map(({ txid }) => txid),
      [displayHash(first.txid)],
    );
    assert.deepEqual(await balances(wallet), { default: [0n, 9n * COIN - first.fee, 0n] });
  });
});

describe('taking a payment back', () => {
  test('returns all its coins to the label, less the fee', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    const first = await wallet.pay({ to });
    const plan = await wallet.planCancel(first.txid);
    const second = await wallet.cancel(first.txid);
    assert.deepEqual([second.fee, second.change?.value, second.to], [plan.fee, plan.change?.value, []]);
    assert.ok(second.fee >= first.fee + BigInt(vsize(second.transaction)));
    assert.deepEqual(chain.mempool.map(shownId), [displayHash(second.txid)]);
    assert.deepEqual(await balances(wallet), { default: [0n, 10n * COIN - second.fee, 0n] });
    await assert.rejects(wallet.cancel(second.txid), refusal('not-replaceable', /nothing to cancel/));
    const third = await wallet.bump(second.txid, { feeRate: 9_000n });
    assert.equal(third.change?.value, 10n * COIN - third.fee, 'its fee can be raised like any other');
    chain.mine(6);
    assert.deepEqual(await balances(wallet), { default: [10n * COIN - third.fee, 0n, 0n] });
    assert.deepEqual((await store.read()).outgoing, []);
  });

  test('of several labels gives each its own back, but for the fee', async () => {
    const { chain, wallet } = devWallet();
    const first = await wallet.pay({ to: [{ address: STRANGER, amount: 15_000n * COIN }] });
    assert.equal(first.coins.length, 2);
    const { fee, from } = await wallet.cancel(first.txid);
    chain.mine();
    const { alice, bob } = await balances(wallet);
    assert.equal(from, 'alice');
    assert.deepEqual([alice?.[0], bob?.[0]], [10_000n * COIN - fee, 10_000n * COIN]);
  });

  test('never hands the payment in again, even when the node forgot both', async () => {
    const { chain, wallet } = await fundedWallet(10n * COIN);
    const first = await wallet.pay({ to });
    const goAway = async () => {
      chain.away = true;
    };
    await assert.rejects(wallet.cancel(first.txid, {}, { beforeBroadcast: goAway }), UndeliveredPaymentError);
    chain.away = false;
    chain.mempool = [];
    chain.handedIn.length = 0;
    chain.refusals = ['mempool full'];
    await wallet.balance();
    chain.refusals = ['bad-txns-inputs-missingorspent'];
    const { refused } = await wallet.balance();
    assert.deepEqual(
      refused.map(({ givenUp }) => givenUp),
      [true],
    );
    await wallet.balance();
    assert.ok(!chain.handedIn.some((transaction) => shownId(transaction) === displayHash(first.txid)));
  });

  test('is refused where the fee would eat it up', async () => {
    const { wallet } = await fundedWallet(COIN);
    const first = await wallet.pay({ to: [{ address: STRANGER, amount: 'max' }], feeRate: 1_000n });
    const rate = 9_999_000n;
    await assert.doesNotReject(wallet.planCancel(first.txid, { feeRate: rate }));
    const small = await fundedWallet(1_000n);
    const payment = await small.wallet.pay({ to: [{ address: STRANGER, amount: 'max' }] });
    await assert.rejects(
      small.wallet.planCancel(payment.txid, { feeRate: 8_000n }),
      refusal('insufficient-funds'),
    );
  });
});
