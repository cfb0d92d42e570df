import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import { hash160, ripemd160 } from '../../protocol/hash.ts';
import * as noble from '../../protocol/sha256-noble.ts';
import * as node from '../../protocol/sha256-node.ts';
import { arbitraryBytes } from './arbitraries.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

test('both implementations give the digests of FIPS 180', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const twice = '4f8b42c22dd3729b519ba6f68d2da7cc5b2d606d05daed5ad5128cc03e6c6358';
  for (const { sha256, sha256d } of [node, noble]) {
    assert.equal(bytesToHex(sha256(ascii('abc'))), abc);
    assert.equal(bytesToHex(sha256(new Uint8Array(0))), empty);
    assert.equal(bytesToHex(sha256d(ascii('abc'))), twice);
  }
});

test('both implementations agree on any input and give plain arrays of their own', () => {
  fc.assert(
    fc.property(arbitraryBytes(0, 200), (data) => {
      assert.deepEqual(node.sha256(data), noble.sha256(data));
      assert.deepEqual(node.sha256d(data), noble.sha256d(data));
      assert.deepEqual(node.sha256d(data), node.sha256(node.sha256(data)));
    }),
  );
  const first = node.sha256d(ascii('a'));
  const copy = first.slice();
  node.sha256d(ascii('b'));
  assert.deepEqual(first, copy);
});

test('RIPEMD-160 and HASH160 give the published digests', () => {
  assert.equal(bytesToHex(ripemd160(ascii('abc'))), '8eb208f7e05d987a9b044a8e98c6b087f15a0bfc');
  // The key of BIP 173's examples.
  const key = hexToBytes('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');
  assert.equal(bytesToHex(hash160(key)), '751e76e8199196d454941c45d1b3a323f1433bd6');
});
