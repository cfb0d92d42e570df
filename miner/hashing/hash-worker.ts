/** Entry of a hashing thread of Node.js: runs thread-turns.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { runTurns } from './thread-turns.ts';
import type { ToWorker, WorkerAssignment } from './worker-message.ts';

const port = parentPort;
if (port === null) throw new Error('hash-worker.ts runs in a worker thread');
const receive = runTurns(workerData as WorkerAssignment, {
  say: (message) => port.postMessage(message),
  end: () => port.close(),
  nowMs: () => performance.now(),
  // Comes round only after the messages that have arrived meanwhile.
  soon: setImmediate,
  later: (run, delayMs) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
});
port.on('message', (message: ToWorker) => receive(message));
