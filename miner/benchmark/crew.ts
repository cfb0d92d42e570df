/** The hashing threads of a miner under test: any number of them hash for a while, and are counted. */
import { type StartThread, stopThread, type Thread } from '../hashing/thread.ts';
import type { Work } from '../hashing/work.ts';
import type { FromWorker } from '../hashing/worker-message.ts';
import type { KernelName } from '../kernel/kernel-choice.ts';
import { type Clocks, type Measurement, measurementSince } from './measurement.ts';

export interface CrewOptions {
  readonly kernel: KernelName;
  readonly threads: number;
  readonly startThread: StartThread;
  readonly clocks: Clocks;
}

/** Threads that wait to be measured. */
export interface Crew {
  /**
   * Has some of the threads hash, each at least so long after its first report. What came before that, while the
   * engine compiles, is not counted.
   * @param threads 1 … those of the crew
   * @returns undefined if the signal fired first
   * @throws Error when a thread has failed
   */
  measure(threads: number, durationMs: number, signal: AbortSignal): Promise<Measurement | undefined>;
  /** Ends all threads. */
  stop(): Promise<void>;
}

/** What a thread has done since its first report for the present work. */
interface Span {
  readonly sinceMs: number;
  hashes: number;
  elapsedMs: number;
}

/** A thread and what is known of it. */
interface Member {
  readonly thread: Thread;
  readonly ended: Promise<void>;
  /** Reports before that are of earlier work. */
  hasTaken: boolean;
  span: Span | undefined;
}

/**
 * Starts threads that hash with one kernel, and waits until all are ready.
 * @throws the error of the first that could not start
 */
export async function startCrew(options: CrewOptions): Promise<Crew> {
  const { kernel, clocks } = options;
  const members: Member[] = [];
  let failure: Error | undefined;
  let serial = 0;
  /** Called after every message while a measurement runs, and when a thread has ended. */
  let look = (): void => {};

  function start(index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let onEnded = (): void => {};
      const ended = new Promise<void>((resolveEnded) => {
        onEnded = resolveEnded;
      });
      const assignment = {
        thread: index,
        threadCount: options.threads,
        cpuLimitPercent: 100,
        kernel,
        rememberedKernel: undefined,
        usedValues: 0,
      };
      const thread = options.startThread(assignment, {
        onMessage: (message) => {
          if (message.type === 'ready') resolve();
          else hear(member, message);
        },
        onEnd: (error = new Error('a thread ended by itself')) => {
          onEnded();
          failure ??= error;
          reject(error);
          look();
        },
      });
      const member: Member = { thread, ended, hasTaken: false, span: undefined };
      members.push(member);
    });
  }

  function hear(member: Member, message: FromWorker): void {
    if (message.type === 'took') member.hasTaken = message.serial === serial;
    if (message.type !== 'progress' || !member.hasTaken) return;
    if (member.span === undefined) member.span = { sinceMs: clocks.nowMs(), hashes: 0, elapsedMs: 0 };
    else {
      member.span.hashes += message.hashes;
      member.span.elapsedMs = clocks.nowMs() - member.span.sinceMs;
    }
    look();
  }

  function measure(
    threads: number,
    durationMs: number,
    signal: AbortSignal,
  ): Promise<Measurement | undefined> {
    const measured = members.slice(0, threads);
    for (const member of measured) {
      member.hasTaken = false;
      member.span = undefined;
    }
    serial += 1;
    for (const { thread } of measured) thread.tell({ type: 'work', work: endlessWork(serial) });
    return new Promise((resolve, reject) => {
      let since: ReturnType<typeof measurementSince> | undefined;
      function end(): void {
        look = () => {};
        signal.removeEventListener('abort', onAbort);
        for (const { thread } of measured) thread.tell({ type: 'work', work: undefined });
      }
      look = () => {
        if (failure !== undefined || signal.aborted) {
          end();
          if (failure !== undefined) reject(failure);
          else resolve(undefined);
          return;
        }
        const spans = measured.flatMap(({ span }) => (span === undefined ? [] : [span]));
        if (spans.length < threads) return;
        since ??= measurementSince(clocks);
        if (spans.some(({ elapsedMs }) => elapsedMs < durationMs)) return;
        end();
        resolve(since.measured(sumOf(spans.map(rateOf)), threads));
      };
      const onAbort = (): void => look();
      signal.addEventListener('abort', onAbort, { once: true });
      look();
    });
  }

  async function stop(): Promise<void> {
    await Promise.all(members.map(({ thread, ended }) => stopThread(thread, ended)));
  }

  try {
    await Promise.all(Array.from({ length: options.threads }, (_, index) => start(index)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { measure, stop };
}

function rateOf({ hashes, elapsedMs }: Span): number {
  return (hashes * 1_000) / elapsedMs;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Work without end and without hits. */
function endlessWork(serial: number): Work {
  const zeroHash = new Uint8Array(32);
  return {
    serial,
    job: {
      jobId: `benchmark-${serial}`,
      previousHash: zeroHash,
      coinbase1: new Uint8Array(64),
      coinbase2: new Uint8Array(64),
      merkleBranch: [],
      version: 0x2000_0000,
      bits: 0x1d00_ffff,
      time: 0,
      cleanJobs: true,
    },
    extranonce1: new Uint8Array(4),
    extranonce2Size: 8,
    versionMask: 0,
    target: 0n,
    difficulty: 1,
  };
}
