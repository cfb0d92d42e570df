import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { CodecError } from '../../protocol/codec.ts';
import { sha256d } from '../../protocol/hash.ts';
import {
  blockHash,
  decodeHeader,
  decodeKnownHeader,
  encodeHeader,
  type Header,
  hashHeaderBytes,
  headerCodec,
} from '../../protocol/header.ts';
import { arbitraryHeader } from './arbitraries.ts';
import { REAL_BLOCKS, readRaw } from './vectors.ts';

test('the hand-written encoding is the declared one, both ways', () => {
  fc.assert(
    fc.property(arbitraryHeader, (header) => {
      const bytes = encodeHeader(header);
      assert.deepEqual(bytes, headerCodec.encode(header));
      assert.deepEqual(decodeHeader(bytes), header);
      assert.deepEqual(decodeKnownHeader(bytes, blockHash(header)), header);
      assert.deepEqual(headerCodec.decode(bytes), header);
    }),
  );
});

test('a hash is the same whether remembered from the bytes or computed from the fields', () => {
  fc.assert(
    fc.property(arbitraryHeader, (header) => {
      const bytes = encodeHeader(header);
      const expected = sha256d(bytes);
      assert.deepEqual(hashHeaderBytes(bytes), expected);
      assert.deepEqual(blockHash(decodeHeader(bytes)), expected);
      assert.deepEqual(blockHash(header), expected);
      assert.equal(blockHash(header), blockHash(header));
    }),
  );
});

test('the headers of real blocks have their hashes', () => {
  for (const { name, hash } of REAL_BLOCKS) {
    const bytes = readRaw(`blocks/${name}.raw`).subarray(0, 80);
    assert.equal(displayHash(hashHeaderBytes(bytes)), hash);
    assert.equal(displayHash(blockHash({ ...decodeHeader(bytes) })), hash);
    assert.equal(bytesToHex(encodeHeader(decodeHeader(bytes))), bytesToHex(bytes));
  }
});

test('a header has 80 bytes, no more and no fewer', () => {
  for (const length of [0, 79, 81, 160]) {
    assert.throws(() => decodeHeader(new Uint8Array(length)), CodecError);
    assert.throws(() => hashHeaderBytes(new Uint8Array(length)), CodecError);
  }
});

test('a field that does not fit is refused by both encoders', () => {
  const fine: Header = decodeHeader(new Uint8Array(80));
  const wrong: Partial<Header>[] = [
    { version: 0x8000_0000 },
    { version: -0x8000_0001 },
    { time: -1 },
    { time: 0x1_0000_0000 },
    { bits: 1.5 },
    { nonce: Number.NaN },
    { previous: new Uint8Array(31) },
    { merkleRoot: new Uint8Array(33) },
  ];
  for (const change of wrong) {
    assert.throws(() => encodeHeader({ ...fine, ...change }), CodecError);
    assert.throws(() => headerCodec.encode({ ...fine, ...change }), CodecError);
  }
});
