/** The hashing threads of a miner, as one. */
import type { Worker } from 'node:worker_threads';
import { startWorker } from '../../service/worker.ts';
import { allowVectorMerging } from './vector-merging.ts';
import type { Hit, Work } from './work.ts';
import type { FromWorker, ToWorker, WorkerAssignment } from './worker-message.ts';

/** Time that threads get to end by themselves. */
const STOP_TIMEOUT_MS = 300;
/** Time until a thread that failed is replaced. */
const RESTART_DELAY_MS = 1_000;

/** Whom the threads tell. */
export interface WorkerPoolHandlers {
  readonly onHit: (hit: Hit) => void;
  /** Hashes that a thread has done since it was last heard of. */
  readonly onHashes: (thread: number, hashes: number) => void;
  /** A thread has found out which kernel is the fastest there. */
  readonly onKernel?: (thread: number, kernel: string) => void;
  /** A thread failed while mining; another will take its place. */
  readonly onFailure: (thread: number, error: Error) => void;
}

export interface WorkerPoolOptions extends WorkerPoolHandlers {
  readonly threads: number;
  /** The module that threads run; hash-worker.ts unless given. */
  readonly entry?: URL;
}

export interface WorkerPool {
  /** The name of the kernel that most of the threads hash with; it may change while they find out which is fastest. */
  readonly kernel: string;
  /** Puts all threads on new work at once, or lets them rest. */
  setWork(work: Work | undefined): void;
  /** Tells a thread that one of its hits has been dealt with. */
  settle(thread: number): void;
  /** Ends all threads. Their last hits and counts are delivered before it resolves. */
  stop(): Promise<void>;
}

/**
 * Starts the threads and waits until all are ready.
 *
 * @throws the error of the first thread that could not start
 */
export async function startWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  allowVectorMerging(process.versions, process.arch);
  const entry = options.entry ?? new URL('./hash-worker.ts', import.meta.url);
  const workers = new Map<number, Worker>();
  const restarts = new Set<NodeJS.Timeout>();
  /** By thread. */
  const kernels = new Map<number, string>();
  let isStopping = false;

  function start(thread: number): Promise<void> {
    const assignment: WorkerAssignment = { thread, threadCount: options.threads };
    const worker = startWorker(entry, { workerData: assignment, name: `miner ${thread}` });
    workers.set(thread, worker);
    return new Promise((resolve, reject) => {
      let isReady = false;
      worker.on('message', (message: FromWorker) => {
        switch (message.type) {
          case 'ready':
            isReady = true;
            kernels.set(thread, message.kernel);
            return resolve();
          case 'kernel':
            kernels.set(thread, message.kernel);
            return options.onKernel?.(thread, message.kernel);
          case 'hit':
            return options.onHit(message.hit);
          case 'progress':
            return options.onHashes(thread, message.hashes);
        }
      });
      let failure = new Error('the thread ended by itself');
      worker.on('error', (error: Error) => {
        failure = error;
      });
      // Comes after the error, if there was one, and after the last message.
      worker.on('exit', () => {
        if (workers.get(thread) === worker) workers.delete(thread);
        if (!isReady) return reject(failure);
        if (isStopping) return;
        options.onFailure(thread, failure);
        restartLater(thread);
      });
    });
  }

  /** The new thread waits for the next work: of this one its predecessor has searched a part. */
  function restartLater(thread: number): void {
    const timer = setTimeout(() => {
      restarts.delete(timer);
      start(thread).catch((error: Error) => {
        if (isStopping) return;
        options.onFailure(thread, error);
        restartLater(thread);
      });
    }, RESTART_DELAY_MS);
    restarts.add(timer);
  }

  function tell(worker: Worker, message: ToWorker): void {
    worker.postMessage(message);
  }

  async function stopOne(worker: Worker): Promise<void> {
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const timer = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
    tell(worker, { type: 'stop' });
    await exited;
    clearTimeout(timer);
  }

  async function stop(): Promise<void> {
    isStopping = true;
    for (const timer of restarts) clearTimeout(timer);
    await Promise.all([...workers.values()].map(stopOne));
  }

  try {
    await Promise.all(Array.from({ length: options.threads }, (_, thread) => start(thread)));
    return {
      get kernel() {
        return mostFrequent([...kernels.values()]) ?? 'none';
      },
      setWork(work) {
        for (const worker of workers.values()) tell(worker, { type: 'work', work });
      },
      settle(thread) {
        const worker = workers.get(thread);
        if (worker !== undefined) tell(worker, { type: 'settled', count: 1 });
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The first of those that stand most often. */
function mostFrequent(names: readonly string[]): string | undefined {
  const count = (name: string): number => names.filter((other) => other === name).length;
  return names.toSorted((a, b) => count(b) - count(a))[0];
}
