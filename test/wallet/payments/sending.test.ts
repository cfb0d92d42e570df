import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { vsize } from '../../../protocol/transaction.ts';
import type { Nits } from '../../../protocol/units.ts';
import { InsufficientFundsError } from '../../../wallet/payments/coins.ts';
import { balances, devWallet, fundedWallet, PROFILE, refusal, STRANGER } from '../../kit/wallet-kit.ts';

describe('a payment', () => {
  test('from alice to bob is pending at once, then confirmed, with the fee accounted for', async () => {
    const { chain, wallet } = devWallet();
    const bob = await wallet.addressOf('bob');
    const payment = await wallet.pay({ from: 'alice', to: [{ address: bob.address, amount: 5n * COIN }] });
    assert.equal(payment.fee, 141n);
    const left = 9_995n * COIN - 141n;
    assert.deepEqual((await balances(wallet)).alice, [0n, left, 0n]);
    assert.deepEqual((await balances(wallet)).bob, [10_000n * COIN, 5n * COIN, 0n]);
    const [sent, received] = (await wallet.history({ limit: 2 })).rows;
    assert.deepEqual(
      [sent?.label, sent?.direction, sent?.status, sent?.amount, sent?.fee, sent?.net, sent?.paid[0]?.label],
      ['alice', 'sent', 'pending', 5n * COIN, 141n, -5n * COIN - 141n, 'bob'],
    );
    assert.deepEqual(
      [
        received?.label,
        received?.direction,
        received?.status,
        received?.amount,
        received?.fee,
        received?.from,
      ],
      ['bob', 'received', 'pending', 5n * COIN, undefined, 'alice'],
    );
    chain.mine();
    assert.deepEqual((await balances(wallet)).alice, [left, 0n, 0n]);
    assert.deepEqual((await balances(wallet)).bob, [10_005n * COIN, 0n, 0n]);
    const [confirmed] = (await wallet.history({ label: 'alice', limit: 1 })).rows;
    assert.deepEqual([confirmed?.status, confirmed?.confirmations], ['confirmed', 1]);
    assert.ok(confirmed?.time !== undefined && confirmed.time > PROFILE.genesis.header.time);
  });

  test('pays many at once, in their order, with change at a drawn place', async () => {
    const { wallet } = devWallet();
    const to = await Promise.all(
      ['bob', 'carol', 'faucet'].map(async (label, n) => ({
        ...(await wallet.addressOf(label)),
        amount: BigInt(n + 1) * COIN,
      })),
    );
    const { transaction, change, fee } = await wallet.pay({ from: 'pool', to, feeRate: 2_500n });
    const values = transaction.outputs.map(({ value }) => value);
    assert.deepEqual(
      values.filter((value) => value !== change?.value),
      [COIN, 2n * COIN, 3n * COIN],
    );
    assert.ok(fee >= (BigInt(vsize(transaction)) * 2_500n) / 1_000n);
    assert.equal(
      values.reduce((a, b) => a + b),
      10_000n * COIN - fee,
    );
  });

  test('sends change to fresh addresses of the change chain, or back to the label when asked', async () => {
    const { wallet, chain, store } = devWallet();
    const { address } = await wallet.addressOf('bob');
    const to = [{ address, amount: COIN }];
    const places = [];
    for (const change of ['fresh', 'fresh', 'reuse'] as const) {
      const payment = await wallet.pay({ from: 'alice', to, change });
      places.push(payment.change?.place);
      chain.mine();
    }
    assert.deepEqual(places, [
      { chain: 1, index: 0 },
      { chain: 1, index: 1 },
      { chain: 0, index: 0 },
    ]);
    assert.equal((await store.read()).used.change, 2);
    assert.deepEqual(await balances(wallet).then(({ alice }) => alice), [9_997n * COIN - 3n * 141n, 0n, 0n]);
  });

  test('spends own change while it is pending, but only as a last resort, and never a stranger’s pending coin', async () => {
    const { chain, wallet, address } = await fundedWallet(10n * COIN);
    await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    await chain.strangerPays(address, 100n * COIN);
    const next = await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
    assert.deepEqual(
      next.coins.map(({ status, own }) => [status, own]),
      [['pending', true]],
    );
    await assert.rejects(
      wallet.plan({ from: 'default', to: [{ address: STRANGER, amount: 50n * COIN }] }),
      InsufficientFundsError,
    );
    chain.mine();
    await assert.doesNotReject(
      wallet.plan({ from: 'default', to: [{ address: STRANGER, amount: 50n * COIN }] }),
    );
  });

  test('says how much more is needed for the fee, and what is still to come', async () => {
    const { chain, wallet, address } = await fundedWallet(10n * COIN);
    const plan = (amount: Nits) => wallet.plan({ from: 'default', to: [{ address: STRANGER, amount }] });
    const { fee, change } = await plan(10n * COIN - 110n);
    assert.deepEqual([fee, change], [110n, undefined]);
    await assert.rejects(
      plan(10n * COIN - 109n),
      refusal(
        'insufficient-funds',
        /^need 0\.00000001 NILZ more for the fee: "default" has 10\.00000000 to spend/,
      ),
    );
    await chain.strangerPays(address, 7n * COIN);
    await assert.rejects(
      plan(12n * COIN),
      refusal(
        'insufficient-funds',
        /^need 2\.00000110 NILZ more: .*its fee 0\.00000110 \(7\.00000000 is pending\)$/,
      ),
    );
  });

  test('is refused for a label, address, amount or fee rate that cannot be', async () => {
    const { wallet, chain } = await fundedWallet(COIN);
    const plan = (change: object) =>
      wallet.plan({ from: 'default', to: [{ address: STRANGER, amount: 1_000n }], ...change });
    await assert.rejects(plan({ from: 'nobody' }), refusal('unknown-label', /"nobody"; there are: default/));
    await assert.rejects(plan({ to: [{ address: 'nonsense', amount: 1_000n }] }), refusal('bad-address'));
    await assert.rejects(plan({ to: [{ address: STRANGER, amount: 293n }] }), refusal('bad-amount'));
    await assert.rejects(plan({ to: [{ address: STRANGER, amount: -1n }] }), refusal('bad-amount'));
    chain.feeRate = 3_000n;
    await assert.rejects(
      plan({ feeRate: 2_999n }),
      refusal('bad-fee-rate', /2\.999 nits\/vB is below the 3/),
    );
    assert.equal((await plan({})).feeRate, 3_000n);
  });

  test('of exactly the coins that were planned fails when one is gone', async () => {
    const { chain, wallet, address } = await fundedWallet(COIN);
    const request = { from: 'default', to: [{ address: STRANGER, amount: 1_000n }] };
    await chain.strangerPays(address, 2n * COIN);
    chain.mine();
    const plan = await wallet.plan(request);
    const coins = plan.coins.map(({ outPoint }) => outPoint);
    const payment = await wallet.pay({ ...request, coins });
    assert.deepEqual(
      payment.coins.map(({ value }) => value),
      [COIN],
    );
    await assert.rejects(wallet.pay({ ...request, coins }), refusal('coins-gone'));
  });
});
