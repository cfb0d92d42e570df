/** Payments of services in two steps: put together without a signature, and signed when they stand in a book. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAddress } from '../../../protocol/address.ts';
import { COIN } from '../../../protocol/amount.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { outPointKey, txid } from '../../../protocol/transaction.ts';
import { newContents, wordKeys } from '../../../wallet/keys/contents.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { firstContents, freshMnemonic } from '../../../wallet/open-wallet.ts';
import type { PaymentRequest } from '../../../wallet/payments/payment-plan.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { FakeChain, STRANGER_SCRIPT } from '../../kit/fake-chain.ts';

const PROFILE = PROFILES.regtest;
const STRANGER = encodeAddress(STRANGER_SCRIPT, PROFILE.address) ?? '';
const REQUEST = { from: 'pool', to: [{ address: STRANGER, amount: 5n * COIN }], change: 'reuse' } as const;

function poolWallet(chain = new FakeChain(PROFILE), contents = firstContents(DEV_MNEMONIC, PROFILE)) {
  const store = new MemoryStore(contents);
  return { chain, store, wallet: new Wallet({ store, profile: PROFILE, backend: chain }) };
}

async function signed(wallet: Wallet, request: PaymentRequest) {
  const prepared = await wallet.prepare(request);
  return { ...prepared, transaction: await wallet.signPrepared(prepared) };
}

test('a payment that is prepared has its id, and no signature; neither step is sent or remembered', async () => {
  const { chain, store, wallet } = poolWallet();
  const prepared = await wallet.prepare(REQUEST);
  assert.ok(prepared.transaction.inputs.every(({ witness }) => witness.length === 0));
  const transaction = await wallet.signPrepared(prepared);
  assert.ok(transaction.inputs.every(({ witness }) => witness.length === 2));
  assert.deepEqual(txid(transaction), prepared.txid);
  assert.deepEqual(transaction.outputs, prepared.transaction.outputs);
  assert.deepEqual([chain.handedIn.length, (await store.read()).outgoing.length], [0, 0]);
});

test('what was prepared before a crash is signed after it, the very same, by a wallet that knows nothing of it', async () => {
  const { chain, wallet } = poolWallet();
  const { address } = await wallet.newAddress('pool');
  await chain.strangerPays(address, 9n * COIN);
  chain.mine();
  const coin = (await wallet.coins()).find(({ value }) => value === 9n * COIN);
  assert.ok(coin);
  const { transaction, coins } = await wallet.prepare({ ...REQUEST, coins: [coin.outPoint] });
  const before = await wallet.signPrepared({ transaction, coins });
  const after = await poolWallet(chain).wallet.signPrepared({ transaction, coins });
  assert.deepEqual(after, before);
});

test('nothing is signed for coins of another wallet, nor by a wallet that only watches', async () => {
  const { chain, wallet } = poolWallet();
  const prepared = await wallet.prepare(REQUEST);
  const other = poolWallet(chain, newContents(wordKeys(freshMnemonic()))).wallet;
  await assert.rejects(
    other.signPrepared(prepared),
    (error) => error instanceof WalletError && error.code === 'coins-gone',
  );
  const { xpub, fingerprint } = await wallet.exportXpub();
  const keys = { kind: 'watch', xpub, account: 0, fingerprint } as const;
  const contents = { ...firstContents(DEV_MNEMONIC, PROFILE), keys };
  const watching = poolWallet(chain, contents).wallet;
  for (const step of [watching.prepare(REQUEST), watching.signPrepared(prepared)]) {
    await assert.rejects(step, (error) => error instanceof WalletError && error.code === 'watch-only');
  }
});

test('a payment that is kept is handed in with the next look, once, and its coins are not spent again', async () => {
  const { chain, store, wallet } = poolWallet();
  const payment = { ...(await signed(wallet, REQUEST)), from: 'pool' };
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
    wallet.prepare({ ...REQUEST, allows: () => false }),
    (error) => error instanceof WalletError && error.code === 'insufficient-funds',
  );
});

test('a replacement pays the same with a higher fee, and spends all coins of the payment before', async () => {
  const { chain, wallet } = poolWallet();
  const first = { ...(await signed(wallet, REQUEST)), from: 'pool' };
  await wallet.keep(first);
  await wallet.balance();
  const second = await wallet.prepareReplacement({ ...REQUEST, coins: first.coins, feeRate: 5_000n });
  const transaction = await wallet.signPrepared(second);
  assert.deepEqual(
    transaction.inputs.map(({ previous }) => outPointKey(previous)),
    first.transaction.inputs.map(({ previous }) => outPointKey(previous)),
  );
  assert.deepEqual(second.outputs, first.outputs);
  assert.ok(second.fee >= 4n * first.fee);
  assert.equal((second.change?.value ?? 0n) + second.fee, (first.change?.value ?? 0n) + first.fee);
  // Only one of the two fits.
  chain.mempool = [];
  await chain.broadcast(transaction);
  await assert.rejects(chain.broadcast(first.transaction), /conflict|insufficient fee/);
});

test('a replacement takes a further coin where the old ones do not cover the fee, and no foreign one', async () => {
  const { chain, wallet } = poolWallet();
  const { address } = await wallet.addressOf('pool');
  await chain.strangerPays(address, 5n * COIN + 200n);
  chain.mine();
  const small = (await wallet.coins()).find(({ value }) => value === 5n * COIN + 200n);
  assert.ok(small);
  const first = await wallet.prepare({ ...REQUEST, coins: [small.outPoint] });
  const second = await wallet.prepareReplacement({ ...REQUEST, coins: first.coins, feeRate: 5_000n });
  assert.equal(second.coins.length, 2);
  const foreign = [{ ...small, script: STRANGER_SCRIPT }];
  await assert.rejects(
    wallet.prepareReplacement({ ...REQUEST, coins: foreign, feeRate: 5_000n }),
    (error) => error instanceof WalletError && error.code === 'coins-gone',
  );
});

test('a replacement offers what the node asks for, where that is more than was meant', async () => {
  const { chain, wallet } = poolWallet();
  const first = await wallet.prepare(REQUEST);
  chain.feeRate = 8_000n;
  const second = await wallet.prepareReplacement({ ...REQUEST, coins: first.coins, feeRate: 2_000n });
  assert.equal(second.feeRate, 8_000n);
  chain.feeRate = 10_000_001n;
  await assert.rejects(
    wallet.prepareReplacement({ ...REQUEST, coins: first.coins, feeRate: 2_000n }),
    (error) => error instanceof WalletError && error.code === 'bad-fee-rate',
  );
});
