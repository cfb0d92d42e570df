/**
 * The WebAssembly function that searches nonces of a block header: SHA-256d with everything left out that does not
 * depend on the nonce.
 *
 * A header is two blocks of SHA-256. The first is compressed once per work (the mid-state), and of the second the
 * first four rounds too: its words 0 to 2 come before the nonce, and the nonce is only added to two of the variables.
 * What is known when the module is made (padding, lengths, the initial state of the second hash) is computed then. Of
 * the second hash only its last word is of interest, the leading one of the number: it is known after round 60.
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
  /** The working variables after the round of the nonce, if the nonce were 0. */
  afterNonce: 32,
  /** Words 16 to 19 of the second block's schedule, if the nonce were 0: only 18 and 19 depend on it. */
  words16: 64,
  /** The leading word of the target. */
  limit: 88,
  literals: 128,
  roundConstants: 2_048,
  /** What the nonce of each lane is beyond that of the first. */
  lanes: 4_096,
  /** All bits set in the lanes that may be hits. */
  candidates: 8_192,
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
  const rounds = new Rounds(code, words, LAYOUT.roundConstants);
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
  const zeros = new Array<Word>(10).fill({ literal: 0 });
  // Words 0 to 2 have done their part: words 16 to 18, which need them, are given.
  const past = zeros.slice(0, NONCE_WORD);
  const block = [...past, nonceWord, { literal: PADDING_BIT }, ...zeros, { literal: HEADER_BITS }];
  const variables = wordsFrom(LAYOUT.afterNonce, 8);
  // The nonce's word is a summand of T1, and T1 one of the new a and e (FIPS 180-4 §6.2.2, step 3).
  for (const index of [0, 4]) variables[index] = words.sum([variables[index] as Word, nonceWord]);
  rounds.begin(variables, block);
  rounds.ofBlock(NONCE_WORD + 1);
  const [word16, word17, word18, word19] = wordsFrom(LAYOUT.words16, 4) as [Word, Word, Word, Word];
  const schedule = [
    word16,
    word17,
    words.sum([word18, words.sigma(nonceWord, SIGMA.lower0)]),
    words.sum([word19, nonceWord]),
  ];
  for (const [index, word] of schedule.entries()) {
    rounds.keep(16 + index, word);
    rounds.round(16 + index, word);
  }
  rounds.unrolled(20, 32);
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
  rounds.unrolled(16, 60);
  // Three rounds later the new e of round 60 is h; nothing else of the rounds after it is needed.
  const last = words.sum([rounds.newE(60), { literal: INITIAL_STATE[7] as number }]);
  return words.swapped(last);
}

function wordsFrom(address: number, length: number): Word[] {
  return Array.from({ length }, (_, index) => ({ same: address + 4 * index }));
}
