/** Entry of a hashing thread: runs a {@link HashLoop} and lets messages in between its slices. */
import { parentPort, workerData } from 'node:worker_threads';
import { availableHashers, createChosenHasher } from '../kernel/kernel-choice.ts';
import { HashLoop } from './hash-loop.ts';
import type { FromWorker, ToWorker, WorkerAssignment } from './worker-message.ts';

/** Time between reports of the hashes done. */
const PROGRESS_MS = 500;
/** Time until a lane that is used up for this second is looked at again. */
const EXHAUSTED_PAUSE_MS = 100;

function run(port: NonNullable<typeof parentPort>, { thread, threadCount }: WorkerAssignment): void {
  const nowMs = (): number => performance.now();
  const say = (message: FromWorker): void => port.postMessage(message);
  const hasher = createChosenHasher(availableHashers(), nowMs, (kernel) => say({ type: 'kernel', kernel }));
  const loop = new HashLoop({
    hasher,
    thread,
    threadCount,
    nowMs,
    onHit: (hit) => say({ type: 'hit', hit }),
  });
  let isRunning = false;
  let isStopped = false;
  let pause: NodeJS.Timeout | undefined;
  let reportedHashes = 0;
  let reportedMs = nowMs();

  function report(): void {
    const hashes = loop.hashCount - reportedHashes;
    reportedMs = nowMs();
    if (hashes === 0) return;
    reportedHashes = loop.hashCount;
    say({ type: 'progress', hashes });
  }

  function turn(): void {
    if (isStopped) return;
    const outcome = loop.slice();
    if (outcome !== 'searched' || nowMs() - reportedMs >= PROGRESS_MS) report();
    isRunning = outcome === 'searched';
    // setImmediate comes round only after the messages that have arrived meanwhile.
    if (isRunning) setImmediate(turn);
    else if (outcome === 'exhausted') pause = setTimeout(wake, EXHAUSTED_PAUSE_MS);
  }

  function wake(): void {
    if (isRunning) return;
    clearTimeout(pause);
    isRunning = true;
    turn();
  }

  port.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'work':
        loop.setWork(message.work);
        break;
      case 'settled':
        loop.settle(message.count);
        break;
      case 'stop':
        isStopped = true;
        clearTimeout(pause);
        report();
        port.close();
        return;
    }
    wake();
  });
  say({ type: 'ready', kernel: hasher.name });
}

if (parentPort === null) throw new Error('hash-worker.ts runs in a worker thread');
run(parentPort, workerData as WorkerAssignment);
