import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import type { KeyChain } from '../../../protocol/key.ts';
import { DEV_MNEMONIC, PROFILES } from '../../../protocol/network.ts';
import { wordKeys } from '../../../wallet/keys/contents.ts';
import { CHANGE, KeyRing, RECEIVE } from '../../../wallet/keys/key-ring.ts';

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
