import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import {
  type Contents,
  contentsSchema,
  newContents,
  withReceive,
  wordKeys,
} from '../../../wallet/keys/contents.ts';
import { deriveSealingKey, parseKeyFile, sealKeyFile } from '../../../wallet/keys/key-file.ts';
import { CONTENTS_FORMAT, type ContentsFormat, WalletFile } from '../../../wallet/keys/wallet-file.ts';
import { WalletError, type WalletErrorCode } from '../../../wallet/wallet-error.ts';

const CHEAP = { N: 16, r: 1, p: 1 };
const DEV = { name: 'dev', magic: 'e3646e69' };
const WORDS = 'test test test test test test test test test test test junk';

let directory: string;
let count = 0;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nilz-wallet-file-'));
});
after(() => rm(directory, { recursive: true }));

async function created(contents: Contents = newContents(wordKeys(WORDS))) {
  const path = join(directory, `${count++}`, 'wallet.json');
  const file = await WalletFile.create({ path, network: DEV, passphrase: 'secret', contents, cost: CHEAP });
  return { path, file };
}

function open(path: string, format: ContentsFormat = CONTENTS_FORMAT, passphrase = 'secret') {
  return WalletFile.open({ path, network: DEV, passphrase: async () => passphrase, format });
}

function refusal(code: WalletErrorCode, text = /./) {
  return (error: unknown) => error instanceof WalletError && error.code === code && text.test(error.message);
}

function addLabel(name: string, index: number) {
  return async (contents: Contents) => ({ contents: withReceive(contents, name, index), result: undefined });
}

