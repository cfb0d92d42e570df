import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAddress, encodeAddress, p2wpkhAddress } from '../../protocol/address.ts';
import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import { hash160 } from '../../protocol/hash.ts';
import {
  type AccountKey,
  accountOf,
  isMnemonic,
  type KeyChain,
  newMnemonic,
  normalizeMnemonic,
  privateKeyFromPath,
  seedOf,
} from '../../protocol/key.ts';
import { readVectors } from './vectors.ts';

interface AddressRow {
  mnemonic: string;
  passphrase: string;
  hrp: string;
  path: string;
  privateKey: string;
  publicKey: string;
  scriptPubKey: string;
  address: string;
}

const { rows } = readVectors<{ rows: AddressRow[] }>('addresses.json');

/** Remembers what `compute` gave for a key: seeds and accounts take milliseconds each. */
function remembered<T>(values: Map<string, T>, key: string, compute: () => T): T {
  const value = values.get(key) ?? compute();
  values.set(key, value);
  return value;
}

const seeds = new Map<string, Uint8Array>();
const accounts = new Map<string, AccountKey>();

function seedOfRow({ mnemonic, passphrase }: AddressRow): Uint8Array {
  return remembered(seeds, `${mnemonic}/${passphrase}`, () => seedOf(mnemonic, passphrase));
}

function accountOfRow(row: AddressRow, coinType: number): AccountKey {
  const key = `${row.mnemonic}/${row.passphrase}/${coinType}`;
  return remembered(accounts, key, () => accountOf(seedOfRow(row), coinType));
}

test('every vector: words and path lead to the key, the script and the address, and back', () => {
  assert.equal(rows.length, 90);
  for (const row of rows) {
    const [, coinType, chain, index] = /^m\/84'\/(\d+)'\/0'\/([01])\/(\d+)$/.exec(row.path)!;
    const key = accountOfRow(row, Number(coinType)).derive(Number(chain) as KeyChain, Number(index));
    assert.equal(key.path, row.path);
    assert.equal(bytesToHex(key.privateKey), row.privateKey);
    assert.equal(bytesToHex(key.publicKey), row.publicKey);
    assert.equal(bytesToHex(key.script), row.scriptPubKey);
    assert.equal(p2wpkhAddress(hash160(key.publicKey), row.hrp), row.address);
    assert.equal(encodeAddress(key.script, { hrp: row.hrp }), row.address);
    const decoded = decodeAddress(row.address, { hrp: row.hrp });
    assert.equal(decoded.type, 'p2wpkh');
    assert.equal(bytesToHex(decoded.script), row.scriptPubKey);
  }
});

test('a whole path leads to the same private key as the account does', () => {
  for (const row of rows.filter(({ path }) => path.endsWith('/1/1'))) {
    assert.equal(bytesToHex(privateKeyFromPath(seedOfRow(row), row.path)), row.privateKey);
  }
});

test('entropy becomes the words of the BIP 39 vectors', () => {
  const abandon = `${'abandon '.repeat(11)}about`;
  assert.equal(newMnemonic(new Uint8Array(16)), abandon);
  assert.equal(newMnemonic(new Uint8Array(16).fill(0xff)), `${'zoo '.repeat(11)}wrong`);
  assert.equal(
    newMnemonic(hexToBytes('9e885d952ad362caeb4efe34a8e91bd2')),
    'ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic',
  );
  // BIP 39's vectors use the passphrase TREZOR.
  assert.match(bytesToHex(seedOf(abandon, 'TREZOR')), /^c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e/);
});

test('entropy of any other length is refused', () => {
  for (const length of [0, 15, 17, 32]) assert.throws(() => newMnemonic(new Uint8Array(length)), RangeError);
});

test('words are understood however they were typed', () => {
  const typed = `\n  Test  TEST\ttest ${'test '.repeat(8)} juNk \n`;
  const words = `${'test '.repeat(11)}junk`;
  assert.equal(normalizeMnemonic(typed), words);
  assert.ok(isMnemonic(typed));
  assert.deepEqual(seedOf(typed), seedOf(words));
});

test('words with a wrong checksum, a foreign word or a wrong count are no mnemonic', () => {
  for (const words of ['test '.repeat(12), `${'test '.repeat(11)}nilz`, `${'test '.repeat(10)}junk`, '']) {
    assert.ok(!isMnemonic(words), words);
    assert.throws(() => seedOf(words), RangeError);
  }
});

test('a malformed path is refused', () => {
  const seed = seedOfRow(rows[0]!);
  for (const path of ['', '84/0', "m/84'/x", 'm/-1', `m/${2 ** 31}`]) {
    assert.throws(() => privateKeyFromPath(seed, path), Error, path);
  }
});
