import type { RateMeter } from './rate-meter.ts';

/** Windows of all hash rates, in seconds: a minute, five minutes, an hour, a day. */
export const RATE_WINDOWS = [60, 300, 3_600, 86_400] as const;
export type RateWindow = (typeof RATE_WINDOWS)[number];

/** A rate over less than this is noise and reported as unknown. */
const SHORTEST_MS = 10_000;

/** A hash rate over a window; `null` where too little time has passed to tell. */
export interface HashRate {
  readonly window_seconds: RateWindow;
  /** Less than the window while the pool or the worker is younger. */
  readonly covered_seconds: number;
  readonly hashes_per_second: number | null;
}

/** The rates of a meter over all windows. */
export function hashRatesOf(meter: RateMeter, nowMs: number): HashRate[] {
  return RATE_WINDOWS.map((window) => {
    const { sum, coveredMs } = meter.last(window * 1000, nowMs);
    return {
      window_seconds: window,
      covered_seconds: Math.round(coveredMs / 100) / 10,
      hashes_per_second: coveredMs < SHORTEST_MS ? null : (sum / coveredMs) * 1000,
    };
  });
}

/** The rates of nobody: nothing is known. */
export const UNKNOWN_RATES: readonly HashRate[] = RATE_WINDOWS.map((window) => ({
  window_seconds: window,
  covered_seconds: 0,
  hashes_per_second: null,
}));

/** The sum of several workers' rates: unknown only where it is unknown of all. */
export function addHashRates(all: readonly (readonly HashRate[])[]): HashRate[] {
  return UNKNOWN_RATES.map((unknown, index) => {
    const rates = all.flatMap((list) => list[index] ?? []);
    const known = rates.flatMap(({ hashes_per_second: rate }) => (rate === null ? [] : [rate]));
    return {
      ...unknown,
      covered_seconds: Math.max(0, ...rates.map(({ covered_seconds }) => covered_seconds)),
      hashes_per_second: known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0),
    };
  });
}
