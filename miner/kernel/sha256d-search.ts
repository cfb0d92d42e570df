/**
 * The WebAssembly function that searches nonces of a block header: SHA-256d with everything left out that does not
 * depend on the nonce.
 *
 * A header is two blocks of SHA-256. The first is compressed once per work (the mid-state), and of the second the
 * first three rounds too: its words 0 to 2 come before the nonce. What is known when the module is made (padding,
 * lengths, the initial state of the second hash) is computed then. Of the second hash only its last word is of
 * interest, the leading one of the number: it is known after round 60.
 */
import { LaneWords, type Word } from './lane-words.ts';
import { HASH_BITS, HEADER_BITS, INITIAL_STATE, NONCE_WORD, PADDING_BIT, SIGMA } from './sha256.ts';
import { Rounds } from './sha256-rounds.ts';
import { SCALAR, VECTOR, WasmCode } from './wasm-code.ts';
import { I32, type ValueType, wasmModule } from './wasm-module.ts';

/** How a module hashes: one nonce at a time, four in the lanes of a vector, or two such vectors side by side. */
export type KernelShape = 'scalar' | 'simd' | 'simd-2x';

/** Where things are in the memory: byte addresses. Everything up to `literals` is 4 bytes a word. */
export const LAYOUT = {
  /** The state after the header's first block. */
  midstate: 0,
  /** The working variables after the three rounds before the nonce. */
  afterThree: 32,
  /** Words 0 to 2 of the second block, and words 16 and 17 of its schedule, which follow from them. */
  firstWords: 64,
  word16: 76,
  word17: 80,
  /** The part of word 18 that does not depend on the nonce. */
  word18: 84,
  /** The leading word of the target. */
  limit: 88,
  literals: 128,
  roundConstants: 2_048,
  /** What the nonce of each lane is beyond that of the first. */
  lanes: 4_096,
  schedule: 5_120,
  /** All bits set in the lanes that may be hits. */
  candidates: 8_000,
} as const;
const MEMORY_PAGES = 1;

export interface SearchModule {
  /**
   * `search(startNonce, groupCount)`: looks at groups of {@link nonces} nonces, and gives back the number of the first
   * group with a candidate, a hash whose leading word is not above the limit, or `groupCount`.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** To be written to `LAYOUT.literals`. */
  readonly literals: Int32Array;
  /** Nonces that are looked at together. */
  readonly nonces: number;
}

const FIRST_NONCE = 0;
const GROUP_COUNT = 1;
const PARAMETERS: readonly ValueType[] = [I32, I32];

/** The module of a shape. */
export function searchModule(shape: KernelShape): SearchModule {
  const streams = shape === 'simd-2x' ? 2 : 1;
  const code = new WasmCode(PARAMETERS.length);
  const words = new LaneWords(code, shape === 'scalar' ? SCALAR : VECTOR, streams, LAYOUT.literals);
  const rounds = new Rounds(code, words, LAYOUT);
  const nonces = words.set.lanes * streams;

  const group = code.newLocal(I32);
  const nonce = words.each((stream) => {
    code.get(FIRST_NONCE);
    if (shape !== 'scalar') code.splat();
    words.push({ memory: LAYOUT.lanes }, stream);
    words.operate('add');
  });
  code.repeatWhileBelow(group, GROUP_COUNT, () => {
    const leading = secondHash(firstHash(nonce, rounds, words), rounds, words);
    const below = words.each((stream) => {
      words.push(leading, stream);
      words.push({ same: LAYOUT.limit }, stream);
      words.operate('lessEqual');
    });
    if (shape === 'scalar') words.push(below, 0);
    else {
      words.store(LAYOUT.candidates, below);
      code.isAnySet(LAYOUT.candidates, words.set.width * streams);
    }
    code.returnIf(group);
    words.assign(nonce, (stream) => words.pushSum([nonce, { literal: nonces }], stream));
    code.increase(group, 1);
  });
  code.get(GROUP_COUNT);

  const { locals, bytes: body } = code;
  const search = { name: 'search', parameters: PARAMETERS, results: [I32] as const, locals, body };
  return { bytes: wasmModule([search], MEMORY_PAGES), literals: words.pool, nonces };
}

/** The eight words of the header's hash. */
function firstHash(nonce: Word, rounds: Rounds, words: LaneWords): Word[] {
  const nonceWord = words.swapped(nonce);
  const { firstWords, word16, word17, word18 } = LAYOUT;
  const block: Word[] = [
    ...[0, 4, 8].map((offset): Word => ({ same: firstWords + offset })),
    nonceWord,
    { literal: PADDING_BIT },
    ...new Array<Word>(10).fill({ literal: 0 }),
    { literal: HEADER_BITS },
  ];
  rounds.begin(wordsFrom(LAYOUT.afterThree), block);
  rounds.ofBlock(NONCE_WORD);
  const given: Word[] = [
    { same: word16 },
    { same: word17 },
    words.sum([{ same: word18 }, words.sigma(nonceWord, SIGMA.lower0)]),
  ];
  for (const [index, word] of given.entries()) {
    rounds.keep(16 + index, word);
    rounds.round(16 + index, word);
    words.forget(word);
  }
  rounds.unrolled(19, 32);
  rounds.looped(32, 64);
  return rounds.end().map((variable, index) => {
    const sum = words.sum([variable, { same: LAYOUT.midstate + 4 * index }]);
    words.forget(variable);
    return sum;
  });
}

/** The leading word of the hash of a hash. */
function secondHash(hash: readonly Word[], rounds: Rounds, words: LaneWords): Word {
  const zeros = new Array<Word>(6).fill({ literal: 0 });
  const block = [...hash, { literal: PADDING_BIT }, ...zeros, { literal: HASH_BITS }];
  rounds.begin(
    Array.from(INITIAL_STATE, (literal) => ({ literal })),
    block,
  );
  rounds.ofBlock(0);
  rounds.unrolled(16, 32);
  rounds.looped(32, 48);
  rounds.unrolled(48, 60);
  // Three rounds later the new e of round 60 is h; nothing else of the rounds after it is needed.
  const last = words.sum([rounds.newE(60), { literal: INITIAL_STATE[7] as number }]);
  return words.swapped(last);
}

function wordsFrom(address: number): Word[] {
  return Array.from({ length: 8 }, (_, index) => ({ same: address + 4 * index }));
}
