import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import type { WalletCoin } from '../../../wallet/chain/chain-view.ts';
import { AddressNames } from '../../../wallet/cli/payees.ts';
import { planLines } from '../../../wallet/cli/review.ts';
import { feeFor } from '../../../wallet/payments/fee.ts';
import { feeWarning } from '../../../wallet/payments/fee-warning.ts';
import { requestOf } from '../../../wallet/payments/payment-plan.ts';
import type { Wallet } from '../../../wallet/wallet.ts';
import { balances, devWallet, fundedWallet, refusal, STRANGER } from '../../kit/wallet-kit.ts';

const stranger = (amount: bigint | 'max') => [{ address: STRANGER, amount }];

function labelsOf({ coins }: { readonly coins: readonly WalletCoin[] }): string[] {
  return coins.map(({ label }) => label);
}

async function coinOf(wallet: Wallet, label: string): Promise<WalletCoin> {
  const coin = (await wallet.coins()).find((candidate) => candidate.label === label);
  assert.ok(coin);
  return coin;
}

describe('a payment from no label in particular', () => {
  test('is made by the first label that has enough alone', async () => {
    const { wallet } = devWallet();
    const plan = await wallet.plan({ to: stranger(6_000n * COIN) });
    assert.deepEqual([plan.from, labelsOf(plan)], ['alice', ['alice']]);
    await wallet.pay({ to: stranger(6_000n * COIN) });
    const next = await wallet.plan({ to: stranger(6_000n * COIN) });
    assert.deepEqual([next.from, labelsOf(next)], ['bob', ['bob']]);
  });

  test('is made by several together where none has enough; the change is that of the first coin', async () => {
    const { chain, wallet } = devWallet();
    const payment = await wallet.pay({ to: stranger(25_000n * COIN) });
    assert.deepEqual(labelsOf(payment), ['alice', 'bob', 'carol']);
    chain.mine();
    const after = await balances(wallet);
    assert.deepEqual(after.alice, [5_000n * COIN - payment.fee, 0n, 0n]);
    assert.deepEqual(
      [after.bob, after.carol, after.pool],
      [
        [0n, 0n, 0n],
        [0n, 0n, 0n],
        [10_000n * COIN, 0n, 0n],
      ],
    );
    const { rows, total } = await wallet.history({ limit: 100 });
    assert.equal(total, rows.length);
    const net = rows.reduce((sum, row) => sum + row.net, 0n);
    assert.equal(net, (await wallet.balance()).total.spendable);
  });

  test('that nobody could pay tells what the whole wallet lacks', async () => {
    const { wallet } = devWallet();
    await assert.rejects(
      wallet.plan({ to: stranger(50_001n * COIN) }),
      refusal('insufficient-funds', /^need 1\.0000\d+ NILZ more: the wallet has 50000\.00000000 to spend/),
    );
  });
});

describe('the most that can be paid', () => {
  test('of a label empties it to the nit, without change', async () => {
    const { chain, wallet, address } = await fundedWallet(3n * COIN);
    await chain.strangerPays(address, 2n * COIN);
    await chain.strangerPays(address, 320n);
    chain.mine();
    const payment = await wallet.pay({ from: 'default', to: stranger('max'), feeRate: 5_000n });
    assert.equal(payment.coins.length, 2, 'a coin that costs more than it is worth stays');
    const nothing = { count: 0, amount: 0n };
    assert.deepEqual(payment.stays, { noRoom: nothing, worthless: { count: 1, amount: 320n } });
    assert.equal(payment.change, undefined);
    assert.equal(payment.fee, feeFor(payment.vsize, 5_000n));
    assert.deepEqual(payment.to, stranger(5n * COIN - payment.fee));
    assert.deepEqual(await balances(wallet), { default: [320n, 0n, 0n] });
  });

  test('says what stays and why before it is made', async () => {
    const { chain, wallet, address } = await fundedWallet(3n * COIN);
    await chain.strangerPays(address, 320n);
    chain.mine();
    const plan = await wallet.plan({ from: 'default', to: stranger('max'), feeRate: 5_000n });
    const names = new AddressNames([], [], wallet.profile.address);
    const lines = planLines(plan, names).join('\n');
    assert.match(lines, /stays +0\.00000320 +1 coin: worth less than the fee to spend/);
    assert.doesNotMatch(lines, /no room/);
    const crowded = { noRoom: { count: 500, amount: 7n * COIN }, worthless: { count: 0, amount: 0n } };
    assert.match(
      planLines({ ...plan, stays: crowded }, names).join('\n'),
      /stays +7\.00000000 +500 coins: no room in one transaction: send max again/,
    );
    assert.equal((await wallet.plan({ from: 'default', to: stranger(COIN) })).stays, undefined);
  });

  test('goes to one payee, after the others', async () => {
    const { wallet } = await fundedWallet(3n * COIN);
    const bob = (await wallet.newAddress('bob')).address;
    const to = [...stranger('max'), { address: bob, amount: COIN }];
    const plan = await wallet.plan({ from: 'default', to });
    assert.deepEqual(
      plan.to.map(({ amount }) => amount),
      [2n * COIN - plan.fee, COIN],
    );
    await assert.rejects(
      wallet.plan({ to: [...stranger('max'), ...stranger('max')] }),
      refusal('bad-amount', /only one payee/),
    );
    await assert.rejects(wallet.plan({ to: [] }), refusal('bad-amount', /nobody/));
    await assert.rejects(
      wallet.plan({ to: [...stranger('max'), { address: bob, amount: 3n * COIN }] }),
      refusal('insufficient-funds', /need 0\.00000435 NILZ more/),
    );
  });

  test('of all labels is that of all their coins, of chosen coins that of exactly these', async () => {
    const { wallet } = devWallet();
    const all = await wallet.plan({ to: stranger('max') });
    assert.equal(all.coins.length, 5);
    assert.equal(all.outputs[0]?.value, 50_000n * COIN - all.fee);
    const { outPoint } = await coinOf(wallet, 'carol');
    const one = await wallet.plan({ to: stranger('max'), coins: [outPoint] });
    assert.deepEqual([one.from, one.outputs[0]?.value], ['carol', 10_000n * COIN - one.fee]);
  });

  test('can be asked for first and paid afterwards, as it was shown', async () => {
    const { wallet } = devWallet();
    const plan = await wallet.plan({ from: 'bob', to: stranger('max'), fee: 'fast' });
    const paid = await wallet.pay(requestOf(plan));
    assert.deepEqual([paid.fee, paid.to, paid.change], [plan.fee, plan.to, undefined]);
    const many = await wallet.plan({ to: stranger(25_000n * COIN) });
    const made = await wallet.pay(requestOf(many));
    assert.deepEqual([made.fee, made.change, made.coins.length], [many.fee, many.change, 3]);
  });
});

