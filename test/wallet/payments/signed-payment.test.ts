/** Payments that a service keeps itself: signed without a word to anybody, remembered, replaced. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAddress } from '../../../protocol/address.ts';
import { COIN } from '../../../protocol/amount.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { outPointKey } from '../../../protocol/transaction.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { firstContents } from '../../../wallet/open-wallet.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { FakeChain, STRANGER_SCRIPT } from '../../kit/fake-chain.ts';

const PROFILE = PROFILES.regtest;
const STRANGER = encodeAddress(STRANGER_SCRIPT, PROFILE.address) ?? '';
const REQUEST = { from: 'pool', to: [{ address: STRANGER, amount: 5n * COIN }], change: 'reuse' } as const;

function poolWallet() {
  const chain = new FakeChain(PROFILE);
  const store = new MemoryStore(firstContents(DEV_MNEMONIC, PROFILE));
  return { chain, store, wallet: new Wallet({ store, profile: PROFILE, backend: chain }) };
}

test('a payment that is signed is neither sent nor remembered', async () => {
  const { chain, store, wallet } = poolWallet();
  const payment = await wallet.sign(REQUEST);
  assert.equal(payment.to[0]?.amount, 5n * COIN);
  assert.deepEqual([chain.handedIn.length, (await store.read()).outgoing.length], [0, 0]);
});

test('a payment that is kept is handed in with the next look, once, and its coins are not spent again', async () => {
  const { chain, store, wallet } = poolWallet();
  const payment = await wallet.sign(REQUEST);
  await wallet.keep(payment);
  await wallet.keep(payment);
  assert.equal((await store.read()).outgoing.length, 1);
  await wallet.balance();
  assert.equal(chain.mempool.length, 1);
  const spent = new Set(payment.coins.map(({ outPoint }) => outPointKey(outPoint)));
  for (const coin of await wallet.coins()) assert.equal(spent.has(outPointKey(coin.outPoint)), false);
});

test('coins that the service forbids are left alone, even if there are no others', async () => {
  const { wallet } = poolWallet();
  await assert.rejects(
    wallet.sign({ ...REQUEST, allows: () => false }),
    (error) => error instanceof WalletError && error.code === 'insufficient-funds',
  );
});

test('a replacement pays the same with a higher fee, and spends all coins of the payment before', async () => {
  const { chain, wallet } = poolWallet();
  const first = await wallet.sign(REQUEST);
  await wallet.keep(first);
  await wallet.balance();
  const second = await wallet.signReplacement({ ...REQUEST, coins: first.coins, feeRate: 5_000n });
  assert.deepEqual(
    second.transaction.inputs.map(({ previous }) => outPointKey(previous)),
    first.transaction.inputs.map(({ previous }) => outPointKey(previous)),
  );
  assert.deepEqual(second.outputs, first.outputs);
  assert.ok(second.fee >= 4n * first.fee);
  assert.equal((second.change?.value ?? 0n) + second.fee, (first.change?.value ?? 0n) + first.fee);
  // Only one of the two fits.
  chain.mempool = [];
  await chain.broadcast(second.transaction);
  await assert.rejects(chain.broadcast(first.transaction), /insufficient fee/);
});

test('a replacement takes a further coin where the old ones do not cover the fee, and no foreign one', async () => {
  const { chain, wallet } = poolWallet();
  const { address } = await wallet.addressOf('pool');
  await chain.strangerPays(address, 5n * COIN + 200n);
  chain.mine();
  const small = (await wallet.coins()).find(({ value }) => value === 5n * COIN + 200n);
  assert.ok(small);
  const first = await wallet.sign({ ...REQUEST, coins: [small.outPoint] });
  const second = await wallet.signReplacement({ ...REQUEST, coins: first.coins, feeRate: 5_000n });
  assert.equal(second.coins.length, 2);
  const foreign = [{ ...small, script: STRANGER_SCRIPT }];
  await assert.rejects(
    wallet.signReplacement({ ...REQUEST, coins: foreign, feeRate: 5_000n }),
    (error) => error instanceof WalletError && error.code === 'coins-gone',
  );
});

test('a replacement offers what the node asks for, where that is more than was meant', async () => {
  const { chain, wallet } = poolWallet();
  const first = await wallet.sign(REQUEST);
  chain.feeRate = 8_000n;
  const second = await wallet.signReplacement({ ...REQUEST, coins: first.coins, feeRate: 2_000n });
  assert.equal(second.feeRate, 8_000n);
  chain.feeRate = 10_000_001n;
  await assert.rejects(
    wallet.signReplacement({ ...REQUEST, coins: first.coins, feeRate: 2_000n }),
    (error) => error instanceof WalletError && error.code === 'bad-fee-rate',
  );
});
