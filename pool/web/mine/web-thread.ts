/** Hashing threads as web workers of this page. */
import type { StartThread } from '../../../miner/hashing/thread.ts';
import type { FromWorker } from '../../../miner/hashing/worker-message.ts';
import { startWorker } from '../../../service/web/page-worker.ts';

/** The name under which the server knows hash-worker.ts. */
const HASH_WORKER = 'hash';

/** Threads in workers that `make` starts, each of which runs hash-worker.ts. */
export function webThreads(make: () => Worker): StartThread {
  return (assignment, { onMessage, onEnd }) => {
    const worker = make();
    let hasEnded = false;
    const end = (error: Error | undefined): void => {
      if (hasEnded) return;
      hasEnded = true;
      worker.terminate();
      onEnd(error);
    };
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (hasEnded) return;
      onMessage(data);
      // A worker that ends itself tells nobody.
      if (data.type === 'stopped') end(undefined);
    });
    // An error while it runs leaves a worker alive, and a hashing thread without its next turn.
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      // A script that did not come is an event without a message.
      end(new Error(event.message || 'the worker could not be loaded'));
    });
    worker.addEventListener('messageerror', () => end(new Error('a message of the worker cannot be read')));
    worker.postMessage(assignment);
    return {
      tell: (message) => worker.postMessage(message),
      terminate: () => queueMicrotask(() => end(undefined)),
    };
  };
}

/** Starts a worker of this page that hashes. */
export const startWebThread: StartThread = webThreads(() => startWorker(HASH_WORKER));
