/** The HTTP port of a miner: `GET /metrics` for Prometheus, `GET /health` for whoever watches that it works. */
import Router from '@koa/router';
import { httpApp, newAnswerCounters } from '../../service/http-server/http-app.ts';
import { startHttpService } from '../../service/http-server/start-http-service.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import type { MinerStats } from '../figures/statistics.ts';
import { type MinerView, minerMetrics } from './metrics.ts';

export interface StatusServerOptions extends MinerView {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly log: Logger;
}

/** A port that is open. */
export interface StatusServer extends Stoppable {
  readonly url: string;
}

/** A few that watch, and no crowd. */
const CONNECTIONS = { total: 64, perAddress: 32 } as const;

/**
 * Opens the port.
 * @throws ListenError when it is taken
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const { log, stats } = options;
  const readMetrics = minerMetrics(options);
  const router = new Router();
  router.get('/metrics', async (ctx) => {
    const { type, text } = await readMetrics();
    ctx.type = type;
    ctx.body = text;
  });
  router.get('/health', (ctx) => {
    const health = healthOf(stats());
    ctx.status = health.status === 'ok' ? 200 : 503;
    ctx.body = health;
  });
  const app = httpApp({ router, cors: { origins: [] }, log, counters: newAnswerCounters() });
  return startHttpService({
    host: options.host,
    port: options.port,
    portSetting: '--metrics-port',
    handler: app.callback(),
    connections: CONNECTIONS,
    isProxy: () => false,
    onRefused: () => log.debug('an HTTP client with too many connections was refused'),
    log,
  });
}

/** The answer of `GET /health`: it is well while there is a pool that gives work and takes shares. */
export function healthOf({ state, problem, difficulty, shares, secondsSinceAcceptedShare }: MinerStats) {
  const trouble = troubleOf({ state, problem, difficulty });
  return {
    status: trouble === null ? ('ok' as const) : ('trouble' as const),
    trouble,
    state,
    accepted: shares.accepted,
    seconds_since_accepted_share: secondsSinceAcceptedShare,
  };
}

/** What keeps the miner from mining, as a sentence; null when nothing does. */
function troubleOf({
  state,
  problem,
  difficulty,
}: Pick<MinerStats, 'state' | 'problem' | 'difficulty'>): string | null {
  if (problem !== null) return problem.text;
  if (state !== 'mining') return `the miner is ${state}`;
  return difficulty === null ? 'the pool has given no work yet' : null;
}
