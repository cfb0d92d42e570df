/** The miner of `nilz node --mine`: the same as `nilz miner` on the node, in a thread of its own. */
import type { Worker } from 'node:worker_threads';
import type { LogLine } from '../miner/face/event-log.ts';
import { type BackOffLimits, backOffDelayMs } from '../miner/source/back-off.ts';
import type { MiningOrder } from '../node/main.ts';
import type { Stoppable } from '../service/lifecycle.ts';
import { startWorker } from '../service/worker.ts';

/** What the thread is told at its start. */
export type MinerAssignment = Omit<MiningOrder, 'log'>;
/** What it says: that it mines, and lines for the log. */
export type FromMiner = 'ready' | LogLine;
/** What it is told later. */
type ToMiner = 'stop';

/** The miner's own thread, which starts those that hash. */
const ENTRY = new URL('./node-miner.ts', import.meta.url);
/** A miner stops within a second and a bit; the node has to follow it. */
const STOP_MS = 1_500;
/** Until the thread is replaced: what ended it may end the next one too. */
const RESTART: BackOffLimits = { firstDelayMs: 1_000, maxDelayMs: 60_000 };
/** One that mined for so long was well: the next one comes soon again. */
const PROVEN_MS = 60_000;

/**
 * Starts to mine on a node. The miner reads templates of up to 4 MB and has its own timers: in a thread of its own
 * it holds up nobody who talks to the node. A thread that ends by itself is replaced.
 *
 * @param entry the module of the thread
 * @throws what keeps the miner from starting
 */
export async function mineOnNode({ log, ...assignment }: MiningOrder, entry = ENTRY): Promise<Stoppable> {
  let thread: Worker | undefined;
  let restart: ReturnType<typeof setTimeout> | undefined;
  let isStopping = false;
  let failures = 0;

  /** Resolves when it mines; what ends it before is thrown, what ends it later has it replaced. */
  function start(): Promise<void> {
    const worker = startWorker(entry, { workerData: assignment satisfies MinerAssignment, name: 'miner' });
    thread = worker;
    return new Promise((accept, reject) => {
      let readyMs: number | undefined;
      let failure: Error | undefined;
      worker.on('message', (message: FromMiner) => {
        if (message !== 'ready') {
          log[message.level](message.text);
          return;
        }
        readyMs = performance.now();
        accept();
      });
      worker.on('error', (error) => {
        failure = error;
      });
      // Comes after the error, if there was one.
      worker.once('exit', () => {
        thread = undefined;
        const reason = failure ?? new Error('the miner ended by itself');
        if (readyMs === undefined) reject(reason);
        else replace(reason, performance.now() - readyMs);
      });
    });
  }

  function replace(err: Error, livedMs: number): void {
    if (isStopping) return;
    failures = livedMs >= PROVEN_MS ? 1 : failures + 1;
    const delayMs = backOffDelayMs(failures, Math.random(), RESTART);
    log.error({ err }, `the miner failed; another takes its place in ${(delayMs / 1000).toFixed(1)} s`);
    restart = setTimeout(() => {
      start().catch((error: Error) => replace(error, 0));
    }, delayMs);
  }

  await start();
  return {
    async stop() {
      isStopping = true;
      clearTimeout(restart);
      const worker = thread;
      if (worker === undefined) return;
      const exited = new Promise<void>((accept) => worker.once('exit', () => accept()));
      worker.postMessage('stop' satisfies ToMiner);
      const timer = setTimeout(() => void worker.terminate(), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
