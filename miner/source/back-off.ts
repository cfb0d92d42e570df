/** How long to wait before the next attempt to reach a pool. */

/** Bounds of the wait, in milliseconds. */
export interface BackOffLimits {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** The wait after a refusal, or a flood; {@link BackOffLimits.maxDelayMs} unless given. */
  readonly penaltyMs?: number;
}

/** A pool that restarts is found again within a second or two; one that is gone is asked once a minute. */
export const DEFAULT_BACK_OFF: BackOffLimits = { firstDelayMs: 1_000, maxDelayMs: 60_000 };

/** Of several pools: that a better one is back is noticed soon. One that refuses us is asked no more often for it. */
export const FAILOVER_BACK_OFF: BackOffLimits = {
  firstDelayMs: 1_000,
  maxDelayMs: 15_000,
  penaltyMs: DEFAULT_BACK_OFF.maxDelayMs,
};

/**
 * The wait before an attempt: doubled with each failure, and shortened by chance to between
 * a half and the whole, so that the miners of a pool that restarts do not all return at once.
 *
 * @param failures attempts that have failed in a row, ≥ 1
 * @param random a number in [0, 1)
 */
export function backOffDelayMs(failures: number, random: number, limits: BackOffLimits): number {
  const full = Math.min(limits.maxDelayMs, limits.firstDelayMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (0.5 + random / 2));
}
