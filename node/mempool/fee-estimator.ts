import * as z from 'zod';
import type { Height } from '../../protocol/units.ts';
import type { MempoolEntry } from './entry.ts';
import type { MempoolListener, RemovalReason } from './mempool.ts';

/** Numbers of blocks for which there are statistics. */
const TARGETS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 24, 32, 48] as const;
/** Fee rates are put into buckets, each 5 % above the one before (Core's `FEE_SPACING`), in nits per 1,000 vB. */
const LOWEST_RATE = 1_000;
const HIGHEST_RATE = 10_000_000;
const SPACING = 1.05;
const BUCKETS = bucketOf(HIGHEST_RATE) + 1;
/** What is learned loses half its weight in 144 blocks (Core's `MED_DECAY`). */
const DECAY = 0.9952;
/** So many transactions must be known of a range of rates: one in ten blocks (Core's `SUFFICIENT_FEETXS`). */
const SUFFICIENT = 0.1 / (1 - DECAY);
/** So many of them must have been confirmed in time (Core's `SUCCESS_PCT` and `DOUBLE_SUCCESS_PCT`). */
const SUCCESS = { economical: 0.85, conservative: 0.95 } as const;

export type EstimateMode = keyof typeof SUCCESS;

export interface FeeEstimate {
  /** Nits per 1,000 vbytes; undefined where too little is known. */
  readonly rate: number | undefined;
  /** The target it is for: what was asked, as far as there are blocks and statistics enough. */
  readonly blocks: number;
}

/** What has been seen of the transactions of one range of rates; weights that decay with every block. */
interface Bucket {
  count: number;
  /** Sum of the rates of `count`. */
  rates: number;
  /** Per target: confirmed within so many blocks; gone unconfirmed after so many blocks or more. */
  confirmed: number[];
  failed: number[];
}

const bucketSchema = z.strictObject({
  count: z.number(),
  rates: z.number(),
  confirmed: z.array(z.number()).length(TARGETS.length),
  failed: z.array(z.number()).length(TARGETS.length),
});

const learnedSchema = z.strictObject({
  firstHeight: z.int().optional(),
  lastHeight: z.int(),
  buckets: z.record(z.string().regex(/^\d{1,3}$/), bucketSchema),
});

/**
 * Learns from what is confirmed how much it takes to be confirmed within so many blocks: for each range of
 * fee rates, how long the transactions waited that entered the mempool and left it in a block. One time
 * horizon of Bitcoin Core's `TxConfirmStats` (src/policy/fees.cpp).
 */
export class FeeEstimator implements MempoolListener {
  readonly #buckets: Bucket[] = Array.from({ length: BUCKETS }, newBucket);
  /** Per bucket: how many wait since which height. */
  readonly #waiting: Map<Height, number>[] = Array.from({ length: BUCKETS }, () => new Map());
  readonly #tracked = new Set<MempoolEntry>();
  #confirmed: MempoolEntry[] = [];
  /** The first block with a transaction that was seen before it, and the last block. */
  #firstHeight: Height | undefined;
  #lastHeight: Height;

  constructor(height: Height) {
    this.#lastHeight = height;
  }

  /** One with unconfirmed parents waits for them too, so it says little about its own rate (as Core). */
  added(entry: MempoolEntry): void {
    if (entry.parents.size > 0) return;
    this.#tracked.add(entry);
    this.#wait(entry, 1);
  }

