import type { Difficulty } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import { type ConnectionCounter, newConnectionCounters } from '../stratum/connection-counter.ts';
import { REJECTIONS, type RejectReason, type Share } from '../stratum/share.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { RateMeter } from './rate-meter.ts';

/** Windows of the hash rates, in seconds. */
const POOL_WINDOWS = [60, 600, 3600] as const;
const WORKER_WINDOWS = [60, 600] as const;
/** A rate over less than this is noise and reported as unknown. */
const SHORTEST_MS = 10_000;
/** A worker without a share for this long is left out. */
const FORGET_MS = 3_600_000;
const MAX_WORKERS = 20_000;

/** A hash rate over a window; `null` where too little time has passed to tell. */
export interface HashRate {
  readonly window_seconds: number;
  /** Less than the window while the pool or the worker is younger. */
  readonly covered_seconds: number;
  readonly hashes_per_second: number | null;
}

export interface WorkerStatistics {
  readonly address: string;
  readonly worker: string;
  readonly hash_rate: readonly HashRate[];
  readonly accepted: number;
  readonly rejected: number;
  /** Of the last accepted share. */
  readonly difficulty: Difficulty | null;
  readonly last_share_time: number | null;
}

interface WorkerTally {
  readonly worker: Worker;
  readonly work: RateMeter;
  accepted: number;
  rejected: number;
  difficulty: Difficulty | null;
  lastShareMs: number | null;
  touchedMs: number;
}

/** What happened since the pool was started; what has to outlive it stands in the ledger. */
export class Statistics {
  readonly startedMs: number;
  readonly connections: Record<ConnectionCounter, number> = newConnectionCounters();
  readonly rejected: Record<RejectReason, number>;
  accepted = 0;
  /** Among the accepted: handed in within the grace after a new block. */
  late = 0;
  readonly #clock: Clock;
  readonly #work: RateMeter;
  readonly #workers = new Map<string, WorkerTally>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedMs = clock.wallMs();
    this.#work = new RateMeter(3_600_000, clock.steadyMs());
    this.rejected = Object.fromEntries(Object.keys(REJECTIONS).map((reason) => [reason, 0])) as Record<
      RejectReason,
      number
    >;
  }

  /** Counts a share that is durable. */
  countAccepted(share: Share): void {
    const nowMs = this.#clock.steadyMs();
    const weight = Number(share.weight);
    this.accepted += 1;
    if (share.late) this.late += 1;
    this.#work.add(weight, nowMs);
    const tally = this.#tallyOf(share.worker, nowMs);
    tally.work.add(weight, nowMs);
    tally.accepted += 1;
    tally.difficulty = share.difficulty;
    tally.lastShareMs = share.timeMs;
  }

  /** @param worker undefined when nobody is known to have submitted it */
  countRejected(reason: RejectReason, worker: Worker | undefined): void {
    this.rejected[reason] += 1;
    // Whoever never brought a good share takes no memory.
    const tally = worker && this.#workers.get(keyOf(worker));
    if (tally !== undefined) tally.rejected += 1;
  }

  /** The pool's hash rates. */
  hashRates(): HashRate[] {
    return ratesOf(this.#work, POOL_WINDOWS, this.#clock.steadyMs());
  }

  /** The workers of the last hour, or of one address. */
  workers(address?: string): WorkerStatistics[] {
    const nowMs = this.#clock.steadyMs();
    this.#forgetIdle(nowMs);
    return [...this.#workers.values()]
      .filter(({ worker }) => address === undefined || worker.address === address)
      .map(({ worker, work, accepted, rejected, difficulty, lastShareMs }) => ({
        address: worker.address,
        worker: worker.name,
        hash_rate: ratesOf(work, WORKER_WINDOWS, nowMs),
        accepted,
        rejected,
        difficulty,
        last_share_time: lastShareMs === null ? null : lastShareMs / 1000,
      }));
  }

  #tallyOf(worker: Worker, nowMs: number): WorkerTally {
    const key = keyOf(worker);
    let tally = this.#workers.get(key);
    if (tally === undefined) {
      if (this.#workers.size >= MAX_WORKERS) this.#forgetIdle(nowMs);
      const work = new RateMeter(600_000, nowMs);
      tally = {
        worker,
        work,
        accepted: 0,
        rejected: 0,
        difficulty: null,
        lastShareMs: null,
        touchedMs: nowMs,
      };
      this.#workers.set(key, tally);
      const [oldest] = this.#workers.keys();
      if (this.#workers.size > MAX_WORKERS && oldest !== undefined) this.#workers.delete(oldest);
    }
    tally.touchedMs = nowMs;
    return tally;
  }

  #forgetIdle(nowMs: number): void {
    for (const [key, { touchedMs }] of this.#workers) {
      if (nowMs - touchedMs > FORGET_MS) this.#workers.delete(key);
    }
  }
}

function keyOf({ address, name }: Worker): string {
  return `${address} ${name}`;
}

function ratesOf(meter: RateMeter, windows: readonly number[], nowMs: number): HashRate[] {
  return windows.map((windowSeconds) => {
    const { sum, coveredMs } = meter.last(windowSeconds * 1000, nowMs);
    return {
      window_seconds: windowSeconds,
      covered_seconds: Math.round(coveredMs / 100) / 10,
      hashes_per_second: coveredMs < SHORTEST_MS ? null : (sum / coveredMs) * 1000,
    };
  });
}
