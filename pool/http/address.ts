import type { WorkerStep } from '../ledger/minute-sums.ts';
import { historyStep } from '../statistics/minute-history.ts';
import { earningsOf, luckOfAddress } from './earnings.ts';
import { type HistoryRow, historyRows } from './history-rows.ts';
import type { PoolView } from './pool-view.ts';
import { ratesOfWorkers, workerTable } from './worker-rows.ts';

const MINUTE_MS = 60_000;
/** Workers of one address that are shown, those with the most work of the last hour first. */
const SHOWN_WORKERS = 1_000;
/** Newest first; further ones stand in `/earnings?wallet=`. */
const SHOWN_CREDITS = 50;
/** Of so many the history is shown; that of any other when it is asked for by name. */
const SHOWN_HISTORIES = 20;

/** The answer of `GET /workers/{address}`. */
export async function addressAnswer(
  view: PoolView,
  address: string,
  minutes: number,
  worker: string | undefined,
) {
  const { statistics, accounts } = view;
  const { total, rows } = workerTable(view, SHOWN_WORKERS, address);
  const shown = worker === undefined ? rows : rows.filter((row) => row.worker === worker);
  const [histories, earnings, luck] = await Promise.all([
    workerHistories(view, address, minutes),
    accounts === undefined ? null : earningsOf(accounts, address, SHOWN_CREDITS),
    accounts === undefined ? null : luckOfAddress(accounts, address),
  ]);
  const round = statistics.round.shareOf(address);
  return {
    address,
    time: view.clock.wallMs() / 1000,
    hash_rate: ratesOfWorkers(view, address),
    round_share: round ?? null,
    luck,
    workers_total: total,
    workers: shown.map((row, index) => ({
      ...row,
      ...(index < SHOWN_HISTORIES && { history: histories(row.worker) }),
    })),
    earnings,
  };
}

/** Histories of an address's workers, from the ledger's sums by the minute. */
async function workerHistories(
  { ledger, clock }: PoolView,
  address: string,
  minutes: number,
): Promise<(name: string) => HistoryRow[]> {
  const stepMinutes = historyStep(minutes);
  const stepMs = stepMinutes * MINUTE_MS;
  const nowMs = clock.wallMs();
  const firstMs = Math.floor((nowMs - (minutes - 1) * MINUTE_MS) / stepMs) * stepMs;
  const range = { sinceMs: firstMs, untilMs: nowMs + MINUTE_MS, stepMinutes, address };
  const byWorker = new Map<string, Map<number, WorkerStep>>();
  for (const step of await ledger.shares.minutes.inSteps(range)) {
    const steps = byWorker.get(step.worker.name) ?? new Map<number, WorkerStep>();
    steps.set(step.startMs, step);
    byWorker.set(step.worker.name, steps);
  }
  const starts = Array.from(
    { length: Math.ceil((nowMs - firstMs) / stepMs) },
    (_, at) => firstMs + at * stepMs,
  );
  return (name) =>
    historyRows(
      starts.map((startMs) => {
        const step = byWorker.get(name)?.get(startMs);
        const lengthMs = Math.min(stepMs, nowMs - startMs);
        // The ledger keeps no refusals, and no shares of a minute are none, whether or not the pool was up.
        return {
          startMs,
          lengthMs,
          weight: step?.weight ?? 0,
          accepted: step?.accepted ?? 0,
          rejected: undefined,
        };
      }),
    );
}
