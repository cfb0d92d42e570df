import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, type TestContext, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { magicHex } from '../../../protocol/network.ts';
import { UnreachableError } from '../../../service/unreachable-error.ts';
import { totalOf } from '../../../wallet/chain/balance.ts';
import { HISTORY_CACHE_NAME, HistoryCache } from '../../../wallet/history/history-cache.ts';
import type { TransactionBook } from '../../../wallet/history/transaction-book.ts';
import { WalletFile } from '../../../wallet/keys/wallet-file.ts';
import { firstContents, freshMnemonic } from '../../../wallet/open-wallet.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { PROFILE, refusal, STRANGER } from '../../kit/wallet-kit.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const NETWORK = { name: PROFILE.name, magic: magicHex(PROFILE) };
const CHEAP = { N: 1_024, r: 8, p: 1 };
const passphrase = async () => 'a passphrase';

/** A wallet file with a history of 1, 2, 3 and 4 NILZ, and a way to open it as a page does. */
async function scene(context: TestContext) {
  const path = join(await temporaryDirectory(context), 'wallet.json');
  const chain = new FakeChain(PROFILE);
  const events = new EventEmitter();
  const honest = { coins: chain.coins.bind(chain), transactionIds: chain.transactionIds.bind(chain) };
  chain.coins = async (addresses) => {
    const coins = await honest.coins(addresses);
    // The wallet hears of it a little later.
    setImmediate(() => events.emit('coins'));
    return coins;
  };
  const contents = firstContents(freshMnemonic(), PROFILE);
  const file = { path, network: NETWORK };
  await WalletFile.create({ ...file, passphrase: await passphrase(), contents, cost: CHEAP });
  const corrections: string[] = [];
  // A page's server keeps the process alive; a comparison alone does not.
  const alive = setInterval(() => undefined, 2 ** 30);
  context.after(() => clearInterval(alive));
  const open = async (compareAfterMs = 0) => {
    const store = await WalletFile.open({ ...file, passphrase });
    const onCorrection = (difference: string) => {
      corrections.push(difference);
      events.emit('correction');
    };
    const onFailure = (error: unknown) => events.emit('failure', error);
    const reckoning = { onCorrection, onFailure, compareAfterMs };
    const wallet = new Wallet({ store, profile: PROFILE, backend: chain, reckoning });
    context.after(() => wallet.close());
    return wallet;
  };
  const first = await open(2 ** 30);
  const { address } = await first.addressOf('default');
  for (let n = 1n; n <= 4n; n += 1n) {
    await chain.strangerPays(address, n * COIN);
    chain.mine();
  }
  await first.sync();
  await first.close();
  /** Changes what is kept, as only somebody with the passphrase could, or a fault of this program. */
  const rewrite = async (change: (book: TransactionBook) => TransactionBook) => {
    const store = await WalletFile.open({ ...file, passphrase });
    const cache = new HistoryCache({ ...store.companion(HISTORY_CACHE_NAME), magic: NETWORK.magic });
    const book = await cache.read();
    assert.ok(book);
    await cache.write(change(book));
    await store.close();
  };
  return { path, chain, honest, events, corrections, open, address, rewrite };
}

function without(book: TransactionBook, at: number): TransactionBook {
  const transactions = new Map([...book.transactions].filter((_, n) => n !== at));
  return { ...book, transactions };
}

const nits = async (wallet: Wallet) => totalOf((await wallet.balance()).total);

