/** How a thread keeps to its share of the processor: by resting between its slices. */

/** A slice and the rest after it take about so long together, so that rests are short. */
const CYCLE_MS = 20;
const SLICE_MAX_MS = 5;
const SLICE_MIN_MS = 0.5;

/** A slice that took so many times as long as it should was interrupted by other programs: the rest is not its doing. */
const INTERRUPTED_FACTOR = 2;

/** Shorter rests are put off: timers know no shorter time. */
const REST_MIN_MS = 1;

/** A rest that became too long is made up for, but not by more: a machine that was asleep owes nothing. */
const CREDIT_MAX_MS = 50;

/** Balances the times that a thread computes and rests. */
export class DutyCycle {
  /** Rest per time computed. */
  readonly #restPerWork: number;
  /** Length that slices should have. */
  readonly sliceMs: number;
  /** Rest that is due; negative after rests that were too long. */
  #dueMs = 0;

  /** @param limitPercent share of the time to compute, 1 … 100; 100 is without rest */
  constructor(limitPercent: number) {
    if (!(limitPercent >= 1 && limitPercent <= 100)) {
      throw new RangeError(`a share of the processor is 1 to 100 percent, not ${limitPercent}`);
    }
    this.#restPerWork = 100 / limitPercent - 1;
    this.sliceMs = Math.max(SLICE_MIN_MS, Math.min(SLICE_MAX_MS, (CYCLE_MS * limitPercent) / 100));
  }

  /** Takes note of a slice. @returns how long to rest now, in milliseconds; 0 for not yet */
  computed(elapsedMs: number): number {
    this.#dueMs += Math.min(elapsedMs, INTERRUPTED_FACTOR * this.sliceMs) * this.#restPerWork;
    return this.#dueMs >= REST_MIN_MS ? this.#dueMs : 0;
  }

  /** Takes note of a rest. */
  rested(elapsedMs: number): void {
    this.#dueMs = Math.max(-CREDIT_MAX_MS, this.#dueMs - elapsedMs);
  }
}
