import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBase58check } from '@scure/base';
import fc from 'fast-check';
import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import { sha256 } from '../../protocol/hash.ts';
import { accountOf, seedOf } from '../../protocol/key.ts';
import { encodeWif, PrivateKeyError, parseSingleKey } from '../../protocol/wif.ts';

const base58check = createBase58check(sha256);
const BITCOIN = 0;
const TEST = 1;
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';

/** BIP 84, test vectors: private keys in WIF and their public keys. */
const BIP84 = [
  [
    'KyZpNDKnfs94vbrwhJneDi77V6jF64PWPF8x5cdJb8ifgg2DUc9d',
    '0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c',
  ],
  [
    'Kxpf5b8p3qX56DKEe5NqWbNUP9MnqoRFzZwHRtsFqhzuvUJsYZCy',
    '03e775fd51f0dfb8cd865d9ff1cca2a158cf651fe997fdc9fee9c1d3b5e995ea77',
  ],
  [
    'KxuoxufJL5csa1Wieb2kp29VNdn92Us8CoaUG3aGtPtcF3AzeXvF',
    '03025324888e429ab8e3dbaf1f7802648b9cd01e9b418485c5fa4c1b9b5700e1a6',
  ],
] as const;

function refusal(text: RegExp) {
  return (error: unknown) => error instanceof PrivateKeyError && text.test(error.message);
}

test('the private keys of BIP 84 are read, and written again', () => {
  for (const [wif, publicKey] of BIP84) {
    const key = parseSingleKey(wif, BITCOIN);
    assert.equal(bytesToHex(key.publicKey), publicKey);
    assert.ok(key.privateKey);
    assert.equal(encodeWif(key.privateKey, BITCOIN), wif);
  }
  const derived = accountOf(seedOf(`${'abandon '.repeat(11)}about`), BITCOIN).derive(0, 0);
  assert.equal(encodeWif(derived.privateKey, BITCOIN), BIP84[0][0]);
});

test('a key reads the same in WIF and in hexadecimal digits, on every network', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.constantFrom(0, 1, 5_130_572),
      (bytes, coinType) => {
        fc.pre(bytesToHex(bytes) < ORDER && bytes.some((byte) => byte !== 0));
        const fromWif = parseSingleKey(encodeWif(bytes, coinType), coinType);
        assert.deepEqual(fromWif, parseSingleKey(bytesToHex(bytes), coinType));
        assert.deepEqual(fromWif, parseSingleKey(bytesToHex(bytes).toUpperCase(), coinType));
      },
    ),
    { numRuns: 50 },
  );
});

test('a public key gives its script and no private key', () => {
  const [, publicKey] = BIP84[0];
  const key = parseSingleKey(publicKey, BITCOIN);
  assert.equal(key.privateKey, undefined);
  assert.equal(bytesToHex(key.script), '0014c0cebcd6c3d3ca8c75dc5ec62ebe55330ef910e2');
});

test('a key of the other kind of network is refused by that', () => {
  const [wif] = BIP84[0];
  assert.throws(() => parseSingleKey(wif, TEST), refusal(/real money/));
  const tried = encodeWif(new Uint8Array(32).fill(7), TEST);
  assert.throws(() => parseSingleKey(tried, BITCOIN), refusal(/trying out/));
});

test('0 and numbers from the order of the curve on are no private keys', () => {
  for (const hex of ['00'.repeat(32), ORDER, 'ff'.repeat(32)]) {
    assert.throws(() => parseSingleKey(hex, TEST), refusal(/no private key/));
    assert.throws(() => parseSingleKey(encodeWif(hexToBytes(hex), TEST), TEST), refusal(/no private key/));
  }
});

test('an uncompressed key, a point off the curve and a wrong length are refused', () => {
  const bare = base58check.encode(Uint8Array.from([0x80, ...new Uint8Array(32).fill(7)]));
  assert.throws(() => parseSingleKey(bare, BITCOIN), refusal(/uncompressed/));
  assert.throws(() => parseSingleKey(`02${'ff'.repeat(32)}`, BITCOIN), refusal(/no compressed public key/));
  assert.throws(() => parseSingleKey(`04${'11'.repeat(32)}`, BITCOIN), refusal(/no compressed public key/));
  const marked = base58check.encode(Uint8Array.from([0x80, ...new Uint8Array(32).fill(7), 0x02]));
  assert.throws(() => parseSingleKey(marked, BITCOIN), refusal(/typing error/));
});

test('a key as Electrum writes it is read, unless it is for an address of another kind', () => {
  const [wif, publicKey] = BIP84[0];
  assert.equal(bytesToHex(parseSingleKey(`p2wpkh:${wif}`, BITCOIN).publicKey), publicKey);
  for (const kind of ['p2pkh', 'p2wpkh-p2sh']) {
    assert.throws(
      () => parseSingleKey(`${kind}:${wif}`, BITCOIN),
      refusal(new RegExp(`for a ${kind} address`)),
    );
  }
  assert.throws(() => parseSingleKey(`p2wpkh:p2wpkh:${wif}`, BITCOIN), refusal(/no key/));
  assert.throws(() => parseSingleKey(`other:${wif}`, BITCOIN), refusal(/no key/));
});

test('no refusal repeats what was typed', () => {
  const [wif] = BIP84[0];
  const texts = [
    `${wif}x`,
    `p2pkh:${wif}`,
    `p2wpkh:${wif}x`,
    wif.slice(0, -1),
    wif.replace('K', 'L'),
    'zoo zoo zoo',
    '',
    '1'.repeat(100_000),
    '7'.repeat(65),
  ];
  for (const text of texts) {
    assert.throws(
      () => parseSingleKey(text, BITCOIN),
      (error) =>
        error instanceof PrivateKeyError && (text === '' || !error.message.includes(text.slice(0, 8))),
    );
  }
});
