/** A kernel in WebAssembly: looks through nonces for candidates, each of which is hashed again here. */
import { assertNonceRange, type Hasher, HITS_PER_SEARCH, type SearchResult } from './hasher.ts';
import { createJsHasher } from './js-hasher.ts';
import {
  afterRounds,
  compressed,
  HEADER_BITS,
  INITIAL_STATE,
  NONCE_WORD,
  PADDING_BIT,
  ROUND_CONSTANTS,
  scheduleOf,
} from './sha256.ts';
import { type KernelShape, LAYOUT, searchModule } from './sha256d-search.ts';

/** What is used of the engine's WebAssembly: the same in a browser and on a server. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What the module exports. */
interface SearchExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly search: (startNonce: number, groupCount: number) => number;
}

/**
 * A {@link Hasher} of a shape, compiled on the spot.
 * @throws CompileError or RangeError where the engine does not know its instructions
 */
export function createWasmHasher(shape: KernelShape): Hasher {
  const { bytes, literals, nonces } = searchModule(shape);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { memory, search } = instance.exports as SearchExports;
  const words = new Int32Array(memory.buffer);
  const write = (address: number, values: Iterable<number>): void => words.set([...values], address / 4);
  write(LAYOUT.literals, literals);
  write(LAYOUT.roundConstants, ROUND_CONSTANTS);
  write(LAYOUT.lanes, Array(nonces).keys());
  /** Tells hits from candidates, and does what is left of a range that groups do not fill. */
  const exact = createJsHasher();

  return {
    name: shape,

    setWork(header80, target) {
      exact.setWork(header80, target);
      const view = new DataView(header80.buffer, header80.byteOffset, 80);
      const wordsFrom = (start: number, count: number) =>
        Int32Array.from({ length: count }, (_, index) => view.getInt32(4 * (start + index)));
      const midstate = compressed(INITIAL_STATE, wordsFrom(0, 16));
      const block = new Int32Array(16);
      block.set(wordsFrom(16, NONCE_WORD));
      block.set([PADDING_BIT], NONCE_WORD + 1);
      block.set([HEADER_BITS], 15);
      const schedule = scheduleOf(block);
      write(LAYOUT.midstate, midstate);
      write(LAYOUT.afterNonce, afterRounds(midstate, schedule, NONCE_WORD + 1));
      write(LAYOUT.words16, schedule.subarray(16, 20));
      write(LAYOUT.limit, [Number(target >> 224n)]);
    },

    search(startNonce, count): SearchResult {
      assertNonceRange(startNonce, count);
      const hits: number[] = [];
      let scanned = 0;
      while (scanned < count && hits.length < HITS_PER_SEARCH) {
        const groups = Math.floor((count - scanned) / nonces);
        if (groups > 0) scanned += nonces * search(startNonce + scanned, groups);
        const rest = Math.min(nonces, count - scanned);
        for (let end = scanned + rest; scanned < end && hits.length < HITS_PER_SEARCH; scanned++) {
          hits.push(...exact.search(startNonce + scanned, 1).hits);
        }
      }
      return { hits, scanned };
    },
  };
}
