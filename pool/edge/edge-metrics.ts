import type { MetricsAnswer } from '../../service/metrics.ts';
import { CONNECTION_COUNTERS } from '../stratum/connection-counter.ts';
import type { EdgeView } from './edge-health.ts';

/** One family of `/metrics`, read when asked for. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly label?: 'reason' | 'event';
  /** Values by the label's; under '' where there is no label. */
  values(view: EdgeView): Readonly<Record<string, number>>;
}

/** Names after Prometheus' rules (base units, `_total` for what only rises). No worker stands in a label. */
const FAMILIES: readonly Family[] = [
  {
    name: 'nilz_edge_pool_up',
    help: '1 while the pool can be reached, else 0',
    values: ({ link }) => ({ '': link.state.name === 'up' ? 1 : 0 }),
  },
  {
    name: 'nilz_edge_paused',
    help: '1 while the pool has been away for longer than miners may work on, else 0',
    values: ({ jobs }) => ({ '': jobs.isPaused ? 1 : 0 }),
  },
  {
    name: 'nilz_edge_connections',
    help: 'Open connections of miners',
    values: ({ server }) => ({ '': server.connections.open }),
  },
  {
    name: 'nilz_edge_connections_authorized',
    help: 'Of the open connections: with an authorised worker',
    values: ({ server }) => ({ '': server.connections.authorized }),
  },
  {
    name: 'nilz_edge_shares_held',
    help: 'Shares that the pool has not answered yet',
    values: ({ shares }) => ({ '': shares.held.held }),
  },
  {
    name: 'nilz_edge_shares_accepted_total',
    help: 'Shares that are on the disk of the pool and were acknowledged',
    values: ({ counts }) => ({ '': counts.accepted }),
  },
  {
    name: 'nilz_edge_shares_rejected_total',
    help: 'Submissions that were refused, by reason, by the edge or by the pool',
    label: 'reason',
    values: ({ counts }) => counts.rejected,
  },
  {
    name: 'nilz_edge_connection_events_total',
    help: `What happened to connections: ${Object.entries(CONNECTION_COUNTERS)
      .map(([event, meaning]) => `${event} (${meaning})`)
      .join('; ')}`,
    label: 'event',
    values: ({ counts }) => counts.connections,
  },
];

/** The text of `/metrics`, as Prometheus reads it. */
export async function edgeMetrics(view: EdgeView): Promise<MetricsAnswer> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  for (const { name, help, label, values } of FAMILIES) {
    const options = { name, help, registers: [registry], labelNames: label === undefined ? [] : [label] };
    const metric = name.endsWith('_total') ? new Counter(options) : new Gauge(options);
    for (const [value, count] of Object.entries(values(view))) {
      metric.inc(label === undefined ? {} : { [label]: value }, count);
    }
  }
  return { type: registry.contentType, text: await registry.metrics() };
}
