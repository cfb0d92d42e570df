import Router from '@koa/router';
import Koa from 'koa';
import { amountToNumber } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { difficultyOf } from '../../protocol/work.ts';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { LedgerBlock } from '../ledger/accounts-schema.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { NodeNetwork } from '../nodes/node-network.ts';
import type { TemplateWatcher } from '../nodes/template-watcher.ts';
import type { Statistics } from '../statistics/statistics.ts';
import type { Roster } from '../stratum/roster.ts';
import type { StratumServer } from '../stratum/stratum-server.ts';

/** What the pages and numbers are made of. */
export interface PoolView {
  readonly network: NodeNetwork;
  readonly rewardAddress: string;
  readonly jobs: Jobs;
  readonly ledger: Ledger;
  readonly roster: Roster;
  readonly server: StratumServer;
  readonly statistics: Statistics;
  readonly watcher: TemplateWatcher;
  readonly clock: Clock;
  readonly log: Logger;
}

const SHOWN_BLOCKS = 20;
const SHOWN_WORKERS = 1_000;

/**
 * The pool's HTTP answers, for reading only: `GET /health` (503 while there is no work or the ledger cannot be
 * written) and `GET /stats?wallet=`. Every number says what time it covers; what is unknown is null.
 */
export function poolApp(view: PoolView): Koa {
  const router = new Router();
  router.get('/health', (ctx) => {
    const health = healthOf(view);
    ctx.status = health.status === 'ok' ? 200 : 503;
    ctx.body = health;
  });
  router.get('/stats', async (ctx) => {
    const { wallet } = ctx.query;
    ctx.body = await statsOf(view, typeof wallet === 'string' ? wallet : undefined);
  });
  const app = new Koa();
  app.on('error', (error) => view.log.error({ err: error }, 'an HTTP request failed'));
  app.use(async (ctx, next) => {
    ctx.set('Access-Control-Allow-Origin', '*');
    ctx.set('Cache-Control', 'no-store');
    ctx.set('X-Content-Type-Options', 'nosniff');
    await next();
    if (ctx.status === 404 && ctx.body === undefined) {
      ctx.status = 404;
      ctx.body = { error: 'there are GET /health and GET /stats' };
    }
  });
  app.use(router.routes()).use(router.allowedMethods());
  return app;
}

function healthOf({ jobs, ledger, watcher, server, clock }: PoolView) {
  const job = jobs.current;
  const { state } = watcher;
  const trouble =
    state.name === 'away'
      ? `the node is away: ${state.reason}`
      : ledger.shares.failure !== undefined
        ? `the ledger cannot be written: ${ledger.shares.failure}`
        : job === undefined
          ? 'there is no work yet'
          : null;
  return {
    status: trouble === null ? 'ok' : 'trouble',
    trouble,
    node: state.name,
    height: job === undefined ? null : job.tip.height,
    job_age_seconds: job === undefined ? null : Math.round((clock.steadyMs() - job.createdMs) / 1000),
    connections: server.connections.open,
    shares_waiting: ledger.shares.waiting,
  };
}

async function statsOf(view: PoolView, wallet: string | undefined) {
  const { network, jobs, ledger, roster, server, statistics, watcher, clock } = view;
  const job = jobs.current;
  const template = jobs.latest;
  const { state } = watcher;
  const workers = statistics.workers(wallet);
  const [blocks, counts] = await Promise.all([ledger.blocks.last(SHOWN_BLOCKS), ledger.blocks.counts()]);
  return {
    time: clock.wallMs() / 1000,
    started: statistics.startedMs / 1000,
    network: {
      name: network.name,
      difficulty: job === undefined ? null : difficultyOf(job.bits),
      tip: job === undefined ? null : displayHash(job.tip.hash),
      height: job === undefined ? null : job.tip.height,
    },
    node: {
      state: state.name,
      since: state.name === 'unknown' ? null : state.sinceMs / 1000,
      reason: state.name === 'away' ? state.reason : null,
    },
    job:
      job === undefined || template === undefined
        ? null
        : {
            id: job.jobId,
            height: job.height,
            age_seconds: (clock.steadyMs() - job.createdMs) / 1000,
            transactions: template.transactions.size,
            reward: amountToNumber(template.reward),
            reward_nits: template.reward.toString(),
          },
    reward_address: view.rewardAddress,
    hash_rate: statistics.hashRates(),
    /** Since the start. */
    shares: {
      accepted: statistics.accepted,
      late: statistics.late,
      rejected: statistics.rejected,
    },
    ledger: {
      last_share: ledger.shares.lastSequence,
      waiting: ledger.shares.waiting,
      failure: ledger.shares.failure ?? null,
    },
    connections: { ...server.connections, ...statistics.connections },
    workers_total: workers.length,
    workers: workers.slice(0, SHOWN_WORKERS).map((worker) => ({
      ...worker,
      connections: roster.connectionsOf({ address: worker.address, name: worker.worker }),
    })),
    blocks_total: counts,
    blocks: blocks.map(showBlock),
  };
}

function showBlock(block: LedgerBlock) {
  return {
    hash: displayHash(block.hash),
    height: block.height,
    difficulty: difficultyOf(block.bits),
    time: block.timeMs / 1000,
    reward: amountToNumber(block.reward),
    reward_nits: block.reward.toString(),
    address: block.worker?.address ?? null,
    worker: block.worker?.name ?? null,
    delivery: block.delivery,
    reason: block.reason ?? null,
  };
}
