import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { PaymentRejectedError } from '../../../wallet/chain/backend.ts';
import { UndeliveredPaymentError } from '../../../wallet/wallet.ts';
import { balances, fundedWallet, STRANGER, shownId, walletOf } from '../../kit/wallet-kit.ts';

describe('a payment that cannot be handed in', () => {
  const to = [{ address: STRANGER, amount: COIN }];

  test('is kept when the node goes away in the middle, and handed in by the next look', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    const goAway = async () => {
      chain.away = true;
    };
    const failure = await wallet
      .pay({ from: 'default', to }, { beforeBroadcast: goAway })
      .catch((error) => error);
    assert.ok(failure instanceof UndeliveredPaymentError);
    assert.match(failure.message, /do not send it a second time/);
    assert.equal(chain.mempool.length, 0);
    chain.away = false;
    await balances(wallet);
    assert.deepEqual(chain.mempool.map(shownId), [displayHash(failure.payment.txid)]);
    assert.deepEqual(await balances(wallet), { default: [0n, 9n * COIN - 141n, 0n] });
    chain.mine(6);
    await balances(wallet);
    assert.deepEqual((await store.read()).outgoing, [], 'settled');
  });

  test('is forgotten when the node refuses it at once, and takes no change address with it', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    for (let round = 0; round < 3; round++) {
      chain.refusals = ['too-long-mempool-chain'];
      await assert.rejects(
        wallet.pay({ from: 'default', to }),
        (error) => error instanceof PaymentRejectedError && error.isPassing,
      );
      assert.deepEqual((await store.read()).outgoing, []);
    }
    chain.refusals = [];
    assert.deepEqual((await wallet.pay({ from: 'default', to })).change?.place, { chain: 1, index: 0 });
  });

  test('keeps its coins reserved while the node will not take it back', async () => {
    const { chain, wallet, address } = await fundedWallet(10n * COIN);
    await chain.strangerPays(address, 3n * COIN);
    chain.mine();
    const payment = await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: 5n * COIN }] });
    chain.mempool = [];
    chain.refusals = ['mempool full'];
    const { labels, refused } = await wallet.balance();
    assert.deepEqual(refused, [
      { txid: displayHash(payment.txid), label: 'default', reason: 'mempool full', givenUp: false },
    ]);
    assert.equal(labels[0]?.spendable, 3n * COIN, 'the coin of the payment is not counted');
    chain.refusals = [];
    assert.deepEqual((await wallet.balance()).refused, []);
    assert.equal(chain.mempool.length, 1);
  });

  test('is not given up because an earlier one, whose change it spends, has to wait', async () => {
    const { chain, wallet } = await fundedWallet(10n * COIN);
    await wallet.pay({ from: 'default', to });
    await wallet.pay({ from: 'default', to });
    chain.mempool = [];
    chain.refusals = ['mempool full'];
    const { refused } = await wallet.balance();
    assert.deepEqual(
      refused.map(({ givenUp, reason }) => [givenUp, reason]),
      [
        [false, 'mempool full'],
        [false, 'bad-txns-inputs-missingorspent'],
      ],
    );
    assert.deepEqual((await wallet.balance()).refused, []);
    assert.equal(chain.mempool.length, 2);
  });

  test('is given up when its coin was spent by another transaction', async () => {
    const { chain, wallet, store, words } = await fundedWallet(10n * COIN);
    await wallet.pay({ from: 'default', to });
    chain.mempool = [];
    const twin = walletOf(words, chain).wallet;
    await twin.pay({ from: 'default', to: [{ address: STRANGER, amount: 2n * COIN }] });
    const { refused, total } = await wallet.balance();
    assert.deepEqual(
      refused.map(({ givenUp, reason }) => [givenUp, reason]),
      [[true, 'insufficient fee']],
    );
    assert.equal(total.pending, 8n * COIN - 141n);
    assert.deepEqual((await store.read()).outgoing, []);
  });

  test('returns by itself after its block was taken off the chain', async () => {
    const { chain, wallet } = await fundedWallet(10n * COIN);
    await wallet.pay({ from: 'default', to });
    chain.mine();
    await balances(wallet);
    chain.unmine();
    chain.mempool = [];
    assert.deepEqual(await balances(wallet), { default: [0n, 9n * COIN - 141n, 0n] });
  });

  test('is never made when whoever asked for it could not write it down', async () => {
    const { chain, wallet, store } = await fundedWallet(10n * COIN);
    const before = await store.read();
    let seen: string | undefined;
    const hook = async (payment: { txid: Uint8Array }) => {
      seen = displayHash(payment.txid);
      throw new Error('disk full');
    };
    await assert.rejects(wallet.pay({ from: 'default', to }, { beforeBroadcast: hook }), /disk full/);
    assert.ok(seen);
    assert.equal(chain.handedIn.length, 1, 'only the gift of the stranger');
    assert.deepEqual((await store.read()).outgoing, before.outgoing);
  });
});
