import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import type { ChainCoin } from '../../../wallet/chain/backend.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { fundedWallet, refusal, STRANGER, walletOf } from '../../kit/wallet-kit.ts';

describe('a backend that lies', () => {
  const to = [{ address: STRANGER, amount: 1_000n }];

  function lyingCoins(chain: FakeChain, lie: (coin: ChainCoin) => ChainCoin) {
    const honest = chain.coins.bind(chain);
    chain.coins = async (addresses) => (await honest(addresses)).map(lie);
  }

  test('about the value of a coin gets no signature', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    lyingCoins(chain, (coin) => ({ ...coin, value: coin.value / 2n }));
    await assert.rejects(wallet.pay({ from: 'default', to }), refusal('bad-backend', /nothing was signed/));
    assert.equal(chain.handedIn.length, 1);
  });

  test('about whose a coin is gets no signature', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    lyingCoins(chain, (coin) => ({
      ...coin,
      outPoint: { ...coin.outPoint, index: 1 - coin.outPoint.index },
    }));
    await assert.rejects(wallet.pay({ from: 'default', to }), refusal('bad-backend'));
    lyingCoins(chain, (coin) => ({ ...coin, address: STRANGER }));
    await assert.rejects(wallet.pay({ from: 'default', to }), refusal('bad-backend', /not ours/));
  });

  test('about transactions that it does not have is found out', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    chain.transactions = async (txids) => txids.map(() => undefined);
    await assert.rejects(wallet.pay({ from: 'default', to }), refusal('bad-backend', /does not have it/));
    await assert.rejects(wallet.history({ limit: 5 }), refusal('bad-backend'));
  });

  test('or simply is on another network is not used', async () => {
    const chain = new FakeChain(PROFILES.dev);
    const { wallet } = walletOf(DEV_MNEMONIC, chain);
    await assert.rejects(
      wallet.balance(),
      refusal('wrong-network', /node is on the network dev .*wallet on regtest/),
    );
  });
});
