/** One measurement, and how much of the processor there was for it. */

export interface Clocks {
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs: () => number;
  /** Processor time that this process has used so far, all threads together, in milliseconds. */
  readonly processorMs: () => number;
}

export interface Measurement {
  /** Of all threads together. */
  readonly hashesPerSecond: number;
  /**
   * Processor time that the threads had, as a part of the time they hashed: well below 1 where other programs took the
   * rest. Null if it is not known.
   */
  readonly processorShare: number | null;
}

/** Begins to measure: what it returns tells of the time since. */
export function measurementSince({ nowMs, processorMs }: Clocks): {
  elapsedMs(): number;
  measured(hashesPerSecond: number, threads: number): Measurement;
} {
  const startMs = nowMs();
  const startProcessorMs = processorMs();
  const elapsedMs = (): number => nowMs() - startMs;
  return {
    elapsedMs,
    measured(hashesPerSecond, threads) {
      // The engine's own threads may come on top.
      const share = (processorMs() - startProcessorMs) / (threads * elapsedMs());
      return { hashesPerSecond, processorShare: Math.min(1, share) };
    },
  };
}
