/** How fast this machine mines: every kernel on one, two and more threads, after it has shown that it counts right. */
import { startNodeThread } from '../hashing/node-thread.ts';
import type { StartThread } from '../hashing/thread.ts';
import { allowVectorMerging } from '../hashing/vector-merging.ts';
import { createHasher, KERNEL_NAMES, type KernelName } from '../kernel/kernel-choice.ts';
import { findsPlantedHits } from '../kernel/self-check.ts';
import { type BenchmarkReport, type KernelCheck, reportOf, type Series } from './benchmark-report.ts';
import { startCrew } from './crew.ts';
import { type Machine, thisMachine } from './machine.ts';
import type { Clocks, Measurement } from './measurement.ts';
import { nobleReference, type Reference } from './reference.ts';

/** So often all figures are measured in turn: what else the machine does then hits all alike. */
const DEFAULT_ROUNDS = 3;
const DEFAULT_SECONDS = 3;
/** Up to so many threads every number of them is measured, beyond it only powers of two and the last. */
const THREADS_ONE_BY_ONE = 4;
/** Engines compile a kernel well only after a while, and what is compiled well is what has to be right. */
const CHECK_WARM_UP_MS = 200;
const CHECK_WARM_UP_NONCES = 10_000;

export interface BenchmarkOptions {
  /** The most threads, ≥ 1. */
  readonly threads: number;
  /** Time for each figure, all rounds together; 3 unless given. */
  readonly seconds?: number | undefined;
  /** 3 unless given. */
  readonly rounds?: number;
  /** All that run here unless given. */
  readonly kernels?: readonly KernelName[] | undefined;
  /** Beside the loop over a library. */
  readonly references?: readonly Reference[];
  /** Ends the benchmark early; the report is of what was measured until then. */
  readonly signal?: AbortSignal;
  /** Hears how many measurements are done, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly startThread?: StartThread;
  readonly machine?: Machine;
  readonly clocks?: Clocks;
}

const OWN_CLOCKS: Clocks = {
  nowMs: () => performance.now(),
  processorMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

/**
 * Checks the kernels, then measures them and what they are compared with in turn.
 * @throws Error when a thread cannot be started or fails
 */
export async function runBenchmark(options: BenchmarkOptions): Promise<BenchmarkReport> {
  const { signal = new AbortController().signal, startThread = startNodeThread } = options;
  const { clocks = OWN_CLOCKS, onProgress = () => {} } = options;
  const { rounds = DEFAULT_ROUNDS, seconds = DEFAULT_SECONDS } = options;
  const durationMs = (seconds * 1_000) / rounds;
  allowVectorMerging(process.versions, process.arch);
  const kernels: KernelCheck[] = (options.kernels ?? KERNEL_NAMES).map((name) => ({
    name,
    check: checkOf(name, clocks.nowMs),
  }));
  const sound = kernels.filter(({ check }) => check === 'passed');
  const counts = threadCounts(options.threads);
  const references = [nobleReference(clocks), ...(options.references ?? [])].map(
    (reference): { readonly reference: Reference; readonly series: Series } => ({
      reference,
      series: { name: reference.name, threads: reference.threads, rounds: [] },
    }),
  );
  const series = sound.flatMap(({ name }) =>
    counts.map((threads): Series & { readonly name: KernelName } => ({ name, threads, rounds: [] })),
  );
  const total = rounds * (references.length + series.length);
  let done = 0;

  function note({ rounds }: Series, measured: Measurement | undefined): void {
    if (measured !== undefined) rounds.push(measured);
    if (!signal.aborted) onProgress(++done, total);
  }

  async function measureKernel(kernel: KernelName): Promise<void> {
    const crew = await startCrew({ kernel, threads: options.threads, startThread, clocks });
    try {
      for (const one of series) {
        if (one.name !== kernel || signal.aborted) continue;
        note(one, await crew.measure(one.threads, durationMs, signal));
      }
    } finally {
      await crew.stop();
    }
  }

  for (let round = 0; round < rounds && !signal.aborted; round++) {
    for (const { reference, series } of references) {
      if (!signal.aborted) note(series, await reference.measure(durationMs, signal));
    }
    for (const { name } of sound) if (!signal.aborted) await measureKernel(name);
  }
  return reportOf({
    machine: options.machine ?? thisMachine(),
    kernels,
    references: references.map(({ series }) => series),
    series,
    isComplete: !signal.aborted,
  });
}

/** 1, 2, 3, 4, 8, 16 … and `most` itself. */
export function threadCounts(most: number): number[] {
  const counts = new Set<number>();
  for (let count = 1; count < most; count += count < THREADS_ONE_BY_ONE ? 1 : count) counts.add(count);
  return [...counts, most];
}

/** Whether a kernel finds what it has to once it has run for a while. */
function checkOf(name: KernelName, nowMs: () => number): KernelCheck['check'] {
  const hasher = createHasher(name);
  if (hasher === undefined) return 'unavailable';
  hasher.setWork(new Uint8Array(80), 0n);
  const startMs = nowMs();
  while (nowMs() - startMs < CHECK_WARM_UP_MS) hasher.search(0, CHECK_WARM_UP_NONCES);
  return findsPlantedHits(hasher) ? 'passed' : 'failed';
}
