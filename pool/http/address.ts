import type { WorkerStep } from '../ledger/minute-sums.ts';
import { historyStep } from '../statistics/minute-history.ts';
import { earningsOf, luckOfAddress } from './earnings.ts';
import { type HistoryRow, historyRows } from './history-rows.ts';
import type { PoolView } from './pool-view.ts';
import { ratesOfWorkers, workerTable } from './worker-rows.ts';

const MINUTE_MS = 60_000;
/** Workers of one address that are shown, those with the most work of the last hour first. */
const SHOWN_WORKERS = 200;
/** Newest first; further ones stand in `/earnings?wallet=`. */
const SHOWN_CREDITS = 50;
/** Of so many the history is shown; that of any other when it is asked for by name. */
const SHOWN_HISTORIES = 8;

/** The answer of `GET /workers/{address}`, with one of its workers alone where that is named. */
export async function addressAnswer(view: PoolView, address: string, minutes: number, name?: string) {
  const { accounts } = view;
  const { rows } = workerTable(view, SHOWN_WORKERS, { address, name });
  const [histories, earnings, luck] = await Promise.all([
    addressHistories(view, address, minutes),
    accounts === undefined ? null : earningsOf(accounts, address, SHOWN_CREDITS),
    accounts === undefined ? null : luckOfAddress(accounts, address),
  ]);
  return {
    address,
    time: view.clock.wallMs() / 1000,
    hash_rate: ratesOfWorkers(view, address),
    round_share: view.statistics.round.shareOf(address) ?? null,
    luck,
    workers_total: view.statistics.workers.list(address).length,
    workers: rows.map((row, index) => ({
      ...row,
      ...(index < SHOWN_HISTORIES && { history: histories.of(row.worker) }),
    })),
    history: histories.ofAll(),
    earnings,
  };
}

interface Histories {
  of(worker: string): HistoryRow[];
  /** Of all workers together. */
  ofAll(): HistoryRow[];
}

/** Histories of an address and its workers, from the ledger's sums by the minute: restarts leave no hole. */
async function addressHistories(view: PoolView, address: string, minutes: number): Promise<Histories> {
  const stepMinutes = historyStep(minutes);
  const stepMs = stepMinutes * MINUTE_MS;
  const nowMs = view.clock.wallMs();
  const firstMs = Math.floor((nowMs - (minutes - 1) * MINUTE_MS) / stepMs) * stepMs;
  const range = { sinceMs: firstMs, untilMs: nowMs + MINUTE_MS, stepMinutes, address };
  const steps = await view.ledger.shares.minutes.inSteps(range);
  const rowsOf = (some: readonly WorkerStep[]): HistoryRow[] => {
    const sums = sumsByStart(some);
    const points = Array.from({ length: Math.ceil((nowMs - firstMs) / stepMs) }, (_, index) => {
      const startMs = firstMs + index * stepMs;
      const lengthMs = Math.min(stepMs, nowMs - startMs);
      // No shares in a minute are none, whether or not the pool was up. Refusals are not kept.
      const { weight, accepted } = sums.get(startMs) ?? { weight: 0, accepted: 0 };
      return { startMs, lengthMs, weight, accepted, rejected: undefined };
    });
    return historyRows(points);
  };
  return {
    of: (name) => rowsOf(steps.filter(({ worker }) => worker.name === name)),
    ofAll: () => rowsOf(steps),
  };
}

type Sum = Pick<WorkerStep, 'weight' | 'accepted'>;

function sumsByStart(steps: readonly WorkerStep[]): ReadonlyMap<number, Sum> {
  const sums = new Map<number, Sum>();
  for (const { startMs, weight, accepted } of steps) {
    const sum = sums.get(startMs) ?? { weight: 0, accepted: 0 };
    sums.set(startMs, { weight: sum.weight + weight, accepted: sum.accepted + accepted });
  }
  return sums;
}
