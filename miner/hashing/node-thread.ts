/** Hashing threads as worker threads of Node.js. */
import { startWorker } from '../../service/worker.ts';
import type { StartThread } from './thread.ts';
import { allowVectorMerging } from './vector-merging.ts';
import type { FromWorker } from './worker-message.ts';

/** Starts a worker thread that hashes. */
export const startNodeThread: StartThread = nodeThreads(new URL('./hash-worker.ts', import.meta.url));

/** Threads that run another module. */
export function nodeThreads(entry: URL): StartThread {
  return (assignment, { onMessage, onEnd }) => {
    // Of the whole process, and before any module of a thread is compiled.
    allowVectorMerging(process.versions, process.arch);
    const worker = startWorker(entry, { workerData: assignment, name: `miner ${assignment.thread}` });
    let failure: Error | undefined;
    worker.on('message', (message: FromWorker) => onMessage(message));
    worker.on('error', (error: Error) => {
      failure = error;
    });
    // Comes after the error, if there was one, and after the last message.
    worker.on('exit', () => onEnd(failure));
    return {
      tell: (message) => worker.postMessage(message),
      terminate: () => void worker.terminate(),
    };
  };
}
