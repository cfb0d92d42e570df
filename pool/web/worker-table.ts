/** Workers: one row each, best first. */
import { DataTable } from '../../service/web/data-table.ts';
import { type Child, h } from '../../service/web/element.ts';
import { count, hashRate, scaled, UNKNOWN } from '../../service/web/format.ts';
import { when } from '../../service/web/when.ts';
import type { Worker } from './answers.ts';
import { WORKER_STATES } from './explanations.ts';
import { addressLink, rateOver, state, workerLink } from './parts.ts';

const WINDOW_S = 300;

export interface WorkerTableOptions {
  /** Not needed where all are of one address. */
  readonly showAddress: boolean;
  readonly empty: readonly Child[];
}

export function workerTable({ showAddress, empty }: WorkerTableOptions): DataTable<Worker> {
  return new DataTable<Worker>({
    caption: 'Workers',
    key: ({ address, worker }) => `${address} ${worker}`,
    empty,
    columns: [
      { label: 'Worker', cell: ({ address, worker }) => workerLink(address, worker) },
      ...(showAddress ? [{ label: 'Address', cell: ({ address }: Worker) => addressLink(address) }] : []),
      { label: 'State', cell: (worker) => state(worker.state, WORKER_STATES) },
      {
        label: 'Hash rate, 5 min',
        numeric: true,
        cell: ({ hash_rate }) => hashRate(rateOver(hash_rate, WINDOW_S)),
      },
      { label: 'Accepted', numeric: true, cell: ({ accepted }) => count(accepted) },
      {
        label: 'Refused',
        numeric: true,
        hint: 'stale and rejected shares; the reasons stand on the page of the worker',
        cell: (worker) => count(refusedOf(worker)),
      },
      { label: 'Difficulty', numeric: true, detail: true, cell: ({ difficulty }) => scaled(difficulty) },
      {
        label: 'Best share',
        numeric: true,
        detail: true,
        hint: 'the highest difficulty of any of its shares',
        cell: ({ best_share }) => scaled(best_share),
      },
      { label: 'Last share', numeric: true, cell: ({ last_share_time }) => when(last_share_time) },
    ],
  });
}

/** Highest hash rate first; those that are silent after them, the latest first. */
export function byRate(one: Worker, other: Worker): number {
  const rate = (worker: Worker) => rateOver(worker.hash_rate, WINDOW_S) ?? 0;
  return rate(other) - rate(one) || (other.last_share_time ?? 0) - (one.last_share_time ?? 0);
}

export function refusedOf({ rejected, stale }: Worker): number {
  if (typeof rejected === 'number') return rejected + (stale ?? 0);
  const listed = Object.values(rejected).reduce((sum, value) => sum + value, 0);
  return Math.max(listed, stale ?? 0);
}

/** What a miner calls itself, as text. */
export function agentText(agent: string | null): HTMLElement {
  return agent === null || agent === ''
    ? h('span', { class: 'unknown' }, UNKNOWN)
    : h('span', { class: 'agent' }, agent);
}
