import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import type { KeyChain } from '../../../protocol/key.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { publicKeyOf } from '../../../protocol/signature.ts';
import { type WalletKeys, wordKeys } from '../../../wallet/keys/contents.ts';
import { CHANGE, IMPORTED, KeyRing, RECEIVE } from '../../../wallet/keys/key-ring.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';

interface Row {
  mnemonic: string;
  passphrase: string;
  hrp: string;
  path: string;
  privateKey: string;
  publicKey: string;
  scriptPubKey: string;
  address: string;
}

const { rows } = JSON.parse(
  readFileSync(new URL('../../vectors/addresses.json', import.meta.url), 'utf8'),
) as {
  rows: Row[];
};

test('keys, scripts and addresses are those of the vectors (BIP 32, 39, 84)', () => {
  const rings = new Map<string, KeyRing>();
  let checked = 0;
  for (const row of rows.filter(({ passphrase }) => passphrase === '')) {
    const [, coinType = '', chain = '', index = ''] =
      /^m\/84'\/(\d+)'\/0'\/(\d)\/(\d+)$/.exec(row.path) ?? [];
    const name = `${row.mnemonic} ${coinType} ${row.hrp}`;
    const ring =
      rings.get(name) ??
      new KeyRing(wordKeys(row.mnemonic), { coinType: Number(coinType), address: { hrp: row.hrp } });
    rings.set(name, ring);
    const place = { chain: Number(chain) as KeyChain, index: Number(index) };
    assert.equal(bytesToHex(ring.privateKey(place)), row.privateKey, row.path);
    assert.equal(bytesToHex(ring.script(place)), row.scriptPubKey, row.path);
    assert.equal(ring.address(place), row.address, row.path);
    assert.equal(ring.path(place), row.path);
    assert.deepEqual(ring.findWitness([new Uint8Array(71), hexToBytes(row.publicKey)]), place);
    checked += 1;
  }
  assert.ok(checked > 20, `${checked} rows`);
});

test('the funded accounts of a network are the first keys of its public words', () => {
  const { coinType, address, fundedAccounts } = PROFILES.dev;
  const ring = new KeyRing(wordKeys(DEV_MNEMONIC), { coinType, address });
  for (const { index, script } of fundedAccounts)
    assert.deepEqual(ring.script({ chain: RECEIVE, index }), script);
});

test('remembered key hashes stand for derived keys', () => {
  const { coinType, address } = PROFILES.dev;
  const derived = new KeyRing(wordKeys(DEV_MNEMONIC), { coinType, address });
  derived.extend(RECEIVE, 3);
  derived.extend(CHANGE, 2);
  const noWords = new KeyRing(wordKeys('these words are never looked at'), { coinType, address });
  noWords.remember(RECEIVE, derived.keyHashes(RECEIVE));
  noWords.remember(CHANGE, derived.keyHashes(CHANGE));
  noWords.remember(CHANGE, derived.keyHashes(CHANGE));
  assert.deepEqual(noWords.places(), derived.places());
  for (const place of derived.places()) {
    assert.equal(noWords.address(place), derived.address(place));
    assert.deepEqual(noWords.findScript(derived.script(place)), place);
  }
  assert.throws(() => noWords.extend(CHANGE, 3), 'only a key beyond the remembered ones is derived');
});

test('scripts and witnesses of strangers are not found', () => {
  const { coinType, address } = PROFILES.dev;
  const ring = new KeyRing(wordKeys(DEV_MNEMONIC), { coinType, address });
  ring.extend(RECEIVE, 1);
  assert.equal(ring.findScript(ring.script({ chain: RECEIVE, index: 0 }).with(5, 0)), undefined);
  assert.equal(ring.findScript(Uint8Array.of(0x6a)), undefined);
  assert.equal(ring.findWitness([]), undefined);
  assert.equal(ring.findWitness([new Uint8Array(32)]), undefined);
});

const WATCHED: WalletKeys = {
  kind: 'watch',
  xpub: new KeyRing(wordKeys(DEV_MNEMONIC, 3), PROFILES.dev).publicAccount().xpub,
  account: 3,
  fingerprint: 'deadbeef',
};

