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

/**
 * One slice of each turn of the event loop for many who work side by side, however many they are:
 * `while (slice.isUsedUp) await slice.renew();` before each piece of work. Those who wait go on in their order.
 */
export class SharedSlice {
  #endMs = performance.now() + SLICE_MS;
  #next: Promise<void> | undefined;

  get isUsedUp(): boolean {
    return this.#next !== undefined || performance.now() > this.#endMs;
  }

  /** Resolves in the next turn, for all at once: the first of them may use it up again. */
  renew(): Promise<void> {
    this.#next ??= nextTurn().then(() => {
      this.#next = undefined;
      this.#endMs = performance.now() + SLICE_MS;
    });
    return this.#next;
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
