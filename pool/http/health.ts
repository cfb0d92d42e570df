import type { PoolView } from './pool-view.ts';

/** The answer of `GET /health`: whether miners get work and their shares can be kept. */
export function healthOf(view: Pick<PoolView, 'jobs' | 'ledger' | 'nodes' | 'server' | 'clock'>) {
  const { jobs, ledger, server, clock } = view;
  const job = jobs.current;
  const trouble = troubleOf(view);
  return {
    status: trouble === null ? ('ok' as const) : ('trouble' as const),
    trouble,
    node: view.nodes.state.name,
    height: job?.tip.height ?? null,
    job_age_seconds: job === undefined ? null : Math.round((clock.steadyMs() - job.createdMs) / 1000),
    connections: server.connections.open,
    shares_waiting: ledger.shares.waiting,
  };
}

/** What keeps the pool from working, as a sentence; null when nothing does. */
function troubleOf({ jobs, ledger, nodes }: Pick<PoolView, 'jobs' | 'ledger' | 'nodes'>): string | null {
  if (nodes.state.name === 'away') return `the node is away: ${nodes.state.reason}`;
  const { failure } = ledger.shares;
  if (failure !== undefined) return `the ledger cannot be written: ${failure}`;
  return jobs.current === undefined ? 'there is no work yet' : null;
}
