import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterRounds,
  compressed,
  INITIAL_STATE,
  PADDING_BIT,
  ROUND_CONSTANTS,
  SIGMA,
  scheduleOf,
  sigma,
  swapBytes,
} from '../../../miner/kernel/sha256.ts';

/** The first primes. */
function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let n = 2n; found.length < count; n++) if (found.every((prime) => n % prime !== 0n)) found.push(n);
  return found;
}

/** The first 32 bits behind the point of the root of a number, as an i32. */
function rootBits(of: bigint, degree: bigint): number {
  // The whole root of of · 2^(32 · degree) is that of the number, moved by 32 bits.
  const scaled = of << (32n * degree);
  let [low, high] = [0n, scaled];
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** degree <= scaled) low = middle;
    else high = middle - 1n;
  }
  return Number(BigInt.asIntN(32, low));
}

/** A message of less than 56 bytes as one padded block (FIPS 180-4 §5.1.1). */
function blockOf(text: string): Int32Array {
  const bytes = new Uint8Array(64);
  bytes.set(new TextEncoder().encode(text));
  const view = new DataView(bytes.buffer);
  view.setUint8(text.length, PADDING_BIT >>> 24);
  view.setUint32(60, 8 * text.length);
  return Int32Array.from({ length: 16 }, (_, index) => view.getInt32(4 * index));
}

const ABC = blockOf('abc');

test('the constants are the roots of the primes (FIPS 180-4 §4.2.2, §5.3.3)', () => {
  assert.deepEqual(
    [...ROUND_CONSTANTS],
    primes(64).map((prime) => rootBits(prime, 3n)),
  );
  assert.deepEqual(
    [...INITIAL_STATE],
    primes(8).map((prime) => rootBits(prime, 2n)),
  );
});

test('"abc" has the digest of the standard\'s example', () => {
  const expected = 'ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad';
  const hex = [...compressed(INITIAL_STATE, ABC)].map((word) => (word >>> 0).toString(16).padStart(8, '0'));
  assert.equal(hex.join(' '), expected);
});

test("the variables after the first round are those of the standard's example", () => {
  const [a, , , , e] = afterRounds(INITIAL_STATE, scheduleOf(ABC), 1);
  assert.equal((a ?? 0) >>> 0, 0x5d6aebcd);
  assert.equal((e ?? 0) >>> 0, 0xfa2a4622);
});

test('rounds can be stopped anywhere; none leave the state as it is', () => {
  assert.deepEqual(afterRounds(INITIAL_STATE, scheduleOf(ABC), 0), INITIAL_STATE);
});

test('sigma functions rotate, and the lower ones shift', () => {
  assert.equal(sigma(1, SIGMA.upper0) >>> 0, ((1 << 30) | (1 << 19) | (1 << 10)) >>> 0);
  assert.equal(sigma(1, SIGMA.lower0) >>> 0, ((1 << 25) | (1 << 14)) >>> 0, 'what is shifted out is lost');
  assert.equal(sigma(1 << 10, SIGMA.lower1) >>> 0, ((1 << 25) | (1 << 23) | 1) >>> 0);
});

test('bytes are swapped within the word', () => {
  assert.equal(swapBytes(0x01020384) >>> 0, 0x84030201);
});
