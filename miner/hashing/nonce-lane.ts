/**
 * How the threads of one miner divide a job's search space, so that no header is
 * hashed twice: by extranonce2 while the pool leaves enough values, else by nonce.
 */
import { NONCE_COUNT } from '../kernel/hasher.ts';

/**
 * Values of extranonce2 that are told apart at most. Wider fields are not used up
 * further (2⁴⁸ values times 2³² nonces is more than any job lives for), which keeps
 * the counter an exact number.
 */
const EXTRANONCE2_VALUES_MAX = 2 ** 48;

/** The part of every job that belongs to one thread. */
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

/** One header of a lane: all its nonces are searched before the next unit begins. */
export interface LaneUnit {
  readonly extranonce2: number;
  /** Seconds to add to the job's time. */
  readonly timeRoll: number;
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

/**
 * The index-th unit of a lane. Once every extranonce2 value has been used, the time
 * is moved on by a second and the values come again.
 *
 * @param offset units to skip in the order of values, without rolling the time: a
 *   thread that goes on counting from job to job does not repeat headers when a pool
 *   sends the same job again
 */
export function unitAt(lane: Lane, index: number, offset = 0): LaneUnit {
  const position = (offset + index) % lane.valueCount;
  return {
    extranonce2: lane.first + position * lane.step,
    timeRoll: Math.floor(index / lane.valueCount),
  };
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
