import type { HistoryPoint } from '../statistics/minute-history.ts';

/** One step of a history, as the charts draw it. What was not counted is null. */
export interface HistoryRow {
  /** Beginning of the step, seconds since 1970. */
  readonly time: number;
  /** Length of the step; of the running one, what has passed. */
  readonly seconds: number;
  readonly hashes_per_second: number | null;
  readonly accepted: number | null;
  readonly rejected: number | null;
}

/** Below it a rate is noise. */
const SHORTEST_MS = 10_000;

/** The points of a history as rows. */
export function historyRows(points: readonly HistoryPoint[]): HistoryRow[] {
  return points.map(({ startMs, lengthMs, weight, accepted, rejected }) => ({
    time: startMs / 1000,
    seconds: lengthMs / 1000,
    hashes_per_second: weight === undefined || lengthMs < SHORTEST_MS ? null : (weight / lengthMs) * 1000,
    accepted: accepted ?? null,
    rejected: rejected ?? null,
  }));
}