test('a new file is readable by its owner only, in a directory made for it', async () => {
  const { path } = await created();
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('nothing that exists is overwritten by a new wallet', async () => {
  const { path } = await created();
  const options = {
    path,
    network: DEV,
    passphrase: 'x',
    contents: newContents(wordKeys(WORDS)),
    cost: CHEAP,
  };
  const text = await readFile(path, 'utf8');
  await assert.rejects(WalletFile.create(options), refusal('file-exists', /not overwritten/));
  assert.equal(await readFile(path, 'utf8'), text);
});

test('of two new wallets at one place at the same time one is made', async () => {
  const path = join(directory, `${count++}`, 'wallet.json');
  const options = {
    path,
    network: DEV,
    passphrase: 'x',
    contents: newContents(wordKeys(WORDS)),
    cost: CHEAP,
  };
  const ends = await Promise.allSettled([WalletFile.create(options), WalletFile.create(options)]);
  const refused = ends.filter((end) => end.status === 'rejected');
  assert.equal(refused.length, 1);
  assert.ok(refused.every(({ reason }) => refusal('file-exists')(reason)));
});

test('what is kept is there when the file is opened again', async () => {
  const { path, file } = await created();
  await file.update(addLabel('rent', 0));
  assert.deepEqual((await (await open(path)).read()).labels, [{ name: 'rent', receive: [0] }]);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a step that throws or changes nothing leaves the file as it is', async () => {
  const { path, file } = await created();
  const text = await readFile(path, 'utf8');
  await assert.rejects(
    file.update(async () => {
      throw new Error('no');
    }),
    /no/,
  );
  await file.update(async (contents) => ({ contents, result: undefined }));
  assert.equal(await readFile(path, 'utf8'), text);
});

test('two users of one file see and keep what the other wrote', async () => {
  const { path, file } = await created();
  const other = await open(path);
  const steps = Array.from({ length: 20 }, (_, index) =>
    (index % 2 ? file : other).update(async (contents) => ({
      contents: withReceive(contents, `label ${index}`, contents.given),
      result: undefined,
    })),
  );
  await Promise.all(steps);
  const { labels, given } = await file.read();
  assert.equal(given, 20);
  assert.equal(new Set(labels.map(({ name }) => name)).size, 20);
  assert.deepEqual(
    labels.map(({ receive }) => receive[0]),
    Array.from({ length: 20 }, (_, index) => index),
  );
});

test('a file that cannot be used is refused with the reason and not touched', async () => {
  const { path } = await created();
  const good = await readFile(path, 'utf8');
  const cases: [string, WalletErrorCode][] = [
    ['', 'damaged-file'],
    [good.slice(0, good.length / 2), 'damaged-file'],
    [good.replace(/"data": "..../, '"data": "AAAA'), 'damaged-file'],
    ['hello', 'not-a-wallet'],
    [good.replace('"version": 2', '"version": 3'), 'newer-format'],
  ];
  for (const [text, code] of cases) {
    await writeFile(path, text);
    await assert.rejects(open(path), refusal(code));
    assert.equal(await readFile(path, 'utf8'), text);
  }
  await rm(path);
  await assert.rejects(open(path), refusal('no-file', /wallet init/));
});

test('the passphrase is not even asked for a wallet of another network', async () => {
  const { path } = await created();
  const network = { name: 'main', magic: 'e36e696c' };
  const passphrase = async (): Promise<string> => assert.fail('asked');
  await assert.rejects(
    WalletFile.open({ path, network, passphrase }),
    refusal('wrong-network', /network dev.*not main/),
  );
});

test('a wrong passphrase is told, and changes nothing', async () => {
  const { path } = await created();
  const text = await readFile(path, 'utf8');
  await assert.rejects(open(path, CONTENTS_FORMAT, 'Secret'), refusal('wrong-passphrase'));
  assert.equal(await readFile(path, 'utf8'), text);
});

test('damage that happens while the wallet is open is noticed before anything is written over it', async () => {
  const { path, file } = await created();
  await writeFile(path, 'garbage');
  await assert.rejects(file.update(addLabel('rent', 0)), refusal('not-a-wallet'));
  assert.equal(await readFile(path, 'utf8'), 'garbage');
});

test('a wallet put in the place of an open one is not written over', async () => {
  const { path, file } = await created();
  const { path: otherPath } = await created(withReceive(newContents(wordKeys(WORDS)), 'other', 0));
  const other = await readFile(otherPath, 'utf8');
  await writeFile(path, other);
  await assert.rejects(file.update(addLabel('rent', 0)), refusal('file-replaced', /open it again/));
  assert.equal(await readFile(path, 'utf8'), other);
});

test('a file of an older format is upgraded when it is next written, and a copy of it is kept', async () => {
  const { path } = await created();
  const old = await readFile(path, 'utf8');
  // As if version 3 had added what version 2 did not know yet.
  const upgrade = (contents: unknown) => withReceive(contents as Contents, 'upgraded', 7);
  const newer: ContentsFormat = { version: 3, schema: contentsSchema, upgrades: new Map([[2, upgrade]]) };
  const file = await open(path, newer);
  assert.equal((await file.read()).given, 8);
  assert.equal(await readFile(path, 'utf8'), old, 'opening writes nothing');
  await file.update(addLabel('rent', 8));
  await file.update(addLabel('food', 9));
  const backup = `${path}.v2.backup`;
  assert.equal(await readFile(backup, 'utf8'), old);
  assert.equal((await stat(backup)).mode & 0o777, 0o600);
  assert.equal((await (await open(path, newer)).read()).given, 10);
  await assert.rejects(open(path), refusal('newer-format'));
  assert.deepEqual((await (await open(backup)).read()).labels, []);
});

test('contents of another shape than their format says are not accepted, and not repeated', async () => {
  const { path } = await created();
  await assert.rejects(open(path, { ...CONTENTS_FORMAT, schema: z.never() }), refusal('damaged-file'));
  const file = parseKeyFile(await readFile(path, 'utf8'), 2);
  const key = await deriveSealingKey('secret', file.kdf);
  const good = newContents(wordKeys(WORDS));
  for (const [version, contents] of [
    [2, { ...good, keys: { ...good.keys, account: -1 } }],
    [2, { ...good, keys: WORDS }],
    [2, { ...good, [WORDS]: 1 }],
    [2, WORDS],
    [1, good],
    [1, { mnemonic: WORDS }],
  ] as const) {
    await writeFile(path, sealKeyFile({ ...file, version }, key, contents));
    await assert.rejects(
      open(path),
      (error) => refusal('damaged-file')(error) && !String(error).includes('junk'),
      JSON.stringify(contents),
    );
  }
});

test('a pipe, a directory and a file of a gigabyte are refused and not read', async () => {
  const { path } = await created();
  const places = ['pipe', 'directory', 'large'].map((name) => `${path}.${name}`);
  const [pipe = '', folder = '', large = ''] = places;
  execFileSync('mkfifo', [pipe]);
  await mkdir(folder);
  await writeFile(large, '');
  await truncate(large, 2 ** 30);
  for (const place of [pipe, large]) await assert.rejects(open(place), refusal('not-a-wallet'));
  await assert.rejects(open(folder), refusal('unreadable', /EISDIR/));
});

test('a symbolic link is followed, and stays one', async () => {
  const { path } = await created();
  const link = `${path}.link`;
  await symlink(path, link);
  await (await open(link)).update(addLabel('rent', 0));
  assert.ok((await lstat(link)).isSymbolicLink());
  assert.equal((await (await open(path)).read()).given, 1);
});

test('no unfinished files are left behind', async () => {
  const { path, file } = await created();
  for (let index = 0; index < 5; index++) await file.update(addLabel('rent', index));
  const names = await readdir(join(path, '..'));
  assert.deepEqual(names.sort(), ['wallet.json', 'wallet.json.lock']);
});
