import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { difficultyOf, difficultyOfHash } from '../../protocol/work.ts';
import { wholeNumberText } from '../../service/http-server/request-fields.ts';
import type { ChainHead } from '../ledger/batch-writer.ts';
import { HISTORY_MINUTES, historyStep } from '../statistics/minute-history.ts';
import { effortOf } from '../statistics/round.ts';
import type { Statistics } from '../statistics/statistics.ts';
import { amountFields, secondsOf } from './amount-fields.ts';
import { blockRow, LUCK_BLOCKS, luckOf } from './blocks.ts';
import { historyRows } from './history-rows.ts';
import type { PoolView } from './pool-view.ts';
import { ratesOfWorkers, workerTable } from './worker-rows.ts';

/** Workers are shown up to here, those with the most work of the last hour first. */
const SHOWN_WORKERS = 200;
const SHOWN_BLOCKS = 20;
const SHOWN_AGENTS = 50;
const DEFAULT_HISTORY_MINUTES = 60;

/** How much of a history is asked for: minutes up to a day. */
export const historyMinutes = wholeNumberText(1, HISTORY_MINUTES).optional();

/**
 * The answer of `GET /stats`. With an address the hash rates, the workers and the counts of shares are this
 * address's; the rest is the pool's.
 */
export async function statsOf(
  view: PoolView,
  address: string | undefined,
  minutes = DEFAULT_HISTORY_MINUTES,
) {
  const { statistics, clock, ledger, server, accounts } = view;
  const [blocks = [], blockCounts = {}] = await Promise.all([
    accounts?.blocks(LUCK_BLOCKS),
    accounts?.blockCounts(),
  ]);
  const workers = workerTable(view, SHOWN_WORKERS, { address });
  return {
    time: clock.wallMs() / 1000,
    started: statistics.startedMs / 1000,
    network: networkFacts(view),
    nodes: view.nodes.states(),
    job: jobFacts(view),
    scheme: accounts?.scheme ?? null,
    fee_percent: accounts === undefined ? null : Number(accounts.feePercent),
    reward_address: view.rewardAddress ?? null,
    connect: connectFacts(view),
    hash_rate: address === undefined ? statistics.hashRates() : ratesOfWorkers(view, address),
    shares: shareFacts(statistics),
    best_share: bestShare(statistics),
    round: roundFacts(view),
    luck: luckOf(blocks),
    share_log: shareLogFacts(ledger.shares.head),
    ledger: {
      last_share: ledger.shares.lastSequence,
      waiting: ledger.shares.waiting,
      failure: ledger.shares.failure ?? null,
    },
    connections: { ...server.connections, ...statistics.connections },
    bans: server.bans().length,
    miners: workers.miners,
    workers_online: workers.online,
    workers_total: workers.total,
    workers: workers.rows,
    agents: agentRows(view),
    blocks_total: blockCounts,
    blocks: blocks.slice(0, SHOWN_BLOCKS).map((block) => blockRow(block, accounts?.maturity ?? null)),
    history: historyRows(statistics.history.last(minutes, historyStep(minutes), clock.wallMs())),
  };
}

function networkFacts({ network, jobs, accounts }: PoolView) {
  const { current: job } = jobs;
  return {
    name: network.name,
    coin: network.onlyP2wpkh ? 'NILZ' : 'BTC',
    test_money: network.name !== 'main' && network.name !== 'bitcoin-main',
    difficulty: job === undefined ? null : difficultyOf(job.bits),
    height: job?.tip.height ?? null,
    tip: job === undefined ? null : displayHash(job.tip.hash),
    maturity: accounts?.maturity ?? null,
    block_time_seconds: network.blockTimeSeconds,
    address: {
      hrp: network.format.hrp,
      p2pkh: network.format.p2pkh ?? null,
      p2sh: network.format.p2sh ?? null,
      only_p2wpkh: network.onlyP2wpkh,
    },
    coin_type: network.coinType ?? null,
  };
}

/** How miners get here, as seen from the pool's machine. */
function connectFacts({ server, difficulty, httpUrl }: PoolView) {
  return {
    stratum: server.url,
    stratum_tls: server.tlsUrl ?? null,
    websocket: `${httpUrl().replace(/^http/, 'ws')}/stratum`,
    start_difficulty: difficulty.start,
    share_interval_seconds: difficulty.shareIntervalMs === 0 ? null : difficulty.shareIntervalMs / 1000,
    minimum_difficulty: difficulty.minimum,
  };
}

/** What the open connections call themselves, the most frequent first. */
function agentRows({ server }: PoolView) {
  const counts = new Map<string, number>();
  for (const { agent } of server.sessions()) {
    if (agent !== null) counts.set(agent, (counts.get(agent) ?? 0) + 1);
  }
  return [...counts]
    .map(([agent, connections]) => ({ agent, connections }))
    .sort((a, b) => b.connections - a.connections)
    .slice(0, SHOWN_AGENTS);
}

function jobFacts({ jobs, clock }: PoolView) {
  const { current: job, latest: template } = jobs;
  if (job === undefined || template === undefined) return null;
  return {
    id: job.jobId,
    height: job.height,
    age_seconds: Math.round(clock.steadyMs() - job.createdMs) / 1000,
    transactions: template.transactions.size,
    ...amountFields('reward', template.reward),
  };
}

/** Of all miners, since the pool was started. */
function shareFacts({ startedMs, accepted, late, rejected }: Statistics) {
  const { stale, ...others } = rejected;
  return { since: startedMs / 1000, accepted, late, stale, rejected: others };
}

/** The best share since the pool was started. */
function bestShare({ best }: Statistics) {
  if (best === undefined) return null;
  return {
    difficulty: difficultyOfHash(best.hash),
    address: best.worker.address,
    worker: best.worker.name,
    time: best.timeMs / 1000,
  };
}

/** The newest head of the hash chain over the share log: who notes it can later prove that nothing was removed. */
export function shareLogFacts({ head, batch, sequence, timeMs }: ChainHead) {
  return {
    head: bytesToHex(head),
    batch,
    /** Of the last share that it covers. */
    sequence,
    time: secondsOf(timeMs),
  };
}

/** The work since the last block, against what a block takes at the difficulty of now. */
function roundFacts({ statistics: { round }, jobs }: PoolView) {
  const bits = jobs.current?.bits;
  return {
    started: secondsOf(round.startedMs),
    shares: round.shares,
    weight: round.weight.toString(),
    effort: bits === undefined ? null : effortOf(round.weight, bits),
  };
}
