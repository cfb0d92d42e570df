/** The shell around a reducer: gives it events and the time, and has its effects carried out. */

/** Turns events into effects; has no clock of its own. */
export interface Reducer<Event, Effect> {
  /** @param nowMs a clock that never goes back */
  handle(event: Event, nowMs: number): readonly Effect[];
  /** When a tick is due; undefined if nothing is being waited for. */
  readonly deadlineMs: number | undefined;
}

export interface ReducerSurroundings<Event, Effect> {
  /** The event that says that the deadline has come. */
  readonly tick: Event;
  readonly carryOut: (effect: Effect) => void;
  /** A clock that never goes back. */
  readonly nowMs: () => number;
}

/** The longest wait that setTimeout takes. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * Runs a reducer.
 * @returns hands an event over; one that an effect gives rise to is handled after the effects beside it
 */
export function runReducer<Event, Effect>(
  reducer: Reducer<Event, Effect>,
  { tick, carryOut, nowMs }: ReducerSurroundings<Event, Effect>,
): (event: Event) => void {
  const queue: Event[] = [];
  let isDispatching = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function setTimer(): void {
    clearTimeout(timer);
    const { deadlineMs } = reducer;
    if (deadlineMs === undefined) return;
    // Rounded up: a timer that fires a fraction early would only be set again.
    const waitMs = Math.min(Math.max(Math.ceil(deadlineMs - nowMs()), 0), TIMER_MAX_MS);
    timer = setTimeout(() => dispatch(tick), waitMs);
  }

  function dispatch(event: Event): void {
    queue.push(event);
    if (isDispatching) return;
    isDispatching = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        for (const effect of reducer.handle(next, nowMs())) carryOut(effect);
      }
    } finally {
      isDispatching = false;
    }
    setTimer();
  }

  return dispatch;
}