  removed(entry: MempoolEntry, reason: RemovalReason): void {
    if (!this.#tracked.delete(entry)) return;
    this.#wait(entry, -1);
    if (reason === 'confirmed') this.#confirmed.push(entry);
    else this.#fail(entry);
  }

  /** A block has joined the best chain, and what it confirms has left the mempool. */
  blockConnected(height: Height): void {
    const confirmed = this.#confirmed;
    this.#confirmed = [];
    // After a reorganisation the heights come a second time, and say nothing new.
    if (height <= this.#lastHeight) return;
    this.#lastHeight = height;
    for (const bucket of this.#buckets) if (bucket.count > 0 || bucket.failed[0]) decay(bucket);
    for (const entry of confirmed) this.#confirm(entry, height);
    if (confirmed.length > 0) this.#firstHeight ??= height;
  }

  /** @param target blocks within which the transaction should be confirmed, 1 or more */
  estimate(target: number, mode: EstimateMode): FeeEstimate {
    const blocks = Math.min(Math.max(target, 2), this.#longestTarget());
    const rate = blocks <= 1 ? undefined : this.#lowestRate(blocks, SUCCESS[mode]);
    return { rate, blocks };
  }

  /** What has been learned, to be kept; see `restore`. */
  learned(): string {
    const kept = this.#buckets.flatMap((bucket, index) =>
      bucket.count > 0 || bucket.failed[0] ? [[index, bucket] as const] : [],
    );
    return JSON.stringify({
      firstHeight: this.#firstHeight,
      lastHeight: this.#lastHeight,
      buckets: Object.fromEntries(kept),
    });
  }

  /** Goes on with what an earlier run has learned; false if that is not readable. */
  restore(learned: string): boolean {
    const { data } = learnedSchema.safeParse(parseJson(learned));
    if (data === undefined) return false;
    this.#firstHeight = data.firstHeight;
    for (const [index, bucket] of Object.entries(data.buckets)) {
      if (this.#buckets[Number(index)]) this.#buckets[Number(index)] = bucket;
    }
    return true;
  }

  /** Half of the blocks that were watched: what takes longer cannot have been seen often (as Core). */
  #longestTarget(): number {
    if (this.#firstHeight === undefined) return 0;
    const watched = this.#lastHeight - this.#firstHeight;
    return Math.min(Math.floor(watched / 2), TARGETS[TARGETS.length - 1] ?? 0);
  }

  /** From the highest rates down: the last range of which enough were confirmed in time. */
  #lowestRate(blocks: number, success: number): number | undefined {
    const target = TARGETS.findLastIndex((each) => each <= blocks);
    let found: number | undefined;
    let range: Bucket[] = [];
    let [inTime, all, late] = [0, 0, 0];
    for (let index = BUCKETS - 1; index >= 0; index--) {
      const bucket = this.#buckets[index];
      if (bucket === undefined) break;
      range.push(bucket);
      inTime += bucket.confirmed[target] ?? 0;
      all += bucket.count;
      late += (bucket.failed[target] ?? 0) + this.#waitingFor(index, blocks);
      if (all < SUFFICIENT) continue;
      if (inTime / (all + late) < success) break;
      found = medianRate(range);
      range = [];
      [inTime, all, late] = [0, 0, 0];
    }
    return found;
  }

  /** How many of a bucket have waited for so many blocks already. */
  #waitingFor(index: number, blocks: number): number {
    let count = 0;
    for (const [since, waiting] of this.#waiting[index] ?? []) {
      if (this.#lastHeight - since >= blocks) count += waiting;
    }
    return count;
  }

  #wait(entry: MempoolEntry, change: 1 | -1): void {
    const waiting = this.#waiting[bucketOf(rateOf(entry))];
    const count = (waiting?.get(entry.addedHeight) ?? 0) + change;
    if (count > 0) waiting?.set(entry.addedHeight, count);
    else waiting?.delete(entry.addedHeight);
  }

  #confirm(entry: MempoolEntry, height: Height): void {
    const waited = height - entry.addedHeight;
    const rate = rateOf(entry);
    const bucket = this.#buckets[bucketOf(rate)];
    if (bucket === undefined || waited < 1) return;
    bucket.count++;
    bucket.rates += rate;
    for (const [index, target] of TARGETS.entries()) {
      if (waited <= target) bucket.confirmed[index] = (bucket.confirmed[index] ?? 0) + 1;
    }
  }

  #fail(entry: MempoolEntry): void {
    const waited = this.#lastHeight - entry.addedHeight;
    const failed = this.#buckets[bucketOf(rateOf(entry))]?.failed;
    for (const [index, target] of TARGETS.entries()) {
      if (failed !== undefined && waited >= target) failed[index] = (failed[index] ?? 0) + 1;
    }
  }
}

function newBucket(): Bucket {
  const none = () => TARGETS.map(() => 0);
  return { count: 0, rates: 0, confirmed: none(), failed: none() };
}

function decay(bucket: Bucket): void {
  bucket.count *= DECAY;
  bucket.rates *= DECAY;
  bucket.confirmed = bucket.confirmed.map((weight) => weight * DECAY);
  bucket.failed = bucket.failed.map((weight) => weight * DECAY);
}

/** The average rate of the bucket in which the median transaction of a range lies; highest bucket first. */
function medianRate(range: readonly Bucket[]): number | undefined {
  const half = range.reduce((sum, { count }) => sum + count, 0) / 2;
  let passed = 0;
  for (const { count, rates } of range) {
    passed += count;
    if (passed >= half && count > 0) return rates / count;
  }
  return undefined;
}

/** Nits per 1,000 vbytes, of what is really paid. */
function rateOf({ fee, vsize }: MempoolEntry): number {
  return (Number(fee) * 1_000) / vsize;
}

function bucketOf(rate: number): number {
  const clamped = Math.min(Math.max(rate, LOWEST_RATE), HIGHEST_RATE);
  return Math.floor(Math.log(clamped / LOWEST_RATE) / Math.log(SPACING));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
