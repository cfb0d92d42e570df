import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compactToTarget, parseBits } from '../../protocol/compact.ts';
import {
  DIFFICULTY_1,
  difficultyOf,
  difficultyOfHash,
  expectedHashes,
  hashToNumber,
  isAtMost,
  meetsTarget,
  targetBytes,
  targetOfDifficulty,
  workOf,
} from '../../protocol/work.ts';
import { arbitraryHash } from './arbitraries.ts';
import { readVectors } from './vectors.ts';

const { difficulty: rows } = readVectors<{
  difficulty: { bits: string; difficulty: number; work: string }[];
}>('compact-bits.json');

for (const { bits, difficulty, work } of rows) {
  test(`bits ${bits}: difficulty ${difficulty}, work 0x${work}`, () => {
    assert.equal(difficultyOf(parseBits(bits)), difficulty);
    assert.equal(workOf(parseBits(bits)), BigInt(`0x${work}`));
  });
}

test('bits without a positive target stand for no work', () => {
  assert.throws(() => workOf(0), /target of zero/);
  assert.throws(() => workOf(0x04923456), /negative/);
});

test('difficulty 1 is 0xffff·2²⁰⁸, fractions and multiples of it are exact', () => {
  assert.equal(targetOfDifficulty(1), DIFFICULTY_1);
  assert.equal(targetOfDifficulty(1), compactToTarget(0x1d00ffff));
  assert.equal(targetOfDifficulty(0.5), 2n * DIFFICULTY_1);
  assert.equal(targetOfDifficulty(2 ** -16), DIFFICULTY_1 << 16n);
  assert.equal(targetOfDifficulty(3), DIFFICULTY_1 / 3n);
  // 0.1 as a double is 0x1.999999999999ap-4 = 3602879701896397 / 2^55
  assert.equal(targetOfDifficulty(0.1), (DIFFICULTY_1 << 55n) / 3602879701896397n);
  assert.equal(targetOfDifficulty(1e-300), (1n << 256n) - 1n);
  assert.equal(targetOfDifficulty(1e300), 0n);
});

test('a difficulty that is no finite number above 0 is refused', () => {
  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => targetOfDifficulty(bad), RangeError);
  }
});

test('the target of a difficulty is the highest hash of at least that difficulty', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-10, max: 1e20, noNaN: true }), (difficulty) => {
      const target = targetOfDifficulty(difficulty);
      if (target === (1n << 256n) - 1n) return;
      const found = difficultyOfHash(targetBytes(target));
      assert.ok(Math.abs(found / difficulty - 1) < 1e-9, `${found} of ${difficulty}`);
    }),
  );
});

test('a hash is compared as a little-endian number, by bytes as by big numbers', () => {
  const one = new Uint8Array(32);
  one[0] = 1;
  assert.equal(hashToNumber(one), 1n);
  assert.ok(meetsTarget(one, 1n) && !meetsTarget(one, 0n));
  fc.assert(
    fc.property(arbitraryHash, arbitraryHash, (hash, other) => {
      const target = hashToNumber(other);
      assert.deepEqual(targetBytes(target), new Uint8Array(other));
      assert.equal(isAtMost(hash, other), hashToNumber(hash) <= target);
      assert.equal(meetsTarget(hash, target), hashToNumber(hash) <= target);
      assert.ok(isAtMost(hash, hash));
    }),
  );
});

test('a hash that is a view into a larger buffer is read at its own place', () => {
  const buffer = new Uint8Array(64).fill(0xff);
  buffer.set(targetBytes(DIFFICULTY_1), 16);
  const view = buffer.subarray(16, 48);
  assert.equal(hashToNumber(view), DIFFICULTY_1);
  assert.equal(difficultyOfHash(view), 1);
});

test('the hash of zeros meets every difficulty', () => {
  assert.equal(difficultyOfHash(new Uint8Array(32)), Number.POSITIVE_INFINITY);
});

test('a share weighs its expected hashes, rounded down, and never nothing: it took one', () => {
  assert.equal(expectedHashes(1), 2n ** 32n);
  assert.equal(expectedHashes(0.001), 4294967n);
  assert.equal(expectedHashes(1e-10), 1n);
  assert.equal(expectedHashes(0), 1n);
  assert.equal(expectedHashes(1e15), 10n ** 15n * 2n ** 32n);
  assert.throws(() => expectedHashes(Number.NaN), RangeError);
});
