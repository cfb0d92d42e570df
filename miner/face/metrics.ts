import {
  type MetricFamily,
  type MetricsAnswer,
  metricsReader,
  PROCESS_FAMILIES,
} from '../../service/metrics.ts';
import type { MinerStats } from '../figures/statistics.ts';

/** What the answers over HTTP are made of. */
export interface MinerView {
  readonly stats: () => MinerStats;
  /** Of the processor; null where the system does not tell. */
  readonly temperatureCelsius: () => number | null;
}

type One = MetricFamily<MinerView>;

/** What `/metrics` shows. No label carries a worker, a pool or an address. */
const FAMILIES: readonly One[] = [
  one('nilz_miner_up', '1 while the miner mines, else 0', ({ state }) => (state === 'mining' ? 1 : 0)),
  one('nilz_miner_uptime_seconds', 'Since the miner was started', ({ uptimeSeconds }) => uptimeSeconds),
  one('nilz_miner_hashes_total', 'Headers hashed', ({ hashes }) => hashes),
  {
    name: 'nilz_miner_hashes_per_second',
    help: 'Hash rate over a window; absent until it has passed',
    labels: ['window'],
    samples: ({ stats }) => {
      const { seconds10, minute1, minutes15 } = stats().hashRate;
      const windows = { '10s': seconds10, '1m': minute1, '15m': minutes15 };
      return Object.entries(windows).flatMap(([window, rate]) =>
        rate === null ? [] : [[{ window }, rate] as const],
      );
    },
  },
  {
    name: 'nilz_miner_thread_hashes_per_second',
    help: 'Hash rate of each thread over the last ten seconds, or the few that there have been; absent while unknown',
    labels: ['thread'],
    samples: ({ stats }) =>
      stats().threadHashRates.flatMap((rate, thread) =>
        rate === null ? [] : [[{ thread: String(thread) }, rate] as const],
      ),
  },
  {
    name: 'nilz_miner_kernel',
    help: '1 for the kernel that is hashed with',
    labels: ['kernel'],
    samples: ({ stats }) => [[{ kernel: stats().kernel }, 1]],
  },
  one('nilz_miner_threads', 'Hashing threads', ({ threads }) => threads),
  one(
    'nilz_miner_shares_accepted_total',
    'Shares that the pool has accepted',
    ({ shares }) => shares.accepted,
  ),
  one(
    'nilz_miner_accepted_difficulty_total',
    'Sum of the difficulties of the accepted shares',
    ({ shares }) => shares.acceptedDifficulty,
  ),
  one(
    'nilz_miner_shares_stale_total',
    'Shares refused because a block came before them',
    ({ shares }) => shares.stale,
  ),
  {
    name: 'nilz_miner_shares_rejected_total',
    help: 'Shares refused for another reason, by reason',
    labels: ['reason'],
    samples: ({ stats }) =>
      Object.entries(stats().shares.reasons)
        .filter(([reason]) => reason !== 'stale')
        .map(([reason, count]) => [{ reason }, count]),
  },
  one(
    'nilz_miner_shares_unanswered_total',
    'Shares sent that the pool never answered',
    ({ shares }) => shares.unanswered,
  ),
  one(
    'nilz_miner_shares_discarded_total',
    'Shares found for a job that had passed, not sent',
    ({ shares }) => shares.discarded,
  ),
  one('nilz_miner_shares_in_flight', 'Shares sent and not answered yet', ({ shares }) => shares.inFlight),
  one(
    'nilz_miner_blocks_total',
    'Accepted shares that met the target of the network',
    ({ blocks }) => blocks,
  ),
  one(
    'nilz_miner_best_share_difficulty',
    'Of all shares since the start; absent before the first',
    ({ bestShareDifficulty }) => bestShareDifficulty,
  ),
  one(
    'nilz_miner_last_accepted_share_seconds',
    'Time since the last accepted share; absent before the first',
    ({ secondsSinceAcceptedShare }) => secondsSinceAcceptedShare,
  ),
  one(
    'nilz_miner_share_difficulty',
    'Difficulty of a share of the present job; absent without one',
    ({ difficulty }) => difficulty,
  ),
  one(
    'nilz_miner_network_difficulty',
    'Difficulty of a block of the present job; absent without one',
    ({ networkDifficulty }) => networkDifficulty,
  ),
  one(
    'nilz_miner_job_switch_seconds',
    'At the last change of jobs: until every thread searched the new one; absent before the first',
    ({ jobSwitchMs }) => (jobSwitchMs === null ? null : jobSwitchMs / 1000),
  ),
  {
    name: 'nilz_miner_cpu_temperature_celsius',
    help: 'Of the hottest sensor of the processor; absent where the system does not tell',
    samples: ({ temperatureCelsius }) => sampleOf(temperatureCelsius()),
  },
  ...PROCESS_FAMILIES,
];

/** A family of one number, or of none while it is not known. */
function one(name: string, help: string, value: (stats: MinerStats) => number | null): One {
  return { name, help, samples: ({ stats }) => sampleOf(value(stats())) };
}

function sampleOf(value: number | null): readonly (readonly [Record<string, never>, number])[] {
  return value === null ? [] : [[{}, value]];
}

/** Answers `GET /metrics` of one miner. */
export function minerMetrics(view: MinerView): () => Promise<MetricsAnswer> {
  return metricsReader(FAMILIES, view);
}
