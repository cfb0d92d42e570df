import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytesToHex,
  CodecError,
  concatBytes,
  displayHash,
  equalBytes,
  hashKey,
  hexToBytes,
  parseDisplayHash,
  reversed,
} from '../../protocol/bytes.ts';
import { arbitraryBytes, arbitraryHash } from './arbitraries.ts';

test('hex of any bytes is what Node writes, and reads back', () => {
  fc.assert(
    fc.property(arbitraryBytes(0, 2000), (bytes) => {
      const hex = bytesToHex(bytes);
      assert.equal(hex, Buffer.from(bytes).toString('hex'));
      assert.deepEqual(hexToBytes(hex), bytes);
      assert.deepEqual(hexToBytes(hex.toUpperCase()), bytes);
    }),
  );
});

test('hex with a wrong digit says which and where', () => {
  assert.throws(() => hexToBytes('00g0'), new CodecError('hex holds "g" at position 2'));
  assert.throws(() => hexToBytes('0x00'), new CodecError('hex holds "x" at position 1'));
  assert.throws(() => hexToBytes(' 0'), new CodecError('hex holds " " at position 0'));
  assert.throws(() => hexToBytes('0é'), new CodecError('hex holds "é" at position 1'));
  assert.throws(() => hexToBytes('0０'), CodecError);
});

test('an odd number of hex digits is refused', () => {
  assert.throws(() => hexToBytes('abc'), new CodecError('hex has an odd number of digits (3)'));
});

test('a hash is shown reversed and read back in internal order', () => {
  fc.assert(
    fc.property(arbitraryHash, (hash) => {
      assert.equal(displayHash(hash), bytesToHex(reversed(hash)));
      assert.deepEqual(parseDisplayHash(displayHash(hash)), hash);
      assert.equal(hashKey(hash), bytesToHex(hash));
    }),
  );
});

test('a displayed hash has exactly 64 digits', () => {
  assert.throws(() => parseDisplayHash('00'.repeat(31)), /64 hexadecimal digits, not 62/);
  assert.throws(() => parseDisplayHash('00'.repeat(33)), /64 hexadecimal digits, not 66/);
  assert.throws(() => parseDisplayHash('zz'.repeat(32)), CodecError);
});

test('reversing leaves the original as it was', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  assert.deepEqual(reversed(bytes), Uint8Array.of(3, 2, 1));
  assert.deepEqual(bytes, Uint8Array.of(1, 2, 3));
});

test('bytes are equal when length and content are', () => {
  assert.ok(equalBytes(Uint8Array.of(1, 2), concatBytes(Uint8Array.of(1), Uint8Array.of(2))));
  assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)));
  assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
  assert.ok(equalBytes(concatBytes(), new Uint8Array(0)));
});
