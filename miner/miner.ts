/** The miner: joins the Stratum client, its connection and the hashing threads. */
import { EventEmitter } from 'node:events';
import type { Logger } from '../service/log.ts';
import type { MinerEvent } from './event.ts';
import { lineOf } from './face/event-log.ts';
import { type MinerStats, Statistics } from './figures/statistics.ts';
import { startWorkerPool } from './hashing/worker-pool.ts';
import type { Problem } from './problem.ts';
import type { BackOffLimits } from './source/back-off.ts';
import { formatPoolUrl, parsePoolUrl } from './source/pool-url.ts';
import { StratumClient } from './stratum/client.ts';
import type { ClientEvent, Effect } from './stratum/effect.ts';
import { type Connection, type Connector, connectTcp } from './transport/connection.ts';

/** Name and version as told to pools that are given no other. */
const DEFAULT_AGENT = 'nilzcoin-miner';
/** Most pools ignore the password but want one. */
const DEFAULT_PASSWORD = 'x';
/** The longest wait that setTimeout takes. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export interface MinerOptions {
  /** The pool, as `stratum+tcp://HOST:PORT`. */
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
  /** Opens connections; plain TCP unless given. */
  readonly connector?: Connector;
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
  const endpoint = parsePoolUrl(options.url);
  const { log, threads, user } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  const connector = options.connector ?? connectTcp;
  const events = new EventEmitter<{ event: [MinerEvent] }>();
  const client = new StratumClient({
    host: endpoint.host,
    port: endpoint.port,
    user,
    password: options.password ?? DEFAULT_PASSWORD,
    agent: options.agent ?? DEFAULT_AGENT,
    random: options.random ?? Math.random,
    ...(options.backOff === undefined ? {} : { backOff: options.backOff }),
  });
  const workers = await startWorkerPool({
    threads,
    onHit: (hit) => dispatch({ type: 'hit', hit }),
    onHashes: (thread, hashes) => statistics.addHashes(thread, hashes),
    onKernel: (thread, kernel) => log.info(`thread ${thread}: kernel ${kernel} is the fastest here`),
    onFailure: (thread, error) => {
      log.error({ err: error }, `thread ${thread} failed and is being replaced`);
      const problem: Problem = { code: 'worker-failed', text: `thread ${thread} failed: ${error.message}` };
      events.emit('event', { type: 'problem', problem });
    },
  });
  const pool = formatPoolUrl(endpoint);
  const statistics = new Statistics({ kernel: () => workers.kernel, threads, pool, user, nowMs });
  let onStopped = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    onStopped = resolve;
  });
  let connection: Connection | undefined;
  let timer: NodeJS.Timeout | undefined;
  const queue: ClientEvent[] = [];
  let isDispatching = false;

  /** Events that effects give rise to are handled after those effects, not among them. */
  function dispatch(event: ClientEvent): void {
    queue.push(event);
    if (isDispatching) return;
    isDispatching = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        for (const effect of client.handle(next, nowMs())) carryOut(effect);
      }
    } finally {
      isDispatching = false;
    }
    setTimer();
  }

  function carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'connect':
        connection = connector(effect, {
          onConnected: () => dispatch({ type: 'connected' }),
          onLine: (line) => dispatch({ type: 'line', line }),
          onClosed: (cause, detail) => dispatch({ type: 'closed', cause, detail }),
        });
        return;
      case 'disconnect':
        connection?.close();
        connection = undefined;
        return;
      case 'send':
        connection?.send(effect.line);
        return;
      case 'work':
        workers.setWork(effect.work);
        return;
      case 'settled':
        workers.settle(effect.thread);
        return;
      case 'report':
        report(effect.event);
        return;
      case 'stopped':
        onStopped();
        return;
    }
  }

  function report(event: MinerEvent): void {
    statistics.observe(event);
    const { level, text } = lineOf(event);
    log[level](text);
    events.emit('event', event);
  }

  function setTimer(): void {
    clearTimeout(timer);
    const { deadlineMs } = client;
    if (deadlineMs === undefined) return;
    // Rounded up: a timer that fires a fraction early would only be set again.
    const waitMs = Math.min(Math.max(Math.ceil(deadlineMs - nowMs()), 0), TIMER_MAX_MS);
    timer = setTimeout(() => dispatch({ type: 'tick' }), waitMs);
  }

  async function stop(): Promise<void> {
    await workers.stop();
    dispatch({ type: 'stop' });
    await stopped;
  }

  // Not at once, so that whoever waits for the miner hears of everything from the first event on.
  setImmediate(() => dispatch({ type: 'start' }));
  let stopping: Promise<void> | undefined;
  return {
    stats: () => statistics.snapshot(),
    events,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
