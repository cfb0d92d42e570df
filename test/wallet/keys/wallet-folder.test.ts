import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newContents, wordKeys } from '../../../wallet/keys/contents.ts';
import { WalletFile } from '../../../wallet/keys/wallet-file.ts';
import {
  DEFAULT_WALLET,
  listWallets,
  parseWalletName,
  walletPath,
} from '../../../wallet/keys/wallet-folder.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const DEV = { name: 'dev', magic: 'e3646e69' };

function create(path: string) {
  const contents = newContents(wordKeys('test test'));
  return WalletFile.create({ path, network: DEV, passphrase: '', contents, cost: { N: 16, r: 1, p: 1 } });
}

test('a folder with nothing in it, or that is not there, has no wallets', async (t) => {
  const folder = await temporaryDirectory(t);
  assert.deepEqual(await listWallets(folder), []);
  assert.deepEqual(await listWallets(join(folder, 'nowhere')), []);
});

test('the wallets are listed with their networks, the default one first, damaged ones with the reason', async (t) => {
  const folder = await temporaryDirectory(t);
  for (const name of ['savings', DEFAULT_WALLET, 'rent']) await create(walletPath(folder, name));
  await writeFile(walletPath(folder, 'torn'), '{"format": "nilzcoin-wallet", "ver');
  await writeFile(walletPath(folder, 'other'), '{"address": 1}');
  await mkdir(walletPath(folder, 'folder'));
  for (const name of [
    'savings.json.lock',
    'savings.json.v1.backup',
    '.savings.json.00.tmp',
    'CON.json',
    'Rent.json',
    '..json',
  ]) {
    await writeFile(join(folder, 'wallets', name), 'anything');
  }
  const wallets = await listWallets(folder);
  assert.deepEqual(
    wallets.map(({ name, network, magic, problem }) => [name, network ?? problem?.code, magic]),
    [
      ['default', 'dev', DEV.magic],
      ['folder', 'unreadable', undefined],
      ['other', 'not-a-wallet', undefined],
      ['rent', 'dev', DEV.magic],
      ['savings', 'dev', DEV.magic],
      ['torn', 'damaged-file', undefined],
    ],
  );
  for (const { name, path } of wallets) assert.equal(path, walletPath(folder, name));
});

test('a name is letters of one case, digits, "-" and "_", so that it is one file on every machine', () => {
  assert.equal(parseWalletName(' Savings-2 '), 'savings-2');
  assert.equal(walletPath('data', 'default'), join('data', 'wallet.json'));
  assert.equal(walletPath('data', 'rent'), join('data', 'wallets', 'rent.json'));
  const bad = [
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    'a.b',
    '-a',
    'a-',
    'con',
    'NUL',
    'com1',
    'x'.repeat(41),
    'é',
    'a b',
    'a\u0000',
    '__proto__',
  ];
  for (const name of bad) {
    assert.throws(
      () => walletPath('data', name),
      (error) => error instanceof WalletError && error.code === 'bad-name',
      JSON.stringify(name),
    );
  }
});
