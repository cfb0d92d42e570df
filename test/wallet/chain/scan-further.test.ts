import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { totalOf } from '../../../wallet/chain/balance.ts';
import { GAP_LIMIT, type ScanProgress } from '../../../wallet/chain/scan.ts';
import { wordKeys } from '../../../wallet/keys/contents.ts';
import { KeyRing, RECEIVE } from '../../../wallet/keys/key-ring.ts';
import { freshMnemonic } from '../../../wallet/open-wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { PROFILE, walletOf } from '../../kit/wallet-kit.ts';

/** A wallet with coins at two addresses, one of them far behind the usual gap; and how many addresses it asks about. */
async function scene() {
  const chain = new FakeChain(PROFILE);
  const words = freshMnemonic();
  const ring = new KeyRing(wordKeys(words), PROFILE);
  const { wallet, store } = walletOf(words, chain);
  const pay = (index: number) => chain.strangerPays(ring.address({ chain: RECEIVE, index }), COIN);
  await pay(0);
  await pay(60);
  chain.mine();
  const asked: number[] = [];
  const honest = chain.coins.bind(chain);
  chain.coins = (addresses) => {
    asked.push(addresses.length);
    return honest(addresses);
  };
  return { wallet, store, chain, pay, asked };
}

test('an open wallet looks further when it is asked to, tells how far it is, and remembers what it found', async () => {
  const { wallet, store } = await scene();
  assert.equal(totalOf((await wallet.balance()).total), COIN);
  assert.equal((await wallet.history({ limit: 10 })).total, 1);
  const progress: ScanProgress[] = [];
  const result = await wallet.scan({ gapLimit: 100, onProgress: (step) => progress.push(step) });
  assert.deepEqual(result, { used: { receive: 61, change: 0 }, found: 1 });
  assert.ok(progress.some(({ chain, scanned }) => chain === 'receive' && scanned > 60));
  assert.equal(totalOf((await wallet.balance()).total), 2n * COIN);
  assert.equal((await wallet.history({ limit: 10 })).total, 2, 'from the first block on');
  assert.equal((await store.read()).used.receive, 61);
  assert.ok((await wallet.check()).sound);
});

test('a search that finds nothing does not make every later look ask about all that was searched', async () => {
  const { wallet, asked } = await scene();
  await wallet.scan({ gapLimit: 30 });
  asked.length = 0;
  await wallet.balance();
  assert.deepEqual(asked, [1 + GAP_LIMIT + GAP_LIMIT]);
});

test('addresses are told with what became of them', async () => {
  const { wallet, pay, chain } = await scene();
  await wallet.newAddress('rent');
  await pay(1);
  await wallet.pay({
    from: 'default',
    to: [{ address: (await wallet.addressOf('rent')).address, amount: COIN / 2n }],
  });
  const rows = await wallet.addresses();
  assert.deepEqual(
    rows.map(({ chain: side, index, label, used, path }) => [side, index, label, used, path]),
    [
      ['receive', 0, 'default', true, "m/84'/1'/0'/0/0"],
      ['receive', 1, 'rent', true, "m/84'/1'/0'/0/1"],
      ['change', 0, 'default', true, "m/84'/1'/0'/1/0"],
    ],
  );
  const { total } = await wallet.balance();
  assert.equal(
    rows.reduce((sum, { balance }) => sum + balance, 0n),
    totalOf(total),
  );
  chain.mine();
  assert.deepEqual((await wallet.addresses())[0]?.balance, 0n);
});
