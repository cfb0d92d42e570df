/** What kernels are compared with in the same run. */
import { sha256d } from '../../protocol/sha256-noble.ts';
import { type Clocks, type Measurement, measurementSince } from './measurement.ts';

export interface Reference {
  readonly name: string;
  /** Threads that it hashes with: it is compared with kernels on as many. */
  readonly threads: number;
  /** @returns undefined if the signal fired first or it does not run here */
  measure(durationMs: number, signal: AbortSignal): Promise<Measurement | undefined>;
}

/** Hashes between two looks at the clock and at what else there is to do. */
const SLICE_HASHES = 500;

/** A plain loop over a library in plain JavaScript, in the main thread. */
export function nobleReference(clocks: Clocks): Reference {
  return {
    name: '@noble/hashes',
    threads: 1,
    async measure(durationMs, signal) {
      const header = new Uint8Array(80);
      const nonce = new DataView(header.buffer, 76);
      const since = measurementSince(clocks);
      let hashes = 0;
      while (since.elapsedMs() < durationMs && !signal.aborted) {
        for (let i = 0; i < SLICE_HASHES; i++) {
          nonce.setUint32(0, hashes + i, true);
          sha256d(header);
        }
        hashes += SLICE_HASHES;
        await new Promise((resolve) => setImmediate(resolve));
      }
      return signal.aborted ? undefined : since.measured((hashes * 1_000) / since.elapsedMs(), this.threads);
    },
  };
}
