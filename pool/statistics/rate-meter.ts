const BUCKET_MS = 10_000;

/** A sum over the last while, with the time it really covers. */
export interface WindowSum {
  readonly sum: number;
  readonly coveredMs: number;
}

/** Sums over sliding windows, in steps of ten seconds. Times are the steady clock's. */
export class RateMeter {
  /** Sums by step, in a ring. */
  readonly #buckets: Float64Array;
  readonly #startedMs: number;
  /** Number of the step that is being filled, counted from the clock's zero. */
  #step: number;

  /** @param longestMs the longest window that will be asked for */
  constructor(longestMs: number, nowMs: number) {
    this.#buckets = new Float64Array(Math.ceil(longestMs / BUCKET_MS) + 1);
    this.#startedMs = nowMs;
    this.#step = Math.floor(nowMs / BUCKET_MS);
  }

  add(amount: number, nowMs: number): void {
    this.#advance(nowMs);
    const index = this.#step % this.#buckets.length;
    this.#buckets[index] = (this.#buckets[index] ?? 0) + amount;
  }

  /**
   * The sum of the last `windowMs` or, where the meter is younger, of its whole life. Whole steps count: the
   * running one and those before it that lie within the window.
   */
  last(windowMs: number, nowMs: number): WindowSum {
    this.#advance(nowMs);
    const before = Math.min(Math.floor(windowMs / BUCKET_MS) - 1, this.#buckets.length - 1);
    let sum = 0;
    for (let back = 0; back <= before; back++) {
      const index = (this.#step - back + this.#buckets.length) % this.#buckets.length;
      sum += this.#buckets[index] ?? 0;
    }
    const sinceMs = Math.max((this.#step - before) * BUCKET_MS, this.#startedMs);
    return { sum, coveredMs: nowMs - sinceMs };
  }

  /** Empties the steps that time has passed over. */
  #advance(nowMs: number): void {
    const step = Math.floor(nowMs / BUCKET_MS);
    const passed = Math.min(step - this.#step, this.#buckets.length);
    for (let ahead = 1; ahead <= passed; ahead++) {
      this.#buckets[(this.#step + ahead) % this.#buckets.length] = 0;
    }
    this.#step = Math.max(step, this.#step);
  }
}