test('other accounts of the same words have other keys, under their own path', () => {
  const rings = [0, 1, 2 ** 31 - 1].map(
    (account) => new KeyRing(wordKeys(DEV_MNEMONIC, account), PROFILES.dev),
  );
  const place = { chain: RECEIVE, index: 0 };
  assert.equal(new Set(rings.map((ring) => ring.address(place))).size, 3);
  assert.deepEqual(
    rings.map((ring) => ring.path(place)),
    ["m/84'/1'/0'/0/0", "m/84'/1'/1'/0/0", "m/84'/1'/2147483647'/0/0"],
  );
});

test('the public half of an account knows all its addresses and can sign for none', () => {
  const own = new KeyRing(wordKeys(DEV_MNEMONIC, 3), PROFILES.dev);
  const watching = new KeyRing(WATCHED, PROFILES.dev);
  assert.ok(watching.watchOnly && !own.watchOnly);
  for (const place of [
    { chain: RECEIVE, index: 0 },
    { chain: CHANGE, index: 41 },
  ]) {
    assert.equal(watching.address(place), own.address(place));
    assert.equal(watching.path(place), own.path(place));
    assert.ok(own.canSign(place));
    assert.ok(!watching.canSign(place));
    assert.throws(
      () => watching.privateKey(place),
      (error) => error instanceof WalletError && error.code === 'watch-only',
    );
  }
  assert.equal(watching.keyHashes(CHANGE), own.keyHashes(CHANGE));
});

test('a signer is told the way from the master key, or from the account where the master key is unknown', () => {
  const hardened = (step: number) => step + 2 ** 31;
  const place = { chain: CHANGE, index: 5 };
  const path = [hardened(84), hardened(1), hardened(3), 1, 5];
  const own = new KeyRing(wordKeys(DEV_MNEMONIC, 3), PROFILES.dev);
  assert.deepEqual(own.origin(place), { fingerprint: own.masterFingerprint(), path });
  assert.deepEqual(new KeyRing(WATCHED, PROFILES.dev).origin(place), { fingerprint: 'deadbeef', path });
  const bare = new KeyRing({ ...WATCHED, fingerprint: null }, PROFILES.dev);
  assert.deepEqual(bare.origin(place), { fingerprint: own.publicAccount().fingerprint, path: [1, 5] });
});

describe('imported keys', () => {
  const key = new Uint8Array(32).fill(7);
  const paper = { publicKey: bytesToHex(publicKeyOf(key)), privateKey: bytesToHex(key), label: 'paper' };
  const place = { chain: IMPORTED, index: 0 } as const;

  test('are found beside those of the account, and sign', () => {
    const ring = new KeyRing(wordKeys(DEV_MNEMONIC), PROFILES.dev);
    ring.extend(RECEIVE, 2);
    ring.rememberImported([paper]);
    assert.deepEqual(ring.findScript(ring.script(place)), place);
    assert.deepEqual(ring.findWitness([new Uint8Array(71), publicKeyOf(key)]), place);
    assert.deepEqual(ring.privateKey(place), key);
    assert.equal(ring.path(place), null);
    assert.equal(ring.origin(place), undefined);
    assert.deepEqual(ring.places(), [{ chain: RECEIVE, index: 0 }, { chain: RECEIVE, index: 1 }, place]);
  });

  test('can be public only, and get their private half later', () => {
    const ring = new KeyRing(WATCHED, PROFILES.dev);
    ring.rememberImported([{ ...paper, privateKey: null }]);
    assert.ok(!ring.canSign(place));
    ring.rememberImported([paper]);
    assert.ok(ring.canSign(place));
    ring.rememberImported([]);
    assert.deepEqual(ring.privateKey(place), key, 'contents read earlier do not make it forget');
  });

  test('that the account has too are listed once, at their place in the account', () => {
    const own = new KeyRing(wordKeys(DEV_MNEMONIC, 3), PROFILES.dev);
    const twin = { chain: RECEIVE, index: 4 };
    const imported = {
      publicKey: bytesToHex(own.publicKey(twin)),
      privateKey: bytesToHex(own.privateKey(twin)),
      label: 'twin',
    };
    const ring = new KeyRing(WATCHED, PROFILES.dev);
    ring.rememberImported([imported]);
    ring.extend(RECEIVE, 5);
    assert.deepEqual(ring.findScript(own.script(twin)), twin);
    assert.equal(ring.places().filter(({ chain }) => chain === IMPORTED).length, 0);
    assert.ok(ring.canSign(twin), 'the key of a watched account that was brought in signs');
    assert.deepEqual(ring.privateKey(twin), own.privateKey(twin));
    assert.ok(!ring.canSign({ chain: RECEIVE, index: 3 }));
  });
});
