/**
 * The seam between the search for shares and the code that hashes: a kernel
 * implements {@link Hasher}, and nothing else in the miner knows how it does so.
 */

/** Hits that one {@link Hasher.search} call returns at most; see {@link SearchResult}. */
export const HITS_PER_SEARCH = 16;

/** Nonces in a header: the field is 32 bits wide. */
export const NONCE_COUNT = 2 ** 32;

/** What one call of {@link Hasher.search} found. */
export interface SearchResult {
  /** Nonces (u32) whose header hash is at or below the target, ascending. */
  readonly hits: readonly number[];
  /**
   * Nonces that were tried, counted from the start nonce. Less than asked only
   * when {@link HITS_PER_SEARCH} hits were found first: the caller goes on from
   * `startNonce + scanned`, so even at a target that every hash meets nothing is lost.
   */
  readonly scanned: number;
}

/**
 * Searches the nonces of one block header for proof of work. A hasher belongs to
 * one thread and keeps the header it was last given.
 */
export interface Hasher {
  /** Short name for logs and statistics, such as `js`. */
  readonly name: string;
  /**
   * Sets the header to search.
   *
   * @param header80 the serialized block header, 80 bytes; its nonce field is ignored
   * @param target the largest hash, as a number, that is a hit
   * @throws RangeError when the header is not 80 bytes or the target not in 0 … 2²⁵⁶ − 1
   */
  setWork(header80: Uint8Array, target: bigint): void;
  /**
   * Hashes the header with each nonce in [startNonce, startNonce + count).
   *
   * @throws RangeError when the range leaves the 32-bit nonce field
   */
  search(startNonce: number, count: number): SearchResult;
}

/** Throws RangeError unless [startNonce, startNonce + count) lies within the nonce field. */
export function assertNonceRange(startNonce: number, count: number): void {
  const isRange =
    Number.isInteger(startNonce) &&
    Number.isInteger(count) &&
    startNonce >= 0 &&
    count >= 0 &&
    startNonce + count <= NONCE_COUNT;
  if (!isRange) throw new RangeError(`nonce range ${startNonce} + ${count} is outside 0 … 2^32`);
}
