import type { Clock } from '../clock.ts';

/**
 * The clocks of a recording: they stand where the last line put them. Without times in the recording they stand at
 * the time of the latest job, so that nothing is late or ahead of it.
 */
export class ReplayClock implements Clock {
  #timeMs = 0;
  #isRecorded = false;

  wallMs(): number {
    return this.#timeMs;
  }

  steadyMs(): number {
    return this.#timeMs;
  }

  /** A line was said at this moment. Time does not go back. */
  set(timeMs: number): void {
    this.#timeMs = this.#isRecorded ? Math.max(this.#timeMs, timeMs) : timeMs;
    this.#isRecorded = true;
  }

  /** Without recorded times it is at least this late. */
  atLeast(timeMs: number): void {
    if (!this.#isRecorded) this.#timeMs = Math.max(this.#timeMs, timeMs);
  }
}
