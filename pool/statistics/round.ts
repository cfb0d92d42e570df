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

/** What everybody did since the last block. */
export interface RoundWork {
  readonly address: string;
  readonly shares: number;
  readonly weight: bigint;
}

/** Addresses whose part of the round is known; of any further one only the sum is. */
const MAX_ADDRESSES = 50_000;

/** The work since the last block, as shares become durable. */
export class RunningRound {
  /** Shares up to this sequence number belong to rounds before. */
  #endSequence = 0;
  #startedMs: number | undefined;
  #shares = 0;
  #weight = 0n;
  readonly #byAddress = new Map<string, bigint>();

  /**
   * Begins a round behind a block.
   * @param endSequence the last share of the block's own round
   * @param startedMs when the block was found; undefined for the round before the first block
   * @param already what the ledger holds of this round
   */
  begin(endSequence: number, startedMs: number | undefined, already: readonly RoundWork[] = []): void {
    this.#endSequence = endSequence;
    this.#startedMs = startedMs;
    this.#shares = 0;
    this.#weight = 0n;
    this.#byAddress.clear();
    for (const { address, shares, weight } of already) this.#add(address, shares, weight);
  }

  /** Counts a durable share, unless it still belongs to the round before. */
  count(sequence: number, address: string, weight: bigint): void {
    if (sequence > this.#endSequence) this.#add(address, 1, weight);
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

  /** Which part of the round's work an address did, 0 to 1; undefined where that is not known. */
  shareOf(address: string): number | undefined {
    if (this.#weight === 0n) return undefined;
    const weight = this.#byAddress.get(address);
    if (weight === undefined && this.#byAddress.size >= MAX_ADDRESSES) return undefined;
    return Number(weight ?? 0n) / Number(this.#weight);
  }

  #add(address: string, shares: number, weight: bigint): void {
    this.#shares += shares;
    this.#weight += weight;
    const known = this.#byAddress.get(address);
    if (known === undefined && this.#byAddress.size >= MAX_ADDRESSES) return;
    this.#byAddress.set(address, (known ?? 0n) + weight);
  }
}
