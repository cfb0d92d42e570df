import assert from 'node:assert/strict';
import { mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { magicHex } from '../../../protocol/network.ts';
import { txid } from '../../../protocol/transaction.ts';
import { HistoryCache } from '../../../wallet/history/history-cache.ts';
import type { TransactionBook } from '../../../wallet/history/transaction-book.ts';
import { textOf, transactionText } from '../../../wallet/history/transaction-text.ts';
import { WalletFile } from '../../../wallet/keys/wallet-file.ts';
import { firstContents, freshMnemonic } from '../../../wallet/open-wallet.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { PROFILE, STRANGER, shownId } from '../../kit/wallet-kit.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const NETWORK = { name: PROFILE.name, magic: magicHex(PROFILE) };
const CHEAP = { N: 1_024, r: 8, p: 1 };
const PASSPHRASE = 'a passphrase';

/** A wallet file with a history of some payments, and a way to open it again as another process would. */
async function scene(context: TestContext) {
  const path = join(await temporaryDirectory(context), 'wallet.json');
  const chain = new FakeChain(PROFILE);
  let read = 0;
  const honest = chain.transactions.bind(chain);
  chain.transactions = (txids) => {
    read += txids.length;
    return honest(txids);
  };
  const contents = firstContents(freshMnemonic(), PROFILE);
  await WalletFile.create({ path, network: NETWORK, passphrase: PASSPHRASE, contents, cost: CHEAP });
  const open = async (passphrase = PASSPHRASE) => {
    const store = await WalletFile.open({ path, network: NETWORK, passphrase: async () => passphrase });
    return new Wallet({ store, profile: PROFILE, backend: chain });
  };
  const wallet = await open();
  const { address } = await wallet.addressOf('default');
  for (let n = 0; n < 4; n += 1) {
    await chain.strangerPays(address, BigInt(n + 1) * COIN);
    chain.mine();
  }
  await wallet.pay({ from: 'default', to: [{ address: STRANGER, amount: COIN }] });
  // Settled, so that nobody asks about it any more.
  chain.mine(6);
  const rows = await told(wallet);
  return { path, cachePath: `${path}.history`, chain, wallet, open, rows, address, readSince: () => read };
}

async function told(wallet: Wallet) {
  const { rows } = await wallet.history({ scope: 'wallet', limit: 1_000 });
  return rows.map(({ txid, direction, amount, confirmations }) => [
    bytesToHex(txid),
    direction,
    amount,
    confirmations,
  ]);
}

describe('the history beside a wallet file', () => {
  test('saves the next start from reading any transaction again', async (t) => {
    const { open, rows, readSince } = await scene(t);
    const wallet = await open();
    await wallet.balance();
    const before = readSince();
    assert.deepEqual(await told(wallet), rows);
    assert.equal(readSince(), before);
  });

  test('is for its owner’s eyes only', async (t) => {
    const { cachePath, chain, address } = await scene(t);
    assert.equal((await stat(cachePath)).mode & 0o777, 0o600);
    const text = (await readFile(cachePath)).toString('latin1');
    assert.ok(!text.includes(address) && !text.includes(shownId(chain.blocks[1]![1]!)));
    assert.ok(text.startsWith('nilzhist\x02'));
  });

  const damages: readonly (readonly [name: string, damage: (path: string) => Promise<void>])[] = [
    ['missing', (path) => rm(path)],
    ['empty', (path) => truncate(path, 0)],
    ['torn', async (path) => truncate(path, Math.floor((await stat(path)).size / 2))],
    ['short of one byte', async (path) => truncate(path, (await stat(path)).size - 1)],
    ['of a newer format', (path) => changed(path, 8)],
    ['tampered with in its nonce', (path) => changed(path, 12)],
    ['tampered with in its middle', async (path) => changed(path, Math.floor((await stat(path)).size / 2))],
    ['tampered with in its tag', async (path) => changed(path, (await stat(path)).size - 1)],
    ['something else', (path) => writeFile(path, 'to do: buy milk')],
  ];
  for (const [name, damage] of damages) {
    test(`is read again from the chain when it is ${name}`, async (t) => {
      const { cachePath, open, rows, readSince } = await scene(t);
      await damage(cachePath);
      const before = readSince();
      assert.deepEqual(await told(await open()), rows);
      assert.ok(readSince() > before);
      const afterwards = readSince();
      assert.deepEqual(await told(await open()), rows);
      assert.equal(readSince(), afterwards, 'and then it is kept again');
    });
  }

  test('of another wallet says nothing about this one', async (t) => {
    const one = await scene(t);
    const other = await scene(t);
    await writeFile(one.cachePath, await readFile(other.cachePath));
    assert.deepEqual(await told(await one.open()), one.rows);
  });

  test('is not believed over the chain: what a reorganisation took away is gone', async (t) => {
    const { open, rows, chain, wallet } = await scene(t);
    await wallet.close();
    for (let n = 0; n < 8; n += 1) chain.unmine();
    chain.mempool = [];
    chain.mine(9);
    const after = await told(await open());
    assert.ok(after.length < rows.length);
    assert.ok((await (await open()).check()).sound);
  });

  test('follows a change of the passphrase', async (t) => {
    const { open, rows, wallet, readSince } = await scene(t);
    await wallet.changePassphrase(PASSPHRASE, 'another one');
    assert.deepEqual(await told(wallet), rows);
    const before = readSince();
    assert.deepEqual(await told(await open('another one')), rows);
    assert.equal(readSince(), before);
  });

  test('that cannot be written stops nobody, and the check says so', async (t) => {
    const { cachePath, open, rows, wallet, chain, address } = await scene(t);
    await wallet.close();
    await rm(cachePath);
    await mkdir(cachePath);
    await chain.strangerPays(address, COIN);
    chain.mine();
    const again = await open();
    assert.equal((await told(again)).length, rows.length + 1);
    const { findings, sound } = await again.check();
    const cache = findings.find(({ name }) => name === 'cache');
    assert.deepEqual([sound, cache?.ok], [true, false]);
    assert.match(cache?.detail ?? '', /EISDIR|directory/i);
  });
});

async function changed(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

test('a book comes back from its file as it was', async (t) => {
  const path = join(await temporaryDirectory(t), 'history');
  const options = { path, key: new Uint8Array(32).fill(7), magic: NETWORK.magic };
  const chain = new FakeChain(PROFILE);
  const made = [...PROFILE.genesis.transactions, await chain.strangerPays(STRANGER, COIN)];
  const mined = made.map((transaction, height) => ({
    ...{ id: shownId(transaction), name: textOf(txid(transaction)), text: transactionText(transaction) },
    ...{ height, time: 1_000 + height },
  }));
  const book: TransactionBook = {
    anchors: [
      { height: 3, hash: 'a'.repeat(64) },
      { height: 9, hash: 'b'.repeat(64) },
    ],
    coverage: { receive: 21, change: 20, imported: 1 },
    transactions: new Map(mined.map((each) => [each.id, each])),
  };
  await new HistoryCache(options).write(book);
  assert.deepEqual(await new HistoryCache(options).read(), book);
  assert.equal(await new HistoryCache({ ...options, magic: 'ffffffff' }).read(), undefined);
  assert.equal(await new HistoryCache({ ...options, key: new Uint8Array(32) }).read(), undefined);
});
