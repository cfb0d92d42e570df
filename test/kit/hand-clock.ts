import type { Clock } from '../../service/clock.ts';

export const HOUR_MS = 3_600_000;

/** Moves only when it is told to; the steady clock goes with it unless a jump is meant. */
export class HandClock implements Clock {
  #wallMs = Date.UTC(2026, 0, 15, 12);
  #steadyMs = 0;

  wallMs(): number {
    return this.#wallMs;
  }

  steadyMs(): number {
    return this.#steadyMs;
  }

  pass(ms: number): void {
    this.#wallMs += ms;
    this.#steadyMs += ms;
  }

  /** Somebody sets the system's clock. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }
}
