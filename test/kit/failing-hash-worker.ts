/** A hashing thread for tests of what happens when one fails: it dies of the first work it is given. */
import { parentPort } from 'node:worker_threads';
import type { FromWorker, ToWorker } from '../../miner/hashing/worker-message.ts';

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'work') throw new Error('this thread cannot hash');
  if (message.type !== 'stop') return;
  parentPort?.postMessage({ type: 'stopped' } satisfies FromWorker);
  parentPort?.close();
});
parentPort?.postMessage({ type: 'ready', kernel: 'failing' } satisfies FromWorker);
