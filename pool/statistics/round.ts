import type { Bits } from '../../protocol/units.ts';
import { blockWeight } from '../accounting/distribution.ts';
import type { LedgerShare } from '../ledger/share-log-schema.ts';
import type { Worker } from '../stratum/worker-name.ts';

/**
 * Work against what a block takes on average: 1 when as many hashes were spent as a block with these bits needs,
 * 2 for twice as many. Also called round effort, or shares per difficulty.
 * @param weight expected hashes
 */
export function effortOf(weight: bigint, bits: Bits): number {
  return Number(weight) / Number(blockWeight(bits));
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

/** A share, as far as rounds go. */
type RoundShare = Pick<LedgerShare, 'sequence' | 'weight'> & { readonly worker: Pick<Worker, 'address'> };

/** Shares that are remembered: the news of a block comes a little after the shares behind it. */
const REMEMBERED = 4_096;

/** The work since the last block, as shares become durable. */
export class RunningRound {
  /** Shares up to this sequence number belong to rounds before. */
  #endSequence = 0;
  #startedMs: number | undefined;
  #shares = 0;
  #weight = 0n;
  readonly #byAddress = new Map<string, bigint>();
  #recent: RoundShare[] = [];

  /** Takes over what the ledger holds of the round that runs. To be done before shares are counted. */
  resume(endSequence: number, startedMs: number | undefined, work: readonly RoundWork[]): void {
    this.#clear(endSequence, startedMs);
    for (const { address, shares, weight } of work) this.#add(address, shares, weight);
  }

  /**
   * Begins a round behind a block; one that does not come after the last is passed over.
   * @param endSequence the last share of the block's own round
   * @param startedMs when the block was found
   */
  begin(endSequence: number, startedMs: number): void {
    if (endSequence <= this.#endSequence) return;
    this.#clear(endSequence, startedMs);
    for (const share of this.#recent) this.#count(share);
  }

  /** Counts a durable share, unless it still belongs to the round before. */
  count(share: RoundShare): void {
    this.#recent.push(share);
    if (this.#recent.length > 2 * REMEMBERED) this.#recent = this.#recent.slice(-REMEMBERED);
    this.#count(share);
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

  #count({ sequence, worker, weight }: RoundShare): void {
    if (sequence > this.#endSequence) this.#add(worker.address, 1, weight);
  }

  #add(address: string, shares: number, weight: bigint): void {
    this.#shares += shares;
    this.#weight += weight;
    const known = this.#byAddress.get(address);
    if (known === undefined && this.#byAddress.size >= MAX_ADDRESSES) return;
    this.#byAddress.set(address, (known ?? 0n) + weight);
  }

  #clear(endSequence: number, startedMs: number | undefined): void {
    this.#endSequence = endSequence;
    this.#startedMs = startedMs;
    this.#shares = 0;
    this.#weight = 0n;
    this.#byAddress.clear();
  }
}
