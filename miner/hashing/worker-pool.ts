/** The hashing threads of a miner, as one. It runs wherever threads of some kind do; see thread.ts. */
import {
  type Calibration,
  isKernelName,
  type KernelBasis,
  type KernelName,
} from '../kernel/kernel-choice.ts';
import { coinbaseKey, ROUNDS_KEPT } from './header-walk.ts';
import { laneOf } from './nonce-lane.ts';
import { type StartThread, stopThread, type Thread } from './thread.ts';
import type { Hit, Work } from './work.ts';
import type { FromWorker, ToWorker } from './worker-message.ts';

/** Time until a thread that failed is replaced. */
const RESTART_DELAY_MS = 1_000;
/**
 * Values of extranonce2 that are left out after a thread has failed: more than it can have used since it last told,
 * half a second before, of how many it had used.
 */
const SKIPPED_VALUES = 2 ** 16;

/** Whom the threads tell. */
export interface WorkerPoolHandlers {
  readonly onHit: (hit: Hit) => void;
  /** Hashes that a thread has done since it was last heard of. */
  readonly onHashes: (thread: number, hashes: number) => void;
  /** A thread has settled on a kernel. */
  readonly onKernel?: (thread: number, kernel: string, basis: KernelBasis) => void;
  /** All threads are known to search the newest work and nothing before it; so long it took them to say so. */
  readonly onJobSwitch?: (elapsedMs: number) => void;
  /** A thread failed while mining; another will take its place. */
  readonly onFailure: (thread: number, error: Error) => void;
}

export interface WorkerPoolOptions extends WorkerPoolHandlers {
  readonly threads: number;
  readonly startThread: StartThread;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** Share of the time that each thread may compute, 1 … 100 percent; 100 unless given. */
  readonly cpuLimitPercent?: number | undefined;
  /** The kernel of all threads; the fastest unless given. */
  readonly kernel?: KernelName | 'auto' | undefined;
  /** Remembers the fastest kernel from run to run. */
  readonly calibration?: Calibration | undefined;
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

/** A thread in its place, and what is known of it. */
interface Seat {
  readonly thread: Thread;
  readonly ended: Promise<void>;
  /** Coinbases, by {@link coinbaseKey}, that its predecessors may have searched. */
  readonly inherited: ReadonlySet<string>;
  isReady: boolean;
}

/**
 * Starts the threads and waits until all are ready.
 *
 * @throws the error of the first thread that could not start
 */
export async function startWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  const { nowMs, calibration, cpuLimitPercent = 100, kernel = 'auto', threads } = options;
  const recalled = calibration?.recall();
  const rememberedKernel = isKernelName(recalled) ? recalled : undefined;
  const seats = new Map<number, Seat>();
  const restarts = new Set<ReturnType<typeof setTimeout>>();
  /** All by thread. */
  const kernels = new Map<number, string>();
  const chosen = new Map<number, KernelName>();
  const usedValues = new Map<number, number>();
  /** Coinbases of the works so far, the least recent first; as many as a thread would remember. */
  const coinbases = new Set<string>();
  let work: Work | undefined;
  /** Threads that have not yet said that they took up the newest work. */
  const switching = new Set<number>();
  let switchedMs = 0;
  let isStopping = false;

