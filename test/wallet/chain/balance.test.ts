import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { totalOf } from '../../../wallet/chain/balance.ts';
import { freshMnemonic } from '../../../wallet/open-wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { balances, devWallet, PROFILE, walletOf } from '../../kit/wallet-kit.ts';

describe('balances', () => {
  test('tell spendable, pending and immature apart, for each label', async () => {
    const chain = new FakeChain(PROFILE);
    const { wallet } = walletOf(freshMnemonic(), chain);
    const rent = await wallet.newAddress('rent');
    const mined = await wallet.newAddress('mined');
    await chain.strangerPays(rent.address, 3n * COIN);
    chain.mine(1, mined.address);
    await chain.strangerPays(rent.address, 2n * COIN);
    assert.deepEqual(await balances(wallet), {
      default: [0n, 0n, 0n],
      rent: [3n * COIN, 2n * COIN, 0n],
      mined: [0n, 0n, 50n * COIN],
    });
    chain.mine(PROFILE.maturity - 1);
    assert.deepEqual((await balances(wallet)).mined, [50n * COIN, 0n, 0n]);
    const { total } = await wallet.balance();
    assert.equal(totalOf(total), 55n * COIN);
  });

  test('of the funded accounts are there without mining', async () => {
    const { wallet } = devWallet();
    const labels = ['alice', 'bob', 'carol', 'pool', 'faucet'];
    assert.deepEqual(
      (await wallet.labels()).map(({ label }) => label),
      labels,
    );
    assert.deepEqual(
      await balances(wallet),
      Object.fromEntries(labels.map((label) => [label, [10_000n * COIN, 0n, 0n]])),
    );
  });
});
