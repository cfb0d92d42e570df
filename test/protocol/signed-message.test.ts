import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sign } from '@noble/secp256k1';
import { BITCOIN_FORMATS, decodeAddress, p2wpkhAddress } from '../../protocol/address.ts';
import { bytesToHex, concatBytes, hexToBytes } from '../../protocol/bytes.ts';
import { hash160 } from '../../protocol/hash.ts';
import { publicKeyOf } from '../../protocol/signature.ts';
import { isSignedBy, messageHash } from '../../protocol/signed-message.ts';

/** Of Bitcoin Core's functional test rpc_signmessagewithprivkey.py, on its regtest. */
const MESSAGE = 'This is just a test message';
const ADDRESS = 'mpLQjfK79b7CCV4VMJWEWAj5Mpx8Up5zxB';
const SIGNATURE = 'INbVnW4e6PeRmsv2Qgu8NuopvrVjkcxob+sX8OcZG0SALhWybUjzMLPdAsXI46YZGb0KQTRii+wWIQzRpG/U+S0=';

const p2pkh = decodeAddress(ADDRESS, BITCOIN_FORMATS.regtest);
const signature = new Uint8Array(Buffer.from(SIGNATURE, 'base64'));

const privateKey = hexToBytes('d2b8a0116d641fe7d3036f8464628fb595b480414c13a301b3d4038c811c28b0');
const p2wpkh = decodeAddress(
  p2wpkhAddress(hash160(publicKeyOf(privateKey)), BITCOIN_FORMATS.regtest.hrp),
  BITCOIN_FORMATS.regtest,
);

/** A signature of the message with another first byte. */
const withFirst = (first: number) => concatBytes(Uint8Array.of(first), signature.subarray(1));

describe('a signed message', () => {
  test('is that of its address, message and signature, as Bitcoin Core’s test has it', () => {
    assert.equal(isSignedBy(p2pkh, signature, MESSAGE), true);
    assert.equal(isSignedBy(p2pkh, signature, `${MESSAGE}!`), false);
    const other = decodeAddress('2N8hwP1WmJrFF5QWABn38y63uYLhnJYJYTF', BITCOIN_FORMATS.regtest);
    assert.equal(isSignedBy(other, signature, MESSAGE), false);
  });

  test('may be signed by the key of a P2WPKH address, in Electrum’s form and in that of BIP 137', () => {
    const made = sign(messageHash(MESSAGE), privateKey, { prehash: false, format: 'recovered' });
    assert.equal(bytesToHex(made.subarray(1)), bytesToHex(signature.subarray(1)));
    assert.equal(isSignedBy(p2wpkh, withFirst(31 + (made[0] ?? 0)), MESSAGE), true);
    assert.equal(isSignedBy(p2wpkh, withFirst(39 + (made[0] ?? 0)), MESSAGE), true);
    assert.equal(isSignedBy(p2pkh, withFirst(39 + (made[0] ?? 0)), MESSAGE), false);
  });

  test('is none with any other first byte, length, or numbers that no key signs', () => {
    for (let first = 0; first < 256; first++) {
      const valid = first === signature[0];
      assert.equal(isSignedBy(p2pkh, withFirst(first), MESSAGE), valid, String(first));
    }
    assert.equal(isSignedBy(p2pkh, signature.subarray(0, 64), MESSAGE), false);
    assert.equal(isSignedBy(p2pkh, concatBytes(signature, Uint8Array.of(0)), MESSAGE), false);
    assert.equal(isSignedBy(p2pkh, new Uint8Array(0), MESSAGE), false);
    assert.equal(isSignedBy(p2pkh, withFirst(32).fill(0xff, 1), MESSAGE), false);
    assert.equal(isSignedBy(p2pkh, withFirst(32).fill(0, 1), MESSAGE), false);
  });
});
