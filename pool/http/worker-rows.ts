import { addHashRates, type HashRate } from '../statistics/hash-rate.ts';
import { type WorkerState, workerState } from '../statistics/worker-state.ts';
import type { RejectCounts, WorkerTally } from '../statistics/worker-tally.ts';
import { secondsOf } from './amount-fields.ts';
import type { PoolView } from './pool-view.ts';

/** One worker, as `/stats` and `/workers/{address}` show it. */
export interface WorkerRow {
  readonly address: string;
  /** Empty where the user named only an address. */
  readonly worker: string;
  readonly state: WorkerState;
  readonly hash_rate: readonly HashRate[];
  /** Counts of shares since this moment: the pool's start, or the worker's first share after it. */
  readonly since: number;
  readonly accepted: number;
  readonly late: number;
  readonly stale: number;
  /** Refusals by reason, stale ones left out. */
  readonly rejected: RejectCounts;
  /** Of the last accepted share. */
  readonly difficulty: number | null;
  readonly best_share: number | null;
  readonly last_share_time: number | null;
  /** What the miner calls itself: unchecked text. */
  readonly agent: string | null;
  readonly connections: number;
}

type RowView = Pick<PoolView, 'statistics' | 'roster' | 'clock' | 'server'>;

/** The workers of the last day, or of one address, with the most work of the last hour first. */
export function workerRows(view: RowView, address?: string): WorkerRow[] {
  const { statistics, clock } = view;
  const steadyMs = clock.steadyMs();
  statistics.workers.forgetIdle(steadyMs);
  return statistics.workers
    .list(address)
    .map((tally) => workerRow(view, tally, steadyMs))
    .sort((a, b) => hourlyRate(b) - hourlyRate(a) || a.worker.localeCompare(b.worker));
}

/** The rates of several workers together. */
export function ratesOfRows(rows: readonly WorkerRow[]): HashRate[] {
  return addHashRates(rows.map(({ hash_rate }) => hash_rate));
}

function workerRow({ roster, clock }: RowView, tally: WorkerTally, steadyMs: number): WorkerRow {
  const { worker, lastShareMs, difficulty } = tally;
  const { stale = 0, ...rejected } = tally.rejected;
  const rates = tally.rates(steadyMs);
  const connections = roster.connectionsOf(worker);
  const silentSeconds = lastShareMs === null ? undefined : (clock.wallMs() - lastShareMs) / 1000;
  return {
    address: worker.address,
    worker: worker.name,
    state: workerState({ connections, silentSeconds, difficulty, rates }),
    hash_rate: rates,
    since: tally.sinceMs / 1000,
    accepted: tally.accepted,
    late: tally.late,
    stale,
    rejected,
    difficulty,
    best_share: tally.bestShare,
    last_share_time: secondsOf(lastShareMs),
    agent: null,
    connections,
  };
}

function hourlyRate({ hash_rate }: WorkerRow): number {
  return hash_rate.find(({ window_seconds }) => window_seconds === 3_600)?.hashes_per_second ?? 0;
}
