import type { Difficulty } from '../../protocol/units.ts';
import type { HashRate } from './hash-rate.ts';

/** How a worker does: as ever, at less than half of what it did, or gone. */
export type WorkerState = 'ok' | 'low' | 'offline';

/** Whether a worker is there. */
export interface SignsOfLife {
  /** Its own connections to this pool; those of an edge are not seen here. */
  readonly connections: number;
  /** Since its last accepted share; undefined when there is none. */
  readonly silentSeconds: number | undefined;
}

/** What the state of a worker is told from. */
export interface WorkerSigns extends SignsOfLife {
  readonly difficulty: Difficulty | null;
  readonly rates: readonly HashRate[];
}

/** Without a connection of its own a worker is gone after this long without a share. */
const GONE_SECONDS = 600;
/** With fewer shares to be expected, chance alone halves a rate more often than once in a hundred times. */
const ENOUGH_SHARES = 10;
const HASHES_PER_DIFFICULTY = 2 ** 32;

/**
 * Tells a worker's state. `low`: over the last five minutes less than half of its rate over the last hour,
 * where at that rate ten shares or more were to be expected.
 */
export function workerState(signs: WorkerSigns): WorkerState {
  if (isGone(signs)) return 'offline';
  const { difficulty, rates } = signs;
  const short = rates.find(({ window_seconds }) => window_seconds === 300);
  const long = rates.find(({ window_seconds }) => window_seconds === 3_600)?.hashes_per_second;
  const now = short?.hashes_per_second;
  if (typeof now !== 'number' || typeof long !== 'number' || difficulty === null) return 'ok';
  const expectedShares = (long * (short?.covered_seconds ?? 0)) / (difficulty * HASHES_PER_DIFFICULTY);
  return expectedShares >= ENOUGH_SHARES && now < long / 2 ? 'low' : 'ok';
}

/** Whether nobody is there any more: no connection, and no share for ten minutes. */
export function isGone({ connections, silentSeconds }: SignsOfLife): boolean {
  return connections === 0 && (silentSeconds ?? Number.POSITIVE_INFINITY) > GONE_SECONDS;
}
