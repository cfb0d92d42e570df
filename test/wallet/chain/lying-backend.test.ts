import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { txid as txidOf } from '../../../protocol/transaction.ts';
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

  test('about the value of a coin that an own payment spends gets no replacement', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    const { txid } = await wallet.pay({ from: 'default', to });
    const honest = chain.transactions.bind(chain);
    chain.transactions = async (txids) =>
      (await honest(txids)).map((found) =>
        found && displayHash(txidOf(found.transaction)) !== displayHash(txid) ? undefined : found,
      );
    const before = chain.handedIn.length;
    await assert.rejects(wallet.bump(txid), refusal('bad-backend', /does not have it/));
    await assert.rejects(wallet.cancel(txid), refusal('bad-backend', /does not have it/));
    assert.equal(chain.handedIn.length, before);
  });

  test('with a coin that it lists for an address of ours, which pays to somebody else, gets no signature', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    const gift = await chain.strangerPays(STRANGER, 7n * COIN);
    const honest = chain.coins.bind(chain);
    chain.coins = async (addresses) => [
      ...(await honest(addresses)),
      {
        address: addresses[0] ?? '',
        outPoint: { txid: txidOf(gift), index: 1 },
        value: 7n * COIN,
        status: 'spendable',
        confirmations: 3,
      },
    ];
    const before = chain.handedIn.length;
    const request = { from: 'default', to: [{ address: STRANGER, amount: 5n * COIN }] };
    await assert.rejects(
      wallet.pay(request),
      refusal('bad-backend', /another than it is; nothing was signed/),
    );
    assert.equal(chain.handedIn.length, before);
  });

  test('about an output that no transaction has gets no signature', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    lyingCoins(chain, (coin) => ({ ...coin, outPoint: { ...coin.outPoint, index: 7 } }));
    await assert.rejects(
      wallet.pay({ from: 'default', to }),
      refusal('bad-backend', /output 7 of .*: there is none/),
    );
  });

  test('about what fees were enough cannot make a payment cost a quarter of itself unasked', async () => {
    const { chain, wallet } = await fundedWallet(COIN);
    chain.estimates.set(2, 10_000_000n);
    const request = {
      from: 'default',
      to: [{ address: STRANGER, amount: 2_000_000n }],
      fee: 'fast',
    } as const;
    await assert.rejects(wallet.pay(request), refusal('high-fee', /70 % of the 0\.02000000 NILZ/));
    assert.equal(chain.mempool.length, 0);
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
