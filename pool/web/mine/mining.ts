/** Mining in a page: the miner's engine, with web workers for threads and the pool's WebSocket for its work. */
import { type Engine, startEngine } from '../../../miner/engine.ts';
import type { MinerEvent } from '../../../miner/event.ts';
import { startWorkerPool } from '../../../miner/hashing/worker-pool.ts';
import type { Calibration } from '../../../miner/kernel/kernel-choice.ts';
import { createStratumSource } from '../../../miner/stratum/stratum-source.ts';
import { pageConnector, socketAddress } from './page-socket.ts';
import { startWebThread } from './web-thread.ts';

/** Told to the pool: it takes what begins so for a small miner, and gives it easy shares at first. */
const AGENT = 'nilzcoin-browser';

export interface MiningOrder {
  /** `ADDRESS` or `ADDRESS.WORKER`. */
  readonly user: string;
  readonly password: string;
  readonly threads: number;
  readonly cpuLimitPercent: number;
  /** Which kernel was found to be the fastest in this browser. */
  readonly calibration: Calibration;
  readonly onEvent: (event: MinerEvent) => void;
}

/**
 * Starts mining for the pool of this page.
 * @throws Error when a worker cannot be started
 */
export function startMining(order: MiningOrder): Promise<Engine> {
  const { user, password, threads, cpuLimitPercent, calibration, onEvent } = order;
  const { protocol, hostname, host, port } = location;
  const url = socketAddress(location);
  const nowMs = (): number => performance.now();
  return startEngine({
    createSource: (tools, listener) =>
      createStratumSource(
        {
          host: hostname,
          port: Number(port || (protocol === 'https:' ? 443 : 80)),
          user,
          password,
          agent: AGENT,
          connector: pageConnector(() => new WebSocket(url)),
        },
        tools,
        listener,
      ),
    startThreads: (handlers) =>
      startWorkerPool({
        ...handlers,
        threads,
        startThread: startWebThread,
        nowMs,
        cpuLimitPercent,
        calibration,
      }),
    threads,
    pool: host,
    user,
    onEvent,
    nowMs,
    unixMs: () => Date.now(),
    random: Math.random,
  });
}
