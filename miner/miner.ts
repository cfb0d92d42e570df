/** The miner on a server: pools and nodes over the network, and threads of Node.js. */
import { EventEmitter } from 'node:events';
import type { Logger } from '../service/log.ts';
import { startEngine } from './engine.ts';
import type { MinerEvent } from './event.ts';
import { lineOf } from './face/event-log.ts';
import type { MinerStats } from './figures/statistics.ts';
import { startWorkerPool } from './hashing/worker-pool.ts';
import type { BackOffLimits } from './source/back-off.ts';
import { openSource, type PoolPlace } from './source/open-source.ts';
import { formatPoolUrl, parsePoolUrl } from './source/pool-url.ts';

/** Name and version as told to pools that are given no other. */
const DEFAULT_AGENT = 'nilzcoin-miner';
/** Most pools ignore the password but want one. */
const DEFAULT_PASSWORD = 'x';

export interface MinerOptions {
  /** The pool, as {@link parsePoolUrl} reads it. */
  readonly url: string;
  /** `ADDRESS` or `ADDRESS.WORKER`. */
  readonly user: string;
  readonly password?: string;
  /** Hashing threads, ≥ 1. */
  readonly threads: number;
  readonly log: Logger;
  readonly agent?: string;
  readonly backOff?: BackOffLimits;
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
 * @throws PoolUrlError when the address of the pool is no use
 * @throws Error when a thread cannot be started
 */
export async function startMiner(options: MinerOptions): Promise<Miner> {
  const { log, threads, url, user, password = DEFAULT_PASSWORD, agent = DEFAULT_AGENT } = options;
  const place: PoolPlace = { url, user, password };
  const events = new EventEmitter<{ event: [MinerEvent] }>();
  const engine = await startEngine({
    createSource: (tools, listener) =>
      openSource(place, { agent, backOff: options.backOff }, tools, listener),
    startThreads: (handlers) => startWorkerPool({ ...handlers, threads }),
    threads,
    pool: formatPoolUrl(parsePoolUrl(url)),
    user,
    onEvent: (event) => {
      const { level, text } = lineOf(event);
      log[level](text);
      events.emit('event', event);
    },
    nowMs: options.nowMs ?? (() => performance.now()),
    random: options.random ?? Math.random,
  });
  return { stats: engine.stats, events, stop: engine.stop };
}
