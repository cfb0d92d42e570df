/** The miner of `nilz node --mine`: the same as `nilz miner` on the node, in a thread of its own. */
import type { LogLine } from '../miner/face/event-log.ts';
import type { MiningOrder } from '../node/main.ts';
import type { Stoppable } from '../service/lifecycle.ts';
import { startWorker } from '../service/worker.ts';

/** What the thread is told at its start. */
export type MinerAssignment = Omit<MiningOrder, 'log'>;
/** What it says: that it mines, and lines for the log. */
export type FromMiner = 'ready' | LogLine;
/** What it is told later. */
type ToMiner = 'stop';

/** A miner stops within a second and a bit; the node has to follow it. */
const STOP_MS = 1_500;

/**
 * Starts to mine on a node. The miner reads templates of up to 4 MB and has its own timers: in a thread of its own
 * it holds up nobody who talks to the node.
 * @throws what keeps the miner from starting
 */
export async function mineOnNode({ log, ...assignment }: MiningOrder): Promise<Stoppable> {
  const entry = new URL('./node-miner.ts', import.meta.url);
  const worker = startWorker(entry, { workerData: assignment satisfies MinerAssignment, name: 'miner' });
  const exited = new Promise<void>((accept) => worker.once('exit', () => accept()));
  let isStopping = false;
  await new Promise<void>((accept, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the miner ended before it was ready')));
    worker.on('message', (message: FromMiner) => {
      if (message === 'ready') accept();
      else log[message.level](message.text);
    });
  });
  worker.on('error', (error) => log.error({ err: error }, 'the miner failed; mining stops'));
  return {
    async stop() {
      if (isStopping) return exited;
      isStopping = true;
      worker.postMessage('stop' satisfies ToMiner);
      const timer = setTimeout(() => void worker.terminate(), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
