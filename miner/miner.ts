/** The miner on a server: pools and nodes over the network, and threads of Node.js. */
import { EventEmitter } from 'node:events';
import type { Difficulty } from '../protocol/units.ts';
import type { Logger } from '../service/log.ts';
import { startEngine } from './engine.ts';
import type { MinerEvent } from './event.ts';
import { ShareLines } from './face/share-lines.ts';
import type { MinerStats } from './figures/statistics.ts';
import { startNodeThread } from './hashing/node-thread.ts';
import { startWorkerPool } from './hashing/worker-pool.ts';
import type { Calibration, KernelName } from './kernel/kernel-choice.ts';
import type { BackOffLimits } from './source/back-off.ts';
import { openSources, type PoolPlace } from './source/open-source.ts';
import { formatPoolUrl, parsePoolUrl } from './source/pool-url.ts';
import type { TlsTrust } from './transport/tls-trust.ts';

/** Name and version as told to pools that are given no other. */
const DEFAULT_AGENT = 'nilzcoin-miner';

export interface MinerOptions {
  /** Where to mine and for whom, in order of preference; at least one. */
  readonly pools: readonly PoolPlace[];
  /** Hashing threads, ≥ 1. */
  readonly threads: number;
  /** Share of the time that each thread may compute, 1 … 100 percent; 100 unless given. */
  readonly cpuLimitPercent?: number;
  /** The kernel of all threads; the fastest unless given. */
  readonly kernel?: KernelName | 'auto';
  /** Remembers the fastest kernel from run to run. */
  readonly calibration?: Calibration;
  readonly log: Logger;
  readonly agent?: string;
  /** Share difficulty to ask pools for; they choose it unless given. */
  readonly suggestedDifficulty?: Difficulty | undefined;
  readonly backOff?: BackOffLimits;
  /** Whose certificates are believed where a pool's address asks for TLS; those of the authorities unless given. */
  readonly tls?: TlsTrust;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs?: () => number;
  /** Random numbers in [0, 1). */
  readonly random?: () => number;
}

export interface Miner {
  /** The figures as they are now. */
  stats(): MinerStats;
  /** Emits every {@link MinerEvent} under the name `event`. */
  readonly events: EventEmitter<{ event: [MinerEvent] }>;
  /** Stops hashing, waits briefly for the answers to shares in flight, and closes the connection; within 2 s. */
  stop(): Promise<void>;
}

/**
 * Starts mining: resolves once the threads are ready, and goes on by itself until
 * stopped, however often the pool comes and goes.
 *
 * @throws PoolUrlError when the address of a pool is no use, TlsTrustError when the certificates of `tls` are none
 * @throws Error when a thread cannot be started
 */
export async function startMiner(options: MinerOptions): Promise<Miner> {
  const { log, threads, agent = DEFAULT_AGENT, nowMs = () => performance.now() } = options;
  const { cpuLimitPercent, kernel, calibration, suggestedDifficulty, backOff, tls } = options;
  const [place] = options.pools;
  if (place === undefined) throw new RangeError('a miner needs at least one pool');
  const events = new EventEmitter<{ event: [MinerEvent] }>();
  const lines = new ShareLines();
  const engine = await startEngine({
    createSource: (tools, listener) =>
      openSources(options.pools, { agent, suggestedDifficulty, backOff, tls }, tools, listener),
    startThreads: (handlers) =>
      startWorkerPool({
        ...handlers,
        threads,
        startThread: startNodeThread,
        nowMs,
        cpuLimitPercent,
        kernel,
        calibration,
      }),
    threads,
    pool: formatPoolUrl(parsePoolUrl(place.url)),
    user: place.user,
    onEvent: (event) => {
      for (const { level, text } of lines.of(event, nowMs())) log[level](text);
      events.emit('event', event);
    },
    nowMs,
    unixMs: Date.now,
    random: options.random ?? Math.random,
  });
  return { stats: engine.stats, events, stop: engine.stop };
}
