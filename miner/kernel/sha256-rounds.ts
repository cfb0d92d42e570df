/** The rounds of one SHA-256 compression as code (FIPS 180-4 §6.2.2): written out, or as a loop of sixteen. */
import type { LaneWords, Term, Word } from './lane-words.ts';
import { ROUND_CONSTANTS, SIGMA } from './sha256.ts';
import type { WasmCode } from './wasm-code.ts';
import { I32 } from './wasm-module.ts';

/** The working variables a to h. */
type Variables = [Word, Word, Word, Word, Word, Word, Word, Word];

/** Rounds in one turn of a loop: after so many the variables are at home again, and so is the schedule. */
const TURN = 16;

export class Rounds {
  readonly #code: WasmCode;
  readonly #words: LaneWords;
  readonly #constants: number;
  #variables: Variables | undefined;
  /** b ⊕ c, which the round before has computed as its a ⊕ b. */
  #difference: Word | undefined;
  /** The last 16 words of the schedule: word t stands at t mod 16. */
  #schedule: Word[] = [];

  /** @param constants address of the 64 round constants, 4 bytes each */
  constructor(code: WasmCode, words: LaneWords, constants: number) {
    this.#code = code;
    this.#words = words;
    this.#constants = constants;
  }

  /** @param block the 16 words of the block; local variables among them are given back when they are used up */
  begin(variables: readonly Word[], block: readonly Word[]): void {
    this.#variables = variables.slice() as Variables;
    this.#difference = undefined;
    this.#schedule = block.slice();
  }

  /** The rounds from `from` to 15, with the words of the block itself. */
  ofBlock(from: number): void {
    for (let t = from; t < TURN; t++) this.round(t, this.#schedule[t] as Word);
  }

  /** Rounds from `from` to below `to`, all beyond the block, written out: what is literal is computed beforehand. */
  unrolled(from: number, to: number): void {
    for (let t = from; t < to; t++) {
      const word = this.#words.sum(this.#newWord(t));
      this.keep(t, word);
      this.round(t, word);
    }
  }

  /** Makes a word that of round t in the schedule, and gives back the one of 16 rounds before. */
  keep(t: number, word: Word): void {
    const at = t % TURN;
    this.#words.forget(this.#schedule[at] as Word);
    this.#schedule[at] = word;
  }

  /** Round t with its word of the schedule. */
  round(t: number, word: Word): void {
    const words = this.#words;
    const [a, b, c, d, e, f, g, h] = this.#now();
    const first = words.sum(this.#firstSum(e, f, g, h, { literal: ROUND_CONSTANTS[t] as number }, word));
    const newE = words.sum([d, first]);
    const aXorB = words.xor(a, b);
    const bXorC = this.#difference ?? words.xor(b, c);
    const newA = words.sum([first, words.sigma(a, SIGMA.upper0), words.majority(b, aXorB, bXorC)]);
    for (const used of [first, bXorC, d, h]) words.forget(used);
    this.#variables = [newA, a, b, c, newE, e, f, g];
    this.#difference = aXorB;
  }

  /** The e that round t would give, and no round after it. */
  newE(t: number): Word {
    const [, , , d, e, f, g, h] = this.#now();
    const constant: Word = { literal: ROUND_CONSTANTS[t] as number };
    const word = (stream: number): void => this.#words.pushSum(this.#newWord(t), stream);
    return this.#words.sum([d, ...this.#firstSum(e, f, g, h, constant, word)]);
  }

  /** Rounds from `from` to below `to`, multiples of 16, as a loop: shorter code, which stays in the processor's cache. */
  looped(from: number, to: number): void {
    const code = this.#code;
    const words = this.#words;
    const home = this.#now().map((word) => this.#inLocals(word)) as Variables;
    const difference = this.#inLocals(this.#difference ?? words.xor(home[1], home[2]));
    this.#schedule = this.#schedule.map((word) => this.#inLocals(word));
    const constants = code.newLocal(I32);
    code.number(this.#constants + 4 * from);
    code.set(constants);
    code.repeatUntilEqual(constants, this.#constants + 4 * to, () => {
      let variables = home;
      for (let at = 0; at < TURN; at++) {
        const constant = (): void => {
          code.get(constants);
          code.instruction(words.set.loadSame, 4 * at);
        };
        variables = this.#roundInPlace(at, variables, difference, constant);
      }
      code.increase(constants, 4 * TURN);
    });
    code.release(I32, constants);
    this.#variables = home;
    this.#difference = difference;
  }

  /** The variables after the last round. Nothing else is kept. */
  end(): Variables {
    const variables = this.#now();
    if (this.#difference !== undefined) this.#words.forget(this.#difference);
    for (const word of this.#schedule) this.#words.forget(word);
    this.#variables = undefined;
    return variables;
  }

  /** A round whose new values take the local variables of those that are not needed any more. */
  #roundInPlace(
    at: number,
    [a, b, c, d, e, f, g, h]: Variables,
    difference: Word,
    constant: Term,
  ): Variables {
    const words = this.#words;
    const word = this.#schedule[at] as Word;
    const newWord = this.#newWord(at);
    words.assign(word, (stream) => words.pushSum(newWord, stream));
    const first = words.sum(this.#firstSum(e, f, g, h, constant, word));
    words.assign(d, (stream) => words.pushSum([d, first], stream));
    const aXorB = words.xor(a, b);
    const majority = words.majority(b, aXorB, difference);
    words.assign(h, (stream) => words.pushSum([first, words.sigma(a, SIGMA.upper0), majority], stream));
    words.assign(difference, (stream) => words.push(aXorB, stream));
    for (const used of [first, aXorB]) words.forget(used);
    return [h, a, b, c, d, e, f, g];
  }

  /** T1 of a round. The newest of the variables, e, comes in last: so the next round waits for the least. */
  #firstSum(e: Word, f: Word, g: Word, h: Word, constant: Term, word: Term): Term[] {
    const words = this.#words;
    return [h, word, constant, words.choice(e, f, g), words.sigma(e, SIGMA.upper1)];
  }

  /** The summands of word t of the schedule (§6.2.2, step 1). */
  #newWord(t: number): Term[] {
    const words = this.#words;
    const word = (index: number) => this.#schedule[index % TURN] as Word;
    const [lower0, lower1] = [SIGMA.lower0, SIGMA.lower1];
    // The word of 16 rounds ago stands where this one will; those of 15, 7 and 2 rounds ago stand after it.
    return [word(t), words.sigma(word(t + 1), lower0), word(t + 9), words.sigma(word(t + 14), lower1)];
  }

  #inLocals(word: Word): Word {
    return 'locals' in word ? word : this.#words.each((stream) => this.#words.push(word, stream));
  }

  #now(): Variables {
    if (this.#variables === undefined) throw new Error('the rounds were not begun');
    return this.#variables;
  }
}
