/**
 * The miner without its surroundings: joins a source of work, hashing threads and statistics. It runs on a server
 * (miner.ts) and in a browser alike.
 */
import type { MinerEvent } from './event.ts';
import { type MinerStats, Statistics } from './figures/statistics.ts';
import type { WorkerPool, WorkerPoolHandlers } from './hashing/worker-pool.ts';
import type { SourceListener, SourceTools, WorkSource } from './source/work-source.ts';

export interface EngineOptions {
  readonly createSource: (tools: SourceTools, listener: SourceListener) => WorkSource;
  readonly startThreads: (handlers: WorkerPoolHandlers) => Promise<WorkerPool>;
  /** Hashing threads, as many as {@link startThreads} starts. */
  readonly threads: number;
  /** The first source, as statistics name it until another is mined for. */
  readonly pool: string;
  readonly user: string;
  readonly onEvent: (event: MinerEvent) => void;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** The time of day, in milliseconds since 1970. */
  readonly unixMs: () => number;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
}

/** A running miner. */
export interface Engine {
  /** The figures as they are now. */
  stats(): MinerStats;
  /** Stops hashing, waits briefly for the answers to shares in flight, and lets the source go; within 2 s. */
  stop(): Promise<void>;
}

/**
 * Starts mining: resolves once the threads are ready, and goes on by itself until stopped.
 * @throws what the source's and the threads' making throw
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { nowMs, unixMs, random, threads, pool, user } = options;
  let serial = 0;
  const statistics = new Statistics({ kernel: () => workers.kernel, threads, pool, user, nowMs });
  // The threads come first: a source has nobody to give its work to before.
  const source = options.createSource(
    { nextSerial: () => ++serial, nowMs, unixMs, random },
    {
      onWork: (work) => workers.setWork(work),
      onRest: () => workers.setWork(undefined),
      onSettled: (thread) => workers.settle(thread),
      onEvent: report,
    },
  );
  const workers = await options.startThreads({
    onHit: (hit) => source.submit(hit),
    onHashes: (thread, hashes) => statistics.addHashes(thread, hashes),
    onKernel: (thread, kernel, basis) => report({ type: 'kernel', thread, kernel, basis }),
    onJobSwitch: (elapsedMs) => statistics.setJobSwitch(elapsedMs),
    onFailure: (thread, error) => {
      const text = `thread ${thread} failed and is being replaced: ${error.message}`;
      report({ type: 'problem', problem: { code: 'worker-failed', text } });
    },
  });

  function report(event: MinerEvent): void {
    statistics.observe(event);
    options.onEvent(event);
  }

  // Not at once, so that whoever waits for the miner hears of everything from the first event on.
  const begin = setTimeout(() => source.start(), 0);
  let stopping: Promise<void> | undefined;

  async function stop(): Promise<void> {
    clearTimeout(begin);
    await workers.stop();
    await source.stop();
  }

  return {
    stats: () => statistics.snapshot(),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
