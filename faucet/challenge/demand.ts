/** How much work a claim costs: little while few come, and more in proportion when many do. */

/** The weight of a claim falls to 1/e within it: a flood is felt at once and forgotten in a few hours. */
const MEMORY_MS = 3_600_000;

/** Claims accepted lately, as a rate. Work, not requests, moves it: asking for challenges costs nobody more. */
export class Demand {
  #weight = 0;
  #atMs: number;

  /** @param nowMs of a clock that never goes back */
  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  claimed(nowMs: number): void {
    this.#fade(nowMs);
    this.#weight += 1;
  }

  /** An average over about the last hour, recent claims counting more. */
  claimsPerHour(nowMs: number): number {
    this.#fade(nowMs);
    return this.#weight * (3_600_000 / MEMORY_MS);
  }

  #fade(nowMs: number): void {
    this.#weight *= Math.exp(-(nowMs - this.#atMs) / MEMORY_MS);
    this.#atMs = nowMs;
  }
}

export interface WorkRange {
  /** Attempts while the faucet can go on like this for ever. */
  readonly least: number;
  /** What a flood can drive them to: people must still get through. */
  readonly most: number;
}

/**
 * The attempts that a claim costs now. Up to the pace at which the day's budget lasts the day it is the least;
 * at twice that pace twice as much, and so on, so that emptying the faucet faster never gets cheaper.
 */
export function attemptsFor(
  claimsPerHour: number,
  sustainablePerHour: number,
  { least, most }: WorkRange,
): number {
  const pressure = sustainablePerHour > 0 ? claimsPerHour / sustainablePerHour : Number.POSITIVE_INFINITY;
  return Math.min(most, Math.max(least, Math.round(least * pressure)));
}
