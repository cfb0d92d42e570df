import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PROFILES } from '../../../protocol/network.ts';
import {
  contentsSchema,
  labelOfPlace,
  newContents,
  withDiscovery,
  withReceive,
  withRenamedLabel,
  wordKeys,
} from '../../../wallet/keys/contents.ts';
import { contentsFromV1 } from '../../../wallet/keys/contents-v1.ts';
import { CHANGE, IMPORTED, RECEIVE } from '../../../wallet/keys/key-ring.ts';
import { WalletFile } from '../../../wallet/keys/wallet-file.ts';
import { Wallet } from '../../../wallet/wallet.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';
import { FakeChain } from '../../kit/fake-chain.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

/** Written by the program of format version 1, with scrypt at its full cost: three labels, and a payment on its way. */
const WALLET_V1 = fileURLToPath(new URL('./wallet-v1.json', import.meta.url));
const PASSPHRASE = 'correct horse battery staple';
const WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
const PROFILE = PROFILES.regtest;
const NETWORK = { name: 'regtest', magic: 'e3726e69' };

test('a wallet file of version 1 opens with all that it held, and is version 2 once it is written', async (t) => {
  const path = join(await temporaryDirectory(t), 'wallet.json');
  await copyFile(WALLET_V1, path);
  const passphrase = async () => PASSPHRASE;
  const store = await WalletFile.open({ path, network: NETWORK, passphrase });
  const contents = await store.read();
  assert.deepEqual(contents.keys, { kind: 'words', mnemonic: WORDS, account: 0 });
  assert.deepEqual(
    contents.labels.map(({ name, receive }) => [name, receive]),
    [
      ['default', [0]],
      ['rent', [1]],
      ['café', [2]],
    ],
  );
  assert.equal(contents.outgoing.length, 1);
  assert.equal(contents.outgoing[0]?.label, 'rent');
  assert.equal(contents.wordsChecked, null);
  assert.equal(await readFile(path, 'utf8'), await readFile(WALLET_V1, 'utf8'), 'opening writes nothing');

  const wallet = new Wallet({ store, profile: PROFILE, backend: new FakeChain(PROFILE) });
  const { address } = await wallet.newAddress('rent');
  assert.deepEqual(
    (await wallet.labels())[0]?.addresses[0]?.address,
    'rnilz1qjgx204hxfwuse548jc34fjzg6ffq8pvrw50pj8',
  );
  assert.match(await readFile(path, 'utf8'), /"version": 2/);
  assert.equal(await readFile(`${path}.v1.backup`, 'utf8'), await readFile(WALLET_V1, 'utf8'));
  const again = await WalletFile.open({ path, network: NETWORK, passphrase });
  assert.equal(
    await new Wallet({ store: again, profile: PROFILE, backend: new FakeChain(PROFILE) }).owns(address),
    true,
  );
});

test('contents of another shape are not taken for version 1', () => {
  for (const document of [null, 7, [], {}, { mnemonic: WORDS }]) {
    assert.throws(() => contentsFromV1(document), JSON.stringify(document));
  }
});

test('a receive key has the label it was given, an imported one its own, change none', () => {
  const document = {
    mnemonic: WORDS,
    labels: [],
    given: 0,
    used: { receive: 0, change: 0 },
    senders: {},
    outgoing: [],
    keyHashes: { receive: '', change: '' },
  };
  const contents = {
    ...withReceive(contentsFromV1(document), 'rent', 3),
    imported: [{ publicKey: `02${'11'.repeat(32)}`, privateKey: null, label: 'paper' }],
  };
  assert.ok(contentsSchema.safeParse(contents).success);
  assert.equal(labelOfPlace(contents, { chain: RECEIVE, index: 3 }), 'rent');
  assert.equal(labelOfPlace(contents, { chain: RECEIVE, index: 4 }), 'default');
  assert.equal(labelOfPlace(contents, { chain: IMPORTED, index: 0 }), 'paper');
  assert.equal(labelOfPlace(contents, { chain: CHANGE, index: 3 }), undefined);
});

test('a label that gets another name has it wherever it stood, and two never become one', () => {
  const outgoing = { txid: 'aa'.repeat(32), hex: '00', label: 'shop', time: 1 };
  const imported = { publicKey: '02'.repeat(33), privateKey: null, label: 'shop' };
  const contents = {
    ...withReceive(withReceive(newContents(wordKeys('test test')), 'shop', 0), 'rent', 1),
    ...{ imported: [imported], outgoing: [outgoing], senders: { ['bb'.repeat(32)]: 'shop' } },
  };
  const renamed = withRenamedLabel(contents, 'shop', 'store');
  assert.equal(JSON.stringify(renamed), JSON.stringify(contents).replaceAll('"shop"', '"store"'));
  assert.equal(withRenamedLabel(contents, 'shop', 'shop'), contents);
  const isCode = (code: string) => (error: unknown) => error instanceof WalletError && error.code === code;
  assert.throws(() => withRenamedLabel(contents, 'shop', 'rent'), isCode('bad-label'));
  assert.throws(() => withRenamedLabel(contents, 'nobody', 'x'), isCode('unknown-label'));
});

test('a look that began before a label was renamed does not bring its old name back', () => {
  const before = withReceive(newContents(wordKeys('test test')), 'shop', 0);
  const senders = new Map([
    ['bb'.repeat(32), 'shop'],
    ['cc'.repeat(32), 'default'],
  ]);
  const discovery = { receive: [], change: [0], senders, settled: new Set<string>() };
  assert.deepEqual(withDiscovery(before, discovery).senders, Object.fromEntries(senders));
  const renamed = withDiscovery(withRenamedLabel(before, 'shop', 'store'), discovery);
  assert.deepEqual(renamed.senders, { ['cc'.repeat(32)]: 'default' });
  assert.equal(renamed.used.change, 1);
});
