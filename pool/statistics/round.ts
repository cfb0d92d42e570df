import type { Difficulty } from '../../protocol/units.ts';

const HASHES_PER_DIFFICULTY = 2 ** 32;

/**
 * Work against what a block takes on average: 1 when as many hashes were spent as a block of this difficulty
 * needs, 2 for twice as many. Also called round effort or shares per difficulty.
 * @param weight expected hashes
 */
export function effortOf(weight: number | bigint, difficulty: Difficulty): number {
  return Number(weight) / (difficulty * HASHES_PER_DIFFICULTY);
}

/** The mean of the efforts of past blocks; null where none is known. */
export function meanEffort(efforts: readonly (number | null)[]): { blocks: number; mean: number | null } {
  const known = efforts.filter((effort) => effort !== null);
  const mean = known.length === 0 ? null : known.reduce((sum, effort) => sum + effort, 0) / known.length;
  return { blocks: known.length, mean };
}

/** The work since the last block, as shares become durable. */
export class RunningRound {
  /** Shares up to this sequence number belong to rounds before. */
  #endSequence = 0;
  #startedMs: number | undefined;
  #shares = 0;
  #weight = 0n;

  /**
   * Begins a round behind a block.
   * @param endSequence the last share of the block's own round
   * @param startedMs when the block was found; undefined for the round before the first block
   */
  begin(endSequence: number, startedMs: number | undefined, already = { shares: 0, weight: 0n }): void {
    this.#endSequence = endSequence;
    this.#startedMs = startedMs;
    this.#shares = already.shares;
    this.#weight = already.weight;
  }

  /** Counts a durable share, unless it still belongs to the round before. */
  count(sequence: number, weight: bigint): void {
    if (sequence <= this.#endSequence) return;
    this.#shares += 1;
    this.#weight += weight;
  }

  get startedMs(): number | undefined {
    return this.#startedMs;
  }

  get shares(): number {
    return this.#shares;
  }

  get weight(): bigint {
    return this.#weight;
  }
}
