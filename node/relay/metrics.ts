import {
  type MetricFamily,
  type MetricsAnswer,
  metricsReader,
  PROCESS_FAMILIES,
} from '../../service/metrics.ts';
import type { RelayView } from './relay-view.ts';

/** What `/metrics` shows. No label carries what anybody can invent. */
const FAMILIES: readonly MetricFamily<RelayView>[] = [
  {
    name: 'nilz_relay_node_up',
    help: '1 while the node can be asked, else 0',
    samples: ({ link }) => [[{}, link.known === undefined ? 0 : 1]],
  },
  {
    name: 'nilz_relay_node_syncing',
    help: '1 while the node is fetching the chain, else 0; absent while it is away',
    samples: ({ link }) => (link.known === undefined ? [] : [[{}, link.state.state === 'syncing' ? 1 : 0]]),
  },
  {
    name: 'nilz_relay_tip_height',
    help: 'Height of the best chain; absent while the node is away',
    samples: ({ link }) => (link.known === undefined ? [] : [[{}, link.known.tip.height]]),
  },
  {
    name: 'nilz_relay_tip_time_seconds',
    help: 'Time of the last block, seconds since 1970; absent while the node is away',
    samples: ({ link }) => (link.known === undefined ? [] : [[{}, link.known.tip.time]]),
  },
  {
    name: 'nilz_relay_mempool_transactions',
    help: 'Transactions that wait for a block',
    samples: ({ link, mempool }) => (link.known === undefined ? [] : [[{}, mempool.size]]),
  },
  {
    name: 'nilz_relay_answers_total',
    help: 'Answers to HTTP requests, by the first digit of their status',
    labels: ['status'],
    samples: ({ counters }) =>
      Object.entries(counters.statuses).map(([family, count]) => [{ status: `${family}xx` }, count]),
  },
  {
    name: 'nilz_relay_refused_total',
    help: 'What was refused: requests beyond the rate for reading and for handing in, questions for which the node was too busy, connections beyond what one address may have',
    labels: ['reason'],
    samples: ({ rates, calls, counters }) => [
      [{ reason: 'reading_rate' }, rates.reading.refused],
      [{ reason: 'writing_rate' }, rates.writing.refused],
      [{ reason: 'node_busy' }, calls.refused],
      [{ reason: 'address_connections' }, counters.refusedConnections],
    ],
  },
  {
    name: 'nilz_relay_node_calls_total',
    help: 'Calls of the node',
    samples: ({ calls }) => [[{}, calls.calls]],
  },
  {
    name: 'nilz_relay_node_requests_total',
    help: 'Requests to the node: several calls may go out in one',
    samples: ({ calls }) => [[{}, calls.requests]],
  },
  {
    name: 'nilz_relay_node_requests',
    help: 'Requests to the node that are running or waiting',
    labels: ['state'],
    samples: ({ calls }) => [
      [{ state: 'running' }, calls.running],
      [{ state: 'waiting' }, calls.waiting],
    ],
  },
  {
    name: 'nilz_relay_listeners',
    help: 'Open WebSockets of /events',
    samples: ({ events }) => [[{}, events.open]],
  },
  {
    name: 'nilz_relay_listeners_total',
    help: 'What happened to WebSockets of /events: opened; refused, because there were as many as may be; slow and misused, closed because they did not read, or talked',
    labels: ['event'],
    samples: ({ events }) => Object.entries(events.counters).map(([event, count]) => [{ event }, count]),
  },
];

/** Answers `GET /metrics` of one relay. */
export function relayMetrics(view: RelayView): () => Promise<MetricsAnswer> {
  return metricsReader([...FAMILIES, ...PROCESS_FAMILIES], view);
}
