/** The time by which cooldowns and days are reckoned: one that a wrong or changed system clock cannot abuse. */
import type { Clock } from '../../service/clock.ts';

/** How fast the time runs while it makes up for a difference to the system's clock. */
const SLOWEST = 0.5;
const FASTEST = 2;
/** A difference that nobody minds. */
const UNNOTICED_MS = 1_000;

/**
 * Follows the system's clock without its jumps. It never goes back, also over restarts, so that what was claimed a
 * moment ago never lies in the future; and in any span of real time it advances by at most twice that span, so that a
 * clock set forward ends no cooldown at once and hands out no second day's budget.
 */
export class ClaimClock implements Clock {
  readonly #clock: Clock;
  #nowMs: number;
  #steadyMs: number;

  /** @param latestMs the latest time that was written down; 0 if there is none */
  constructor(clock: Clock, latestMs: number) {
    this.#clock = clock;
    this.#nowMs = Math.max(clock.wallMs(), latestMs);
    this.#steadyMs = clock.steadyMs();
  }

  /** Milliseconds since 1970, whole. */
  wallMs(): number {
    const steadyMs = this.#clock.steadyMs();
    const passedMs = steadyMs - this.#steadyMs;
    const wantedMs = this.#clock.wallMs() - this.#nowMs;
    this.#nowMs += Math.min(Math.max(wantedMs, passedMs * SLOWEST), passedMs * FASTEST);
    this.#steadyMs = steadyMs;
    return Math.floor(this.#nowMs);
  }

  steadyMs(): number {
    return this.#clock.steadyMs();
  }

  /** What the system's clock will show at a moment of this time: for people who are told when to come back. */
  shownMs(timeMs: number): number {
    const aheadMs = this.wallMs() - this.#clock.wallMs();
    return Math.abs(aheadMs) < UNNOTICED_MS ? timeMs : timeMs - aheadMs;
  }
}
