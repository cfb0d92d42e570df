import { compactToTarget } from './compact.ts';
import type { Bits, Difficulty, Hash, Target, Work } from './units.ts';

/** Target of difficulty 1. */
export const DIFFICULTY_1: Target = 0xffffn << 208n;

const HASH_SPACE = 1n << 256n;
const MAX_TARGET = HASH_SPACE - 1n;
const DIFFICULTY_1_AS_DOUBLE = Number(DIFFICULTY_1);

/**
 * Work a block of these bits stands for: the hashes it takes on average, 2²⁵⁶ ÷ (target + 1).
 * Source: Bitcoin Core, GetBlockProof.
 * @throws RangeError if bits stand for no positive 256-bit target
 */
export function workOf(bits: Bits): Work {
  const target = compactToTarget(bits);
  if (target === 0n) throw new RangeError('a target of zero cannot be met');
  return HASH_SPACE / (target + 1n);
}

/**
 * Difficulty of bits relative to 0xffff·2²⁰⁸. Exact up to one rounding: the exponent is a power of two.
 * Source: Bitcoin Core, GetDifficulty.
 */
export function difficultyOf(bits: Bits): Difficulty {
  return (0xffff / (bits & 0xffffff)) * 256 ** (29 - (bits >>> 24));
}

/**
 * Highest hash that counts at a difficulty: ⌊0xffff·2²⁰⁸ ÷ d⌋, at most 2²⁵⁶−1. The division is exact, since
 * a double is an integer times a power of two.
 * @throws RangeError unless d is finite and positive
 */
export function targetOfDifficulty(difficulty: Difficulty): Target {
  if (!(difficulty > 0 && difficulty < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`difficulty ${difficulty} is not a finite number above 0`);
  }
  let mantissa: number = difficulty;
  let shift = 0;
  // Doubling changes nothing but the exponent, until the fraction is gone.
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    shift += 1;
  }
  const target = (DIFFICULTY_1 << BigInt(shift)) / BigInt(mantissa);
  return target > MAX_TARGET ? MAX_TARGET : target;
}

/** A hash as the little-endian 256-bit number that proof of work compares. */
export function hashToNumber(hash: Hash): bigint {
  const view = new DataView(hash.buffer, hash.byteOffset, 32);
  return (
    (view.getBigUint64(24, true) << 192n) |
    (view.getBigUint64(16, true) << 128n) |
    (view.getBigUint64(8, true) << 64n) |
    view.getBigUint64(0, true)
  );
}

/** Difficulty a hash would just meet (Infinity for the hash of zeros), to about 15 digits. */
export function difficultyOfHash(hash: Hash): Difficulty {
  const view = new DataView(hash.buffer, hash.byteOffset, 32);
  let number = 0;
  for (let offset = 28; offset >= 0; offset -= 4) number = number * 2 ** 32 + view.getUint32(offset, true);
  return DIFFICULTY_1_AS_DOUBLE / number;
}

/** True if the hash, as a number, is not above the target. */
export function meetsTarget(hash: Hash, target: Target): boolean {
  return hashToNumber(hash) <= target;
}

/** A target as 32 little-endian bytes, to compare many hashes with by `isAtMost`. */
export function targetBytes(target: Target): Uint8Array {
  const bytes = new Uint8Array(32);
  let rest = target;
  for (let i = 0; i < 32; i++) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** `meetsTarget` without big numbers: compares a hash with `targetBytes`, most significant byte first. */
export function isAtMost(hash: Hash, target: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (hash[i] ?? 0) - (target[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

/**
 * Hashes a share of this difficulty takes on average: ⌊difficulty × 2³²⌋, the weight it is credited with. Never
 * less than one: also where every hash is a share, each takes one.
 */
export function expectedHashes(difficulty: Difficulty): bigint {
  if (!(difficulty >= 0 && difficulty < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`difficulty ${difficulty} is not a finite number`);
  }
  return BigInt(Math.max(1, Math.floor(difficulty * 2 ** 32)));
}
