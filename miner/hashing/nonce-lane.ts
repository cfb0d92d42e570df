/**
 * How the threads of one miner divide a job's search space, so that no header is hashed twice: by extranonce2 while
 * the pool leaves enough values, else by nonce. A lane is a set of pairs of both and of nothing else: whatever mask
 * for the version a pool allows, and whatever times it sends, lanes do not meet.
 */
import { NONCE_COUNT } from '../kernel/hasher.ts';

/**
 * Values of extranonce2 that are told apart at most. Wider fields are not used up
 * further (2⁴⁸ values times 2³² nonces is more than any job lives for), which keeps
 * the counter an exact number.
 */
const EXTRANONCE2_VALUES_MAX = 2 ** 48;

/** The part of every job that belongs to one thread: the extranonce2 values, and the nonces under each of them. */
export interface Lane {
  /** Smallest extranonce2 value of this lane. */
  readonly first: number;
  /** Distance to the next value. */
  readonly step: number;
  /** Number of extranonce2 values in this lane, ≥ 1. */
  readonly valueCount: number;
  /** First nonce of this lane, the same under every extranonce2 value. */
  readonly startNonce: number;
  /** Number of nonces under every extranonce2 value. */
  readonly nonceCount: number;
}

/**
 * The lane of one thread. Lanes of different threads never meet.
 *
 * @param thread 0 … threadCount − 1
 * @param extranonce2Size bytes of extranonce2 that the pool left to the miner, 0 …
 */
export function laneOf(thread: number, threadCount: number, extranonce2Size: number): Lane {
  if (!(Number.isInteger(thread) && thread >= 0 && thread < threadCount)) {
    throw new RangeError(`thread ${thread} of ${threadCount}`);
  }
  const values = Math.min(256 ** extranonce2Size, EXTRANONCE2_VALUES_MAX);
  if (threadCount <= values) {
    return {
      first: thread,
      step: threadCount,
      valueCount: Math.ceil((values - thread) / threadCount),
      startNonce: 0,
      nonceCount: NONCE_COUNT,
    };
  }
  // More threads than values: the threads that share a value split its nonces.
  const first = thread % values;
  const sharers = Math.ceil((threadCount - first) / values);
  const part = Math.floor(thread / values);
  const startNonce = Math.floor((part * NONCE_COUNT) / sharers);
  const endNonce = Math.floor(((part + 1) * NONCE_COUNT) / sharers);
  return { first, step: values, valueCount: 1, startNonce, nonceCount: endNonce - startNonce };
}

/** Ways to set the bits of a mask, 1 … 2³². */
export function versionCount(mask: number): number {
  let count = 1;
  for (let rest = mask >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count *= 2;
  return count;
}

/**
 * The index-th way to set the bits of a mask, u32: the bits of the index, spread over those of the mask from the
 * lowest up.
 * @param index 0 … {@link versionCount} − 1
 */
export function versionBitsAt(mask: number, index: number): number {
  let bits = 0;
  let unspread = index >>> 0;
  for (let rest = mask >>> 0; rest !== 0 && unspread !== 0; rest = (rest & (rest - 1)) >>> 0) {
    if ((unspread & 1) === 1) bits |= rest & -rest;
    unspread >>>= 1;
  }
  return bits >>> 0;
}

/** An extranonce2 value as the bytes of the field, most significant first. */
export function extranonce2Bytes(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = value;
  for (let i = size - 1; i >= 0 && rest > 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}