  /** @param skippedValues values of extranonce2 that a predecessor may have used unheard of */
  function start(thread: number, skippedValues: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let onEnded = (): void => {};
      const ended = new Promise<void>((resolveEnded) => {
        onEnded = resolveEnded;
      });
      const seat: Seat = {
        ended,
        inherited: new Set(skippedValues === 0 ? [] : coinbases),
        isReady: false,
        thread: options.startThread(
          {
            thread,
            threadCount: threads,
            cpuLimitPercent,
            kernel,
            rememberedKernel,
            usedValues: (usedValues.get(thread) ?? 0) + skippedValues,
          },
          {
            onMessage: (message) => {
              if (message.type === 'ready') {
                seat.isReady = true;
                resolve();
              }
              hear(thread, message);
            },
            onEnd: (error = new Error('the thread ended by itself')) => {
              onEnded();
              if (seats.get(thread) === seat) seats.delete(thread);
              switched(thread);
              if (!seat.isReady) reject(error);
              else if (!isStopping) replace(thread, error);
            },
          },
        ),
      };
      seats.set(thread, seat);
    });
  }

  function hear(thread: number, message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        kernels.set(thread, message.kernel);
        return;
      case 'kernel':
        kernels.set(thread, message.kernel);
        options.onKernel?.(thread, message.kernel, message.basis);
        if (message.basis === 'measured' && isKernelName(message.kernel)) remember(thread, message.kernel);
        return;
      case 'took':
        if (message.serial === work?.serial) switched(thread);
        return;
      case 'hit':
        options.onHit(message.hit);
        return;
      case 'progress':
        usedValues.set(thread, message.usedValues);
        options.onHashes(thread, message.hashes);
        return;
      case 'stopped':
        return;
    }
  }

  /** Once all threads have found out which kernel is the fastest, most of them are right. */
  function remember(thread: number, name: KernelName): void {
    chosen.set(thread, name);
    if (chosen.size < threads) return;
    const winner = mostFrequent(chosen.values());
    if (winner !== undefined) calibration?.remember(winner);
  }

  function switched(thread: number): void {
    if (switching.delete(thread) && switching.size === 0) options.onJobSwitch?.(nowMs() - switchedMs);
  }

  function replace(thread: number, failure: Error): void {
    options.onFailure(thread, failure);
    const timer = setTimeout(() => {
      restarts.delete(timer);
      start(thread, SKIPPED_VALUES).then(
        () => goOn(thread),
        (error: Error) => {
          if (!isStopping) replace(thread, error);
        },
      );
    }, RESTART_DELAY_MS);
    restarts.add(timer);
  }

  /** Has a new thread go on with the present work. */
  function goOn(thread: number): void {
    usedValues.set(thread, (usedValues.get(thread) ?? 0) + SKIPPED_VALUES);
    if (!isStopping && work !== undefined && isNewTo(thread, work)) tell(thread, { type: 'work', work });
  }

  /**
   * Whether a thread would search nothing of a work that its predecessors have. Of their coinbases it knows only how
   * many values of extranonce2 they have used: where there are few, it would come round to those again.
   */
  function isNewTo(thread: number, work: Work): boolean {
    const inherited = seats.get(thread)?.inherited;
    if (inherited === undefined || !inherited.has(coinbaseKey(work))) return true;
    const { valueCount } = laneOf(thread, threads, work.extranonce2Size);
    return (usedValues.get(thread) ?? 0) + SKIPPED_VALUES < valueCount;
  }

  function noteCoinbase(work: Work): void {
    const key = coinbaseKey(work);
    coinbases.delete(key);
    coinbases.add(key);
    for (const oldest of coinbases) {
      if (coinbases.size > ROUNDS_KEPT) coinbases.delete(oldest);
    }
  }

  function tell(thread: number, message: ToWorker): void {
    seats.get(thread)?.thread.tell(message);
  }

  async function stop(): Promise<void> {
    isStopping = true;
    for (const timer of restarts) clearTimeout(timer);
    await Promise.all([...seats.values()].map(({ thread, ended }) => stopThread(thread, ended)));
  }

  try {
    await Promise.all(Array.from({ length: threads }, (_, thread) => start(thread, 0)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    get kernel() {
      return mostFrequent(kernels.values()) ?? 'none';
    },
    setWork(next) {
      work = next;
      switching.clear();
      switchedMs = nowMs();
      if (next !== undefined) noteCoinbase(next);
      for (const [thread, { isReady }] of seats) {
        const forIt = next !== undefined && isNewTo(thread, next) ? next : undefined;
        if (isReady && forIt !== undefined) switching.add(thread);
        tell(thread, { type: 'work', work: forIt });
      }
    },
    settle: (thread) => tell(thread, { type: 'settled', count: 1 }),
    stop,
  };
}

/** The first of those that stand most often. */
function mostFrequent<Name extends string>(names: Iterable<Name>): Name | undefined {
  const counts = new Map<Name, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most?.[0];
}