describe('coins reckoned from what is kept', () => {
  test('are compared with the chain soon after a wallet is opened, and nothing is said when they are the same', async (t) => {
    const { open, events, corrections } = await scene(t);
    const wallet = await open();
    const compared = once(events, 'coins');
    assert.equal(await nits(wallet), 10n * COIN);
    await compared;
    await wallet.close();
    assert.deepEqual(corrections, []);
  });

  test('of a book that lacks a transaction are put right, and so is the book', async (t) => {
    const { open, events, corrections, rewrite } = await scene(t);
    await rewrite((book) => without(book, 1));
    const wallet = await open();
    const corrected = once(events, 'correction');
    assert.equal(await nits(wallet), 8n * COIN, 'until it is found out');
    await corrected;
    assert.match(corrections[0] ?? '', /:1 200000000 spendable/);
    assert.equal(await nits(wallet), 10n * COIN);
    assert.equal((await wallet.history({ limit: 10 })).total, 4);
    assert.ok((await wallet.check()).sound);
    await wallet.close();
    assert.equal(await nits(await open(2 ** 30)), 10n * COIN, 'and so it is kept');
    assert.equal(corrections.length, 1);
  });

  test('of a book that lacks a payment of the wallet are put right', async (t) => {
    const { open, events, chain, rewrite, corrections } = await scene(t);
    const payer = await open(2 ** 30);
    await payer.pay({ from: 'default', to: [{ address: STRANGER, amount: 3n * COIN }] });
    chain.mine(7);
    const left = await nits(payer);
    await payer.sync();
    await payer.close();
    await rewrite((book) => without(book, 4));
    const wallet = await open();
    const corrected = once(events, 'correction');
    assert.ok((await nits(wallet)) > left);
    await corrected;
    assert.equal(await nits(wallet), left);
    assert.equal(corrections.length, 1);
  });

  test('are no longer told once the chain contradicts its own transactions: then it is asked each time', async (t) => {
    const { open, events, chain, honest, corrections } = await scene(t);
    chain.coins = async (addresses) => (await honest.coins(addresses)).slice(1);
    const wallet = await open();
    const corrected = once(events, 'correction');
    assert.equal(await nits(wallet), 10n * COIN);
    await corrected;
    assert.equal(await nits(wallet), 9n * COIN, 'as the chain lists them');
    assert.equal((await wallet.check()).sound, false);
    chain.coins = honest.coins;
    assert.equal(await nits(wallet), 10n * COIN);
    assert.equal(corrections.length, 1);
  });

  test('are not called wrong while the chain moves on', async (t) => {
    const { open, events, chain, honest, address, corrections } = await scene(t);
    const wallet = await open();
    let left = 4;
    chain.coins = async (addresses) => {
      const coins = await honest.coins(addresses);
      if (left > 0) await chain.strangerPays(address, COIN);
      if (left === 2) chain.mine();
      left -= 1;
      if (left < 0) setImmediate(() => events.emit('coins'));
      return coins;
    };
    const compared = once(events, 'coins');
    await wallet.balance();
    await compared;
    await wallet.close();
    assert.deepEqual(corrections, []);
  });

  test('are compared later when the node is away', async (t) => {
    const { open, events, chain, honest, corrections, rewrite } = await scene(t);
    await rewrite((book) => without(book, 0));
    const wallet = await open();
    chain.coins = () => Promise.reject(new UnreachableError('http://fake', 'connection', 'away'));
    const failed = once(events, 'failure');
    assert.equal(await nits(wallet), 9n * COIN);
    const [why] = await failed;
    assert.ok(why instanceof UnreachableError);
    assert.deepEqual(corrections, []);
    chain.coins = honest.coins;
    const corrected = once(events, 'correction');
    await wallet.balance();
    await corrected;
    assert.equal(await nits(wallet), 10n * COIN);
    assert.equal(corrections.length, 1);
  });

  test('are put right by a check, too', async (t) => {
    const { open, rewrite } = await scene(t);
    await rewrite((book) => without(book, 2));
    const wallet = await open(2 ** 30);
    assert.equal(await nits(wallet), 7n * COIN);
    assert.ok((await wallet.check()).sound);
    assert.equal(await nits(wallet), 10n * COIN);
  });

  test('that a check found to be no coins of the chain are not told any more, until another finds them', async (t) => {
    const { open, chain, honest } = await scene(t);
    const wallet = await open(2 ** 30);
    chain.coins = async (addresses) => (await honest.coins(addresses)).slice(1);
    assert.equal(await nits(wallet), 10n * COIN);
    assert.equal((await wallet.check()).sound, false);
    assert.equal(await nits(wallet), 9n * COIN);
    chain.coins = honest.coins;
    assert.ok((await wallet.check()).sound);
    let asked = 0;
    chain.coins = (addresses) => {
      asked += 1;
      return honest.coins(addresses);
    };
    assert.equal(await nits(wallet), 10n * COIN);
    assert.equal(asked, 0);
  });

  test('come back after a reading that failed, at whatever point', async (t) => {
    const { open, path, chain } = await scene(t);
    const wallet = await open(2 ** 30);
    await wallet.balance();
    const bytes = await readFile(path);
    await truncate(path, 10);
    await assert.rejects(wallet.balance(), refusal('not-a-wallet'));
    await writeFile(path, bytes);
    assert.equal(await nits(wallet), 10n * COIN);
    chain.away = true;
    await assert.rejects(Promise.all([wallet.balance(), wallet.history({ limit: 5 })]), UnreachableError);
    chain.away = false;
    assert.equal(await nits(wallet), 10n * COIN);
  });

  test('are asked of the chain when what is kept is torn', async (t) => {
    const { open, path } = await scene(t);
    const cache = `${path}.history`;
    await truncate(cache, Math.floor((await stat(cache)).size / 2));
    const wallet = await open(2 ** 30);
    assert.equal(await nits(wallet), 10n * COIN);
    assert.equal((await wallet.history({ limit: 10 })).total, 4);
  });

  test('follow what another program writes beside them, older or newer', async (t) => {
    const { open, path, chain, address } = await scene(t);
    const [one, other] = [await open(2 ** 30), await open(2 ** 30)];
    await one.sync();
    const old = await readFile(`${path}.history`);
    await chain.strangerPays(address, 5n * COIN);
    chain.mine();
    await other.sync();
    assert.equal(await nits(one), 15n * COIN);
    await writeFile(`${path}.history`, old);
    assert.equal(await nits(await open(2 ** 30)), 15n * COIN);
    await other.newAddress('rent');
    const { address: rent } = await other.addressOf('rent');
    await chain.strangerPays(rent, 6n * COIN);
    const { labels } = await one.balance();
    assert.equal(labels.find(({ label }) => label === 'rent')?.pending, 6n * COIN);
  });

  test('are nobody’s any more once the wallet is closed in the middle of a comparison', async (t) => {
    const { open, chain, honest, corrections } = await scene(t);
    const wallet = await open();
    const begun = new Promise<void>((resolve) => {
      chain.coins = async (addresses) => {
        resolve();
        return (await honest.coins(addresses)).slice(1);
      };
    });
    await wallet.balance();
    await begun;
    await wallet.close();
    assert.deepEqual(corrections, []);
  });
});
