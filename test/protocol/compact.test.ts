import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compactToTarget,
  isCanonical,
  parseBits,
  showBits,
  targetToCompact,
} from '../../protocol/compact.ts';
import { readVectors } from './vectors.ts';

interface CompactVectors {
  decode: { bits: string; target: string; canonical: string }[];
  reject: { bits: string; why: string }[];
}

const { decode, reject } = readVectors<CompactVectors>('compact-bits.json');

for (const { bits, target, canonical } of decode) {
  test(`bits ${bits} decode to their target and encode back as ${canonical}`, () => {
    const decoded = compactToTarget(parseBits(bits));
    assert.equal(decoded, BigInt(`0x${target}`));
    assert.equal(showBits(targetToCompact(decoded)), canonical);
    assert.equal(isCanonical(parseBits(bits)), bits === canonical);
  });
}

for (const { bits, why } of reject) {
  test(`bits ${bits} are refused: ${why}`, () => {
    assert.throws(() => compactToTarget(parseBits(bits)), RangeError);
    assert.equal(isCanonical(parseBits(bits)), false);
  });
}

test('the largest and the first too large exponents of Bitcoin Core’s overflow rule', () => {
  assert.equal(compactToTarget(0x220000ff), 0xffn << 248n);
  assert.throws(() => compactToTarget(0x220001ff), /overflow/);
  assert.equal(compactToTarget(0x2100ffff), 0xffffn << 240n);
  assert.throws(() => compactToTarget(0x2101ffff), /overflow/);
  assert.throws(() => compactToTarget(0x230000ff), /overflow/);
});

test('a target is rounded down to its 23 highest bits, and what was rounded is canonical', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), (target) => {
      const bits = targetToCompact(target);
      const rounded = compactToTarget(bits);
      assert.ok(rounded <= target);
      assert.ok(target - rounded <= target >> 15n);
      assert.ok(isCanonical(bits));
    }),
  );
});

test('a target outside 256 bits has no compact form', () => {
  assert.throws(() => targetToCompact(-1n), RangeError);
  assert.throws(() => targetToCompact(1n << 256n), RangeError);
});

test('bits are read from exactly eight hex digits', () => {
  assert.equal(parseBits('1d00ffff'), 0x1d00ffff);
  assert.equal(parseBits('ff123456'), 0xff123456);
  for (const text of ['', '1d00fff', '1d00ffff0', '0x1d00ff', '1d00fffg', ' 1d00fff']) {
    assert.throws(() => parseBits(text), /not 8 hex digits/);
  }
});
