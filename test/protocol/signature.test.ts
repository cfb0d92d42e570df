import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signECDSA } from '@scure/btc-signer/utils.js';
import fc from 'fast-check';
import { bytesToHex, concatBytes, hexToBytes } from '../../protocol/bytes.ts';
import { sha256 } from '../../protocol/hash.ts';
import { encodeDer, isCompressedKey, isLowS, publicKeyOf, signDigest } from '../../protocol/signature.ts';
import { verify } from '../../protocol/verify.ts';
import { arbitraryBytes } from './arbitraries.ts';

const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
const HALF_ORDER = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0';

test('RFC 6979: a signature is the published one for its key and message', () => {
  const published: [key: string, message: string, signature: string][] = [
    [
      '01',
      'Satoshi Nakamoto',
      '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8' +
        '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
    ],
    [
      '01',
      'All those moments will be lost in time, like tears in rain. Time to die...',
      '8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b' +
        '547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21',
    ],
    [
      ORDER.replace('4141', '4140'),
      'Satoshi Nakamoto',
      'fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0' +
        '6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5',
    ],
  ];
  for (const [key, message, signature] of published) {
    const digest = sha256(new TextEncoder().encode(message));
    assert.equal(bytesToHex(signDigest(digest, hexToBytes(key.padStart(64, '0')))), signature);
  }
});

test('signatures are deterministic, low, valid, and those of an independent library', () => {
  fc.assert(
    fc.property(arbitraryBytes(32), arbitraryBytes(31), (digest, secret) => {
      const privateKey = concatBytes(Uint8Array.of(1), secret);
      const signature = signDigest(digest, privateKey);
      assert.deepEqual(signature, signDigest(digest, privateKey));
      assert.ok(isLowS(signature));
      assert.ok(verify(signature, digest, publicKeyOf(privateKey)));
      assert.deepEqual(encodeDer(signature), new Uint8Array(signECDSA(digest.slice(), privateKey.slice())));
    }),
    { numRuns: 20 },
  );
});

test('BIP 146: s is low up to half the order', () => {
  const withS = (hex: string) => concatBytes(new Uint8Array(32), hexToBytes(hex));
  assert.ok(isLowS(withS(HALF_ORDER)));
  assert.ok(isLowS(withS('00'.repeat(32))));
  assert.ok(!isLowS(withS(HALF_ORDER.replace(/a0$/, 'a1'))));
  assert.ok(!isLowS(withS(ORDER)));
  assert.ok(!isLowS(withS('ff'.repeat(32))));
});

test('a compressed key has 33 bytes and starts with 2 or 3', () => {
  assert.ok(isCompressedKey(hexToBytes(`02${'00'.repeat(32)}`)));
  assert.ok(isCompressedKey(hexToBytes(`03${'00'.repeat(32)}`)));
  for (const first of ['00', '01', '04', '05', '06', '07']) {
    assert.ok(!isCompressedKey(hexToBytes(first + '00'.repeat(32))));
    assert.ok(!isCompressedKey(hexToBytes(first + '00'.repeat(64))));
  }
  assert.ok(!isCompressedKey(hexToBytes(`02${'00'.repeat(31)}`)));
  assert.ok(!isCompressedKey(new Uint8Array(0)));
});

test('a private key of zero or of the order and above signs nothing', () => {
  const digest = new Uint8Array(32);
  for (const key of ['00'.repeat(32), ORDER, 'ff'.repeat(32), '01']) {
    assert.throws(() => signDigest(digest, hexToBytes(key)), Error, key);
    assert.throws(() => publicKeyOf(hexToBytes(key)), Error, key);
  }
  assert.throws(() => signDigest(new Uint8Array(31), new Uint8Array(32).fill(1)), RangeError);
});
