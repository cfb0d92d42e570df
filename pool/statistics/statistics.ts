import type { Clock } from '../clock.ts';
import { type ConnectionCounter, newConnectionCounters } from '../stratum/connection-counter.ts';
import { REJECTIONS, type RejectReason, type Share } from '../stratum/share.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { type HashRate, hashRatesOf } from './hash-rate.ts';
import { MinuteHistory } from './minute-history.ts';
import { RateMeter, stepAtAge } from './rate-meter.ts';
import { RunningRound } from './round.ts';
import { WorkerDirectory } from './worker-directory.ts';
import { isBelow } from './worker-tally.ts';

/** A share that is durable, with the number it has in the log. */
export type DurableShare = Share & { readonly sequence: number };

/** What the ledger keeps of a while before the pool was started: of one worker, or of all. */
export interface PastWork {
  /** Its beginning, milliseconds since 1970. */
  readonly startMs: number;
  readonly lengthMs: number;
  /** Expected hashes. */
  readonly weight: number;
  readonly accepted: number;
}

/** Hears of refused submissions. */
export type RejectListener = (worker: Worker | undefined, reason: RejectReason, message: string) => void;

/** What happened since the pool was started; what has to outlive it stands in the ledger. */
export class Statistics {
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly connections: Record<ConnectionCounter, number> = newConnectionCounters();
  readonly rejected: Record<RejectReason, number>;
  readonly workers = new WorkerDirectory();
  readonly round = new RunningRound();
  readonly history: MinuteHistory;
  accepted = 0;
  /** Among the accepted: handed in within the grace after a new block. */
  late = 0;
  readonly #clock: Clock;
  readonly #meter: RateMeter;
  #best: Share | undefined;
  #onRejected: RejectListener | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedMs = clock.wallMs();
    this.history = new MinuteHistory(this.startedMs);
    this.#meter = new RateMeter(clock.steadyMs());
    const zeros = Object.keys(REJECTIONS).map((reason) => [reason, 0]);
    this.rejected = Object.fromEntries(zeros) as Record<RejectReason, number>;
  }

  /** Names who wants to hear of refusals: the live feed. */
  listen(onRejected: RejectListener): void {
    this.#onRejected = onRejected;
  }

  /** Counts shares that are durable now. */
  countBatch(batch: readonly DurableShare[]): void {
    const steadyMs = this.#clock.steadyMs();
    const wallMs = this.#clock.wallMs();
    let total = 0;
    for (const share of batch) {
      const weight = Number(share.weight);
      total += weight;
      if (share.late) this.late += 1;
      if (this.#best === undefined || isBelow(share.hash, this.#best.hash)) this.#best = share;
      this.workers.of(share.worker, wallMs, steadyMs).countAccepted(share, weight, steadyMs);
      this.round.count(share);
    }
    this.accepted += batch.length;
    this.#meter.add(total, steadyMs);
    this.history.countAccepted(total, batch.length, wallMs);
  }

  /**
   * Counts a refusal.
   * @param worker undefined when nobody is known to have submitted it
   * @param message what the miner was told
   */
  countRejected(reason: RejectReason, worker: Worker | undefined, message: string = reason): void {
    this.rejected[reason] += 1;
    this.history.countRejected(this.#clock.wallMs());
    // Whoever never brought a good share takes no memory.
    if (worker !== undefined) this.workers.find(worker)?.countRejected(reason);
    this.#onRejected?.(worker, reason, message);
  }

  /** Reads in again what the whole pool did in a minute before it was started. */
  refillPool(past: PastWork): void {
    this.#spread(this.#meter, past);
    this.history.countAccepted(past.weight, past.accepted, past.startMs);
  }

  /** The same for one worker, and a while of any length. */
  refillWorker(worker: Worker, past: PastWork): void {
    const wallMs = this.#clock.wallMs();
    const steadyMs = this.#clock.steadyMs() - (wallMs - past.startMs);
    const tally = this.workers.of(worker, wallMs, steadyMs);
    tally.lastShareMs = Math.max(tally.lastShareMs ?? 0, past.startMs);
    tally.touchedMs = Math.max(tally.touchedMs, steadyMs);
    this.#spread(tally, past);
  }

  /** Adds a sum to the steps of the while it was counted over, as far as they are past. */
  #spread(meter: { add(amount: number, atMs: number): void }, { startMs, lengthMs, weight }: PastWork): void {
    const ageMs = this.#clock.wallMs() - startMs;
    if (ageMs < 0) return;
    const startSteadyMs = this.#clock.steadyMs() - ageMs;
    const stepMs = stepAtAge(ageMs - lengthMs);
    const steps = Math.ceil(Math.min(lengthMs, ageMs + 1) / stepMs);
    for (let step = 0; step < steps; step++) meter.add(weight / steps, startSteadyMs + step * stepMs);
  }

  /** The pool's hash rates. */
  hashRates(): HashRate[] {
    return hashRatesOf(this.#meter, this.#clock.steadyMs());
  }

  /** The best share since the pool was started. */
  get best(): Share | undefined {
    return this.#best;
  }
}
