import type { Clock } from '../clock.ts';
import type { Statistics } from '../statistics/statistics.ts';
import type { StratumServer } from '../stratum/stratum-server.ts';
import type { LinkState, PoolLink } from './pool-link.ts';
import type { RemoteJobs } from './remote-jobs.ts';
import type { RemoteShares } from './remote-shares.ts';

/** What the HTTP answers of an edge are made of. */
export interface EdgeView {
  readonly id: string;
  readonly network: string;
  readonly poolUrl: string;
  readonly link: Pick<PoolLink, 'state'>;
  readonly jobs: Pick<RemoteJobs, 'current' | 'isPaused'>;
  readonly shares: Pick<RemoteShares, 'held'>;
  readonly server: Pick<StratumServer, 'connections' | 'bans' | 'url' | 'tlsUrl'>;
  /** Since the edge was started. */
  readonly counts: Pick<Statistics, 'startedMs' | 'accepted' | 'late' | 'rejected' | 'connections'>;
  readonly maxHeld: number;
  readonly maxOfflineMs: number;
  readonly clock: Clock;
}

/**
 * The answer of `GET /health`: both sides of the edge. Times are Unix seconds. It is well while miners get work,
 * also on the last job for as long as that is allowed.
 */
export function edgeHealthOf(view: EdgeView) {
  const { link, server, shares, counts, clock } = view;
  const trouble = troubleOf(view);
  const job = view.jobs.current();
  const { held, underWay } = shares.held;
  return {
    status: trouble === null ? ('ok' as const) : ('trouble' as const),
    trouble,
    edge: view.id,
    network: view.network,
    pool: {
      url: view.poolUrl,
      state: link.state.name,
      since: link.state.name === 'unknown' ? null : link.state.sinceMs / 1000,
      reason: link.state.name === 'up' ? null : link.state.reason,
      max_offline_seconds: view.maxOfflineMs / 1000,
    },
    miners: { ...server.connections, banned: server.bans().length },
    job: {
      height: job?.height ?? null,
      age_seconds: job === undefined ? null : Math.round((clock.steadyMs() - job.createdMs) / 1000),
    },
    shares: {
      since: counts.startedMs / 1000,
      accepted: counts.accepted,
      rejected: counts.rejected,
      held,
      under_way: underWay,
      room: view.maxHeld,
    },
  };
}

/** What keeps miners from work, as a sentence; null when nothing does. */
function troubleOf({ link, jobs, poolUrl }: EdgeView): string | null {
  if (jobs.current() !== undefined) return null;
  return link.state.name === 'up' ? 'the pool has no work yet' : `${awayText(link.state, poolUrl)}`;
}

function awayText(state: Exclude<LinkState, { name: 'up' }>, poolUrl: string): string {
  return `the pool at ${poolUrl} is away: ${state.reason ?? 'not reached yet'}`;
}
