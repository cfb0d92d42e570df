import { difficultyOf } from '../../protocol/work.ts';
import {
  type MetricFamily,
  type MetricsAnswer,
  metricsReader,
  PROCESS_FAMILIES,
} from '../../service/metrics.ts';
import { CONNECTION_COUNTERS } from '../stratum/connection-counter.ts';
import type { PoolView } from './pool-view.ts';

const WINDOW_NAMES: Readonly<Record<number, string>> = { 60: '1m', 300: '5m', 3600: '1h', 86400: '24h' };

/** What `/metrics` shows. No label carries an address or the name of a worker: those are for anybody to invent. */
const FAMILIES: readonly MetricFamily<PoolView>[] = [
  {
    name: 'nilz_pool_hashes_per_second',
    help: 'Hash rate of all miners over a window, from accepted shares; absent while unknown',
    labels: ['window'],
    samples: ({ statistics }) =>
      statistics
        .hashRates()
        .flatMap(({ window_seconds: window, hashes_per_second: rate }) =>
          rate === null ? [] : [[{ window: WINDOW_NAMES[window] ?? String(window) }, rate] as const],
        ),
  },
  {
    name: 'nilz_pool_shares_accepted_total',
    help: 'Shares that are on the disk and were acknowledged',
    samples: ({ statistics }) => [[{}, statistics.accepted]],
  },
  {
    name: 'nilz_pool_shares_late_total',
    help: 'Of the accepted: handed in within 2 s after a new block',
    samples: ({ statistics }) => [[{}, statistics.late]],
  },
  {
    name: 'nilz_pool_shares_rejected_total',
    help: 'Submissions that were refused, by reason',
    labels: ['reason'],
    samples: ({ statistics }) =>
      Object.entries(statistics.rejected).map(([reason, count]) => [{ reason }, count]),
  },
  {
    name: 'nilz_pool_shares_waiting',
    help: 'Shares that are not on the disk yet',
    samples: ({ ledger }) => [[{}, ledger.shares.waiting]],
  },
  {
    name: 'nilz_pool_ledger_failing',
    help: '1 while shares cannot be written, else 0',
    samples: ({ ledger }) => [[{}, ledger.shares.failure === undefined ? 0 : 1]],
  },
  {
    name: 'nilz_pool_connections',
    help: 'Open connections of miners',
    samples: ({ server }) => [[{}, server.connections.open]],
  },
  {
    name: 'nilz_pool_connections_authorized',
    help: 'Of the open connections: with an authorised worker',
    samples: ({ server }) => [[{}, server.connections.authorized]],
  },
  {
    name: 'nilz_pool_connection_events_total',
    help: `What happened to connections: ${Object.entries(CONNECTION_COUNTERS)
      .map(([event, meaning]) => `${event} (${meaning})`)
      .join('; ')}`,
    labels: ['event'],
    samples: ({ statistics }) =>
      Object.entries(statistics.connections).map(([event, count]) => [{ event }, count]),
  },
  {
    name: 'nilz_pool_workers',
    help: 'Workers that brought a share within the last 24 h',
    samples: ({ statistics }) => [[{}, statistics.workers.size]],
  },
  {
    name: 'nilz_pool_node_active',
    help: '1 for the node that work comes from, 0 for the others, by their URLs without login',
    labels: ['node'],
    samples: ({ nodes }) => nodes.states().map(({ url, active }) => [{ node: url }, active ? 1 : 0]),
  },
  {
    name: 'nilz_pool_new_tip_seconds',
    help: "Of the last new tip: from the node's answer to the last miner's job; absent before the first",
    samples: ({ work }) => (work.lastTipMs === undefined ? [] : [[{}, work.lastTipMs / 1000]]),
  },
  {
    name: 'nilz_pool_network_difficulty',
    help: 'Difficulty of the job that is out; absent while there is none',
    samples: ({ jobs }) => (jobs.current === undefined ? [] : [[{}, difficultyOf(jobs.current.bits)]]),
  },
  {
    name: 'nilz_pool_network_height',
    help: 'Height of the tip; absent while there is no work',
    samples: ({ jobs }) => (jobs.current === undefined ? [] : [[{}, jobs.current.tip.height]]),
  },
  {
    name: 'nilz_pool_round_shares',
    help: 'Shares since the last block',
    samples: ({ statistics }) => [[{}, statistics.round.shares]],
  },
  {
    name: 'nilz_pool_http_refused_total',
    help: 'HTTP requests refused: bad parameters or bodies, wrong admin tokens, and those told to wait; and connections beyond what one address may have',
    labels: ['reason'],
    samples: ({ counters }) => [
      [{ reason: 'bad_request' }, counters.badRequests],
      [{ reason: 'wrong_token' }, counters.wrongTokens],
      [{ reason: 'token_limit' }, counters.limitedTokens],
      [{ reason: 'address_connections' }, counters.refusedConnections],
    ],
  },
  {
    name: 'nilz_pool_live_feeds',
    help: 'Open WebSockets of /live',
    samples: ({ live }) => [[{}, live.open]],
  },
  {
    name: 'nilz_pool_live_feeds_total',
    help: 'What happened to WebSockets of /live: opened; refused, because there were as many as may be; slow and misused, closed because they did not read, or said too much',
    labels: ['event'],
    samples: ({ live }) => Object.entries(live.counters).map(([event, count]) => [{ event }, count]),
  },
  {
    name: 'nilz_pool_edges',
    help: 'Edges that are connected',
    samples: ({ edges }) => [[{}, edges.states().length]],
  },
  {
    name: 'nilz_pool_edge_connections',
    help: 'Open connections of miners at these edges, as each said last',
    samples: ({ edges }) => [[{}, edges.states().reduce((sum, each) => sum + (each.connections ?? 0), 0)]],
  },
  {
    name: 'nilz_pool_edges_refused_total',
    help: 'Connections to /edge that were refused for want of the edge token',
    samples: ({ edges }) => [[{}, edges.wrongTokens]],
  },
  {
    name: 'nilz_pool_bans',
    help: 'Clients that may not connect for a while',
    samples: ({ server }) => [[{}, server.bans().length]],
  },
  {
    name: 'nilz_pool_start_time_seconds',
    help: 'When the pool was started, seconds since 1970',
    samples: ({ statistics }) => [[{}, statistics.startedMs / 1000]],
  },
  ...PROCESS_FAMILIES,
];

/** Answers `GET /metrics` of one pool. */
export function poolMetrics(view: PoolView): () => Promise<MetricsAnswer> {
  return metricsReader(FAMILIES, view);
}
