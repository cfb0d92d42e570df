import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  blockBaseSize,
  blockCodec,
  blockTotalSize,
  blockWeight,
  decodeBlock,
  encodeBlock,
} from '../../protocol/block.ts';
import { displayHash, equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import { CodecError } from '../../protocol/codec.ts';
import { blockHash } from '../../protocol/header.ts';
import { merkleRoot } from '../../protocol/merkle.ts';
import { baseSize, encodeWithoutWitness, totalSize, txid, wtxid } from '../../protocol/transaction.ts';
import { arbitraryBlock } from './arbitraries.ts';
import { REAL_BLOCKS, readRaw } from './vectors.ts';

for (const { name, ...expected } of REAL_BLOCKS) {
  test(`${name} has its hash, root, weight and bytes`, () => {
    const raw = readRaw(`blocks/${name}.raw`);
    const block = decodeBlock(raw);
    assert.equal(displayHash(blockHash(block.header)), expected.hash);
    assert.equal(block.transactions.length, expected.transactions);
    assert.equal(blockWeight(block), expected.weight);
    assert.equal(blockTotalSize(block), raw.length);
    const { root, ambiguous } = merkleRoot(block.transactions.map(txid));
    assert.deepEqual(root, block.header.merkleRoot);
    assert.equal(ambiguous, false);
    assert.ok(equalBytes(encodeBlock(block), raw));
  });

  test(`${name}: what decoding remembers is what its transactions give`, () => {
    for (const transaction of decodeBlock(readRaw(`blocks/${name}.raw`)).transactions) {
      const fresh = { ...transaction };
      assert.ok(equalBytes(txid(transaction), txid(fresh)));
      assert.ok(equalBytes(wtxid(transaction), wtxid(fresh)));
      assert.equal(totalSize(transaction), totalSize(fresh));
      assert.equal(baseSize(transaction), encodeWithoutWitness(transaction).length);
    }
  });
}

test('decoding what was encoded gives the same block', () => {
  fc.assert(
    fc.property(arbitraryBlock, (block) => {
      const bytes = encodeBlock(block);
      assert.deepEqual(decodeBlock(bytes), block);
      assert.deepEqual(blockCodec.encode(block), bytes);
      assert.equal(bytes.length, blockTotalSize(block));
      const bare = block.transactions.reduce((size, transaction) => size + baseSize(transaction), 81);
      assert.equal(blockBaseSize(block), bare);
    }),
    { numRuns: 50 },
  );
});

test('a truncated block is refused, wherever it ends', () => {
  const raw = readRaw('blocks/block1.raw');
  for (let length = 0; length < raw.length; length++) {
    assert.throws(() => decodeBlock(raw.subarray(0, length)), CodecError);
  }
  const large = readRaw('blocks/block928816.raw');
  for (const length of [80, 81, 1000, 500_000, large.length - 1]) {
    assert.throws(() => decodeBlock(large.subarray(0, length)), CodecError);
  }
});

test('a block with trailing bytes is refused', () => {
  assert.throws(() => decodeBlock(Uint8Array.of(...readRaw('blocks/block1.raw'), 0)), /1 trailing bytes/);
});

test('an absurd count of transactions is refused before memory is reserved for it', () => {
  const header = readRaw('blocks/block1.raw').subarray(0, 80);
  for (const count of ['fe00000001', 'feffffffff', 'ff0000000001000000', 'fda086']) {
    const bytes = Uint8Array.of(...header, ...hexToBytes(count), ...new Uint8Array(10));
    assert.throws(() => decodeBlock(bytes), /count \d+ (is above|needs)/);
  }
});

test('a decoded block does not change with the bytes it came from', () => {
  const raw = readRaw('blocks/block482683.raw');
  const block = decodeBlock(raw);
  const copy = raw.slice();
  raw.fill(0);
  assert.ok(equalBytes(encodeBlock(block), copy));
});
