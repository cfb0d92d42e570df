import type { Difficulty, Hash } from '../../protocol/units.ts';
import { difficultyOfHash } from '../../protocol/work.ts';
import type { RejectReason, Share } from '../stratum/share.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { type HashRate, hashRatesOf } from './hash-rate.ts';
import { RateMeter } from './rate-meter.ts';

/** How many submissions were refused, by reason; reasons that did not occur are absent. */
export type RejectCounts = Partial<Record<RejectReason, number>>;

const HOUR_MS = 3_600_000;

/** What is counted of one worker, beginning at its first share since the pool was started. */
export class WorkerTally {
  readonly worker: Worker;
  /** When counting began, milliseconds since 1970. */
  readonly sinceMs: number;
  readonly rejected: RejectCounts = {};
  accepted = 0;
  /** Among the accepted: handed in within the grace after a new block. */
  late = 0;
  /** Of the last accepted share. */
  difficulty: Difficulty | null = null;
  lastShareMs: number | null = null;
  /** When it was last heard of; steady clock. */
  touchedMs: number;
  readonly #meter: RateMeter;
  #isMeasuring = false;
  #best: Hash | undefined;

  constructor(worker: Worker, wallMs: number, steadyMs: number) {
    this.worker = worker;
    this.sinceMs = wallMs;
    this.touchedMs = steadyMs;
    this.#meter = new RateMeter(steadyMs);
  }

  countAccepted(share: Share, weight: number, steadyMs: number): void {
    this.accepted += 1;
    if (share.late) this.late += 1;
    this.difficulty = share.difficulty;
    this.lastShareMs = share.timeMs;
    this.touchedMs = steadyMs;
    if (this.#best === undefined || isBelow(share.hash, this.#best)) this.#best = share.hash;
    // The first share stands for work from before the meter ran: it starts the clock and is not in the sum.
    if (this.#isMeasuring) this.#meter.add(weight, steadyMs);
    this.#isMeasuring = true;
  }

  countRejected(reason: RejectReason): void {
    this.rejected[reason] = (this.rejected[reason] ?? 0) + 1;
  }

  /** Adds work of before the pool was started, as the ledger knows it. */
  add(weight: number, atSteadyMs: number): void {
    this.#meter.add(weight, atSteadyMs);
    this.#isMeasuring = true;
  }

  rates(nowMs: number): HashRate[] {
    return hashRatesOf(this.#meter, nowMs);
  }

  /** Expected hashes of the last hour. */
  workOfHour(nowMs: number): number {
    return this.#meter.last(HOUR_MS, nowMs).sum;
  }

  /** Difficulty of the best share since counting began. */
  get bestShare(): Difficulty | null {
    return this.#best === undefined ? null : difficultyOfHash(this.#best);
  }
}

/** Whether a hash, read as a number, is the smaller one. Hashes are in internal byte order: the last byte leads. */
export function isBelow(hash: Hash, other: Hash): boolean {
  for (let index = 31; index >= 0; index--) {
    const difference = (hash[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
