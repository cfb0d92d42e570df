import { addHashRates, type HashRate } from '../statistics/hash-rate.ts';
import { isGone, type WorkerState, workerState } from '../statistics/worker-state.ts';
import type { RejectCounts, WorkerTally } from '../statistics/worker-tally.ts';
import type { Worker } from '../stratum/worker-name.ts';
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

/** Workers, with the rows of those that did most. */
export interface WorkerTable {
  readonly total: number;
  readonly online: number;
  /** Addresses with a worker that is not offline. */
  readonly miners: number;
  readonly rows: readonly WorkerRow[];
}

/** Which workers are meant. */
export interface WorkerChoice {
  readonly address?: string | undefined;
  readonly name?: string | undefined;
}

/** The workers of the last day that are meant: those with the most work of the last hour first, up to a limit. */
export function workerTable(view: RowView, limit: number, { address, name }: WorkerChoice): WorkerTable {
  const { statistics, roster, clock } = view;
  const steadyMs = clock.steadyMs();
  statistics.workers.forgetIdle(steadyMs);
  const tallies = statistics.workers
    .list(address)
    .filter(({ worker }) => name === undefined || worker.name === name);
  const online = tallies.filter((tally) => !isGone(signsOf(tally, roster, clock)));
  const agents = agentsOf(view, address);
  const rows = tallies
    .map((tally) => ({ tally, work: tally.workOfHour(steadyMs) }))
    .sort((a, b) => b.work - a.work || a.tally.worker.name.localeCompare(b.tally.worker.name))
    .slice(0, limit)
    .map(({ tally }) => workerRow(view, tally, agents.get(keyOf(tally.worker)), steadyMs));
  return {
    total: tallies.length,
    online: online.length,
    miners: new Set(online.map(({ worker }) => worker.address)).size,
    rows,
  };
}

/** The rates of several workers together. */
export function ratesOfWorkers({ statistics, clock }: RowView, address: string): HashRate[] {
  const nowMs = clock.steadyMs();
  return addHashRates(statistics.workers.list(address).map((tally) => tally.rates(nowMs)));
}

function workerRow(
  { roster, clock }: RowView,
  tally: WorkerTally,
  agent: string | undefined,
  steadyMs: number,
): WorkerRow {
  const { worker, lastShareMs, difficulty } = tally;
  const { stale = 0, ...rejected } = tally.rejected;
  const rates = tally.rates(steadyMs);
  const signs = signsOf(tally, roster, clock);
  return {
    address: worker.address,
    worker: worker.name,
    state: workerState({ ...signs, difficulty, rates }),
    hash_rate: rates,
    since: tally.sinceMs / 1000,
    accepted: tally.accepted,
    late: tally.late,
    stale,
    rejected,
    difficulty,
    best_share: tally.bestShare,
    last_share_time: secondsOf(lastShareMs),
    agent: agent ?? null,
    connections: signs.connections,
  };
}

function signsOf({ worker, lastShareMs }: WorkerTally, roster: RowView['roster'], clock: RowView['clock']) {
  return {
    connections: roster.connectionsOf(worker),
    silentSeconds: lastShareMs === null ? undefined : (clock.wallMs() - lastShareMs) / 1000,
  };
}

/** What the workers' miners call themselves, of those that are connected; of several the last one. */
function agentsOf({ server }: RowView, address: string | undefined): ReadonlyMap<string, string> {
  const agents = new Map<string, string>();
  for (const { agent, workers } of server.sessions()) {
    if (agent === null) continue;
    for (const worker of workers) {
      if (address === undefined || worker.address === address) agents.set(keyOf(worker), agent);
    }
  }
  return agents;
}

function keyOf({ address, name }: Worker): string {
  return `${address} ${name}`;
}