describe('coins chosen by hand', () => {
  test('are refused by name when they are of another label, frozen, immature, or gone', async () => {
    const { chain, wallet } = devWallet();
    const alice = await coinOf(wallet, 'alice');
    const ask = (outPoint: WalletCoin['outPoint'], from?: string) =>
      wallet.plan({ to: stranger(COIN), coins: [outPoint], ...(from !== undefined && { from }) });
    await assert.rejects(ask(alice.outPoint, 'bob'), refusal('bad-coin', /belongs to "alice", not to "bob"/));
    await wallet.setFrozen([alice.outPoint], true);
    await assert.rejects(ask(alice.outPoint), refusal('frozen-coin', /:0 is frozen: unfreeze it/));
    await wallet.setFrozen([alice.outPoint], false);
    await assert.doesNotReject(ask(alice.outPoint));
    const mined = await wallet.newAddress('mined');
    chain.mine(1, mined.address);
    const reward = await coinOf(wallet, 'mined');
    await assert.rejects(ask(reward.outPoint), refusal('bad-coin', /is immature: it cannot be spent yet/));
    await assert.rejects(
      ask({ txid: alice.outPoint.txid, index: 99 }),
      refusal('coins-gone', /:99 is not there/),
    );
  });

  test('named twice are spent once', async () => {
    const { wallet } = devWallet();
    const { outPoint } = await coinOf(wallet, 'alice');
    const plan = await wallet.plan({ to: stranger(COIN), coins: [outPoint, { ...outPoint }] });
    assert.equal(plan.coins.length, 1);
  });

  test('that are frozen are never chosen, and the refusal says what is frozen', async () => {
    const { chain, wallet, address } = await fundedWallet(3n * COIN);
    await chain.strangerPays(address, 2n * COIN);
    chain.mine();
    const [large] = (await wallet.coins()).filter(({ value }) => value === 3n * COIN);
    assert.ok(large);
    await wallet.setFrozen([large.outPoint], true);
    assert.deepEqual((await wallet.coins()).map(({ value, frozen }) => [value, frozen]).sort(), [
      [2n * COIN, false],
      [3n * COIN, true],
    ]);
    await assert.rejects(
      wallet.plan({ to: stranger(2n * COIN) }),
      refusal('insufficient-funds', /need .* more for the fee.*\(3\.00000000 is frozen\)/),
    );
    const { coins } = await wallet.plan({ to: stranger('max') });
    assert.deepEqual(
      coins.map(({ value }) => value),
      [2n * COIN],
    );
  });
});

describe('the fee', () => {
  test('goes by its name, or is the lowest that is accepted', async () => {
    const { chain, wallet } = devWallet();
    chain.estimates = new Map([
      [24, 1_500n],
      [6, 4_000n],
      [2, 9_000n],
    ]);
    const rateOf = async (choice: object) => (await wallet.plan({ to: stranger(COIN), ...choice })).feeRate;
    assert.deepEqual(
      await Promise.all([{}, { fee: 'economy' }, { fee: 'normal' }, { fee: 'fast' }].map(rateOf)),
      [1_000n, 1_500n, 4_000n, 9_000n],
    );
    await assert.rejects(rateOf({ fee: 'fast', feeRate: 2_000n }), refusal('bad-fee-rate', /not both/));
    await assert.rejects(rateOf({ feeRate: 10_000_001n }), refusal('bad-fee-rate', /above 10000 nits/));
  });

  test('above a quarter of what is paid is refused until it is accepted', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    const request = { to: stranger(500n), feeRate: 1_000n };
    const plan = await wallet.plan(request);
    assert.match(feeWarning(plan) ?? '', /fee of 0\.00000141 NILZ is 28 % of the 0\.00000500 NILZ/);
    await assert.rejects(wallet.pay(request), refusal('high-fee', /nothing was signed/));
    assert.equal(chain.mempool.length, 0);
    await wallet.pay({ ...request, acceptHighFee: true });
    assert.equal(chain.mempool.length, 1);
    assert.equal(feeWarning(await wallet.plan({ to: stranger(564n) })), undefined);
  });
});
