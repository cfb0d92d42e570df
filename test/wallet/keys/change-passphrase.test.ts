import assert from 'node:assert/strict';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Contents, newContents, withReceive, wordKeys } from '../../../wallet/keys/contents.ts';
import { parseKeyFile } from '../../../wallet/keys/key-file.ts';
import { WalletFile } from '../../../wallet/keys/wallet-file.ts';
import { MemoryStore } from '../../../wallet/keys/wallet-store.ts';
import { WalletError, type WalletErrorCode } from '../../../wallet/wallet-error.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

const CHEAP = { N: 16, r: 1, p: 1 };
const DEV = { name: 'dev', magic: 'e3646e69' };
const WORDS = 'test test test test test test test test test test test junk';
const WALLET_V1 = fileURLToPath(new URL('./wallet-v1.json', import.meta.url));

async function created(t: TestContext) {
  const path = join(await temporaryDirectory(t), 'wallet.json');
  const contents = newContents(wordKeys(WORDS));
  return {
    path,
    file: await WalletFile.create({ path, network: DEV, passphrase: 'old', contents, cost: CHEAP }),
  };
}

function open(path: string, passphrase: string, network = DEV) {
  return WalletFile.open({ path, network, passphrase: async () => passphrase });
}

function refusal(code: WalletErrorCode, text = /./) {
  return (error: unknown) => error instanceof WalletError && error.code === code && text.test(error.message);
}

function addLabel(name: string) {
  return async (contents: Contents) => ({
    contents: withReceive(contents, name, contents.given),
    result: undefined,
  });
}

test('after a change the new passphrase opens the file and the old one does not', async (t) => {
  const { path, file } = await created(t);
  const before = parseKeyFile(await readFile(path, 'utf8'), 2);
  await file.changePassphrase('old', 'new', CHEAP);
  const after = parseKeyFile(await readFile(path, 'utf8'), 2);
  assert.notEqual(after.kdf.salt, before.kdf.salt, 'a key is never made twice from one salt');
  await assert.rejects(open(path, 'old'), refusal('wrong-passphrase'));
  assert.deepEqual((await (await open(path, 'new')).read()).keys, wordKeys(WORDS));
  assert.deepEqual((await readdir(dirname(path))).sort(), ['wallet.json', 'wallet.json.lock']);
});

test('the copy that changed it goes on as before', async (t) => {
  const { path, file } = await created(t);
  await file.changePassphrase('old', 'new', CHEAP);
  await file.update(addLabel('rent'));
  await file.changePassphrase('new', 'newer', CHEAP);
  assert.equal((await (await open(path, 'newer')).read()).given, 1);
});

test('another copy that is open notices, and writes nothing over it', async (t) => {
  const { path, file } = await created(t);
  const other = await open(path, 'old');
  await file.changePassphrase('old', 'new', CHEAP);
  const text = await readFile(path, 'utf8');
  await assert.rejects(other.read(), refusal('file-replaced', /open it again/));
  await assert.rejects(other.update(addLabel('rent')), refusal('file-replaced'));
  await assert.rejects(other.changePassphrase('old', 'mine', CHEAP), refusal('file-replaced'));
  assert.equal(await readFile(path, 'utf8'), text);
});

test('with a wrong present passphrase nothing changes', async (t) => {
  const { path, file } = await created(t);
  const text = await readFile(path, 'utf8');
  await assert.rejects(file.changePassphrase('Old', 'new', CHEAP), refusal('wrong-passphrase'));
  assert.equal(await readFile(path, 'utf8'), text);
  await file.update(addLabel('rent'));
});

test('of two changes at the same time one is made, the other one was shown what is no passphrase any more', async (t) => {
  const { path, file } = await created(t);
  const ends = await Promise.allSettled([
    file.changePassphrase('old', 'first', CHEAP),
    file.changePassphrase('old', 'second', CHEAP),
  ]);
  const made = ends.findIndex(({ status }) => status === 'fulfilled');
  const other = ends[1 - made];
  assert.ok(other?.status === 'rejected' && refusal('wrong-passphrase')(other.reason));
  await open(path, ['first', 'second'][made] ?? '');
});

test('what another copy writes at the same time is kept, or refused to its face', async (t) => {
  const { path, file } = await created(t);
  const other = await open(path, 'old');
  const [written, changed] = await Promise.allSettled([
    other.update(addLabel('rent')),
    file.changePassphrase('old', 'new', CHEAP),
  ]);
  assert.equal(changed.status, 'fulfilled');
  if (written.status === 'rejected') assert.ok(refusal('file-replaced')(written.reason));
  const { labels } = await (await open(path, 'new')).read();
  assert.equal(labels.length, written.status === 'fulfilled' ? 1 : 0);
});

test('a copy in an older format beside the file opens with the new passphrase only', async (t) => {
  const path = join(await temporaryDirectory(t), 'wallet.json');
  await copyFile(WALLET_V1, path);
  const regtest = { name: 'regtest', magic: 'e3726e69' };
  const passphrase = 'correct horse battery staple';
  const file = await open(path, passphrase, regtest);
  await file.changePassphrase(passphrase, 'new', CHEAP);
  const backup = `${path}.v1.backup`;
  assert.equal(parseKeyFile(await readFile(backup, 'utf8'), 2).version, 1);
  for (const at of [path, backup]) {
    await assert.rejects(open(at, passphrase, regtest), refusal('wrong-passphrase'));
    assert.equal((await (await open(at, 'new', regtest)).read()).labels.length, 3);
  }
});

test('a wallet in no file has no passphrase to change', async () => {
  const store = new MemoryStore(newContents(wordKeys(WORDS)));
  await assert.rejects(store.changePassphrase(), refusal('no-file'));
  assert.equal(store.companion(), undefined);
});

test('a locked wallet ends what it was doing, and then knows nothing any more', async (t) => {
  const { path, file } = await created(t);
  let go: () => void = () => undefined;
  const step = new Promise<void>((resolve) => {
    go = resolve;
  });
  const inFlight = file.update(async (contents) => {
    await step;
    return { contents: withReceive(contents, 'rent', 0), result: undefined };
  });
  const closed = file.close();
  await assert.rejects(file.read(), refusal('locked'));
  await assert.rejects(file.update(addLabel('food')), refusal('locked'));
  await assert.rejects(file.changePassphrase('old', 'new', CHEAP), refusal('locked'));
  assert.throws(() => file.companion('history'), refusal('locked'));
  go();
  await inFlight;
  await closed;
  await assert.rejects(file.read(), refusal('locked'));
  assert.deepEqual((await (await open(path, 'old')).read()).labels, [{ name: 'rent', receive: [0] }]);
});

test('a companion has a key of its own for each name, the same for every copy, another after a change', async (t) => {
  const { path, file } = await created(t);
  const other = await open(path, 'old');
  const { path: beside, key } = file.companion('history');
  assert.equal(beside, `${path}.history`);
  assert.equal(key.length, 32);
  assert.deepEqual(other.companion('history').key, key);
  assert.notDeepEqual(file.companion('other').key, key);
  await file.changePassphrase('old', 'new', CHEAP);
  assert.notDeepEqual(file.companion('history').key, key);
  const again = await open(path, 'new');
  assert.deepEqual(again.companion('history').key, file.companion('history').key);
});
