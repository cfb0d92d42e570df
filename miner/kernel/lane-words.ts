/** The 32-bit words that a kernel computes with, and the functions of SHA-256 over them. */
import { type Sigma, sigma } from './sha256.ts';
import type { Operation, WasmCode, WordSet } from './wasm-code.ts';

/**
 * A word in every lane of every stream:
 * - `literal`: a number known when the module is made; arithmetic with it is done then
 * - `same`: 4 bytes of memory, the same in all lanes
 * - `memory`: a value for each lane, those of the streams one after the other
 * - `locals`: one local variable for each stream
 */
export type Word =
  | { readonly literal: number }
  | { readonly same: number }
  | { readonly memory: number }
  | { readonly locals: readonly number[] };

/** Something that is added up: a word, or code that puts one on the stack for a stream. */
export type Term = Word | ((stream: number) => void);

type Literal = Extract<Word, { readonly literal: number }>;

function isLiteral(term: Term): term is Literal {
  return typeof term !== 'function' && 'literal' in term;
}

/** Writes the arithmetic. Every stream gets the same instructions next to each other, so that engines may merge them. */
export class LaneWords {
  readonly streams: number;
  readonly set: WordSet;
  readonly #code: WasmCode;
  /** Literals that vector code reads from memory, by value. */
  readonly #pool = new Map<number, number>();
  readonly #poolAddress: number;

  /** @param poolAddress where {@link pool} is to be written before the code runs */
  constructor(code: WasmCode, set: WordSet, streams: number, poolAddress: number) {
    this.#code = code;
    this.set = set;
    this.streams = streams;
    this.#poolAddress = poolAddress;
  }

  /** The literals to be written to memory, in their order. */
  get pool(): Int32Array {
    return Int32Array.from(this.#pool.keys());
  }

  /** Puts a word on the stack. */
  push(word: Word, stream: number): void {
    const code = this.#code;
    if ('locals' in word) code.get(word.locals[stream] as number);
    else if ('literal' in word && this.set.name === 'scalar') code.number(word.literal);
    else {
      code.number(0);
      if ('memory' in word) code.instruction(this.set.load, word.memory + stream * this.set.width);
      else
        code.instruction(this.set.loadSame, 'same' in word ? word.same : this.#literalAddress(word.literal));
    }
  }

  operate(operation: Operation): void {
    this.#code.instruction(this.set.operations[operation]);
  }

  /** A word in local variables, computed for each stream by code that leaves it on the stack. */
  each(compute: (stream: number) => void): Word {
    const locals: number[] = [];
    for (let stream = 0; stream < this.streams; stream++) {
      compute(stream);
      const local = this.#code.newLocal(this.set.type);
      this.#code.set(local);
      locals.push(local);
    }
    return { locals };
  }

  /** Computes a word into the local variables of another one. */
  assign(target: Word, compute: (stream: number) => void): void {
    if (!('locals' in target)) throw new TypeError('only local variables can be assigned to');
    for (const [stream, local] of target.locals.entries()) {
      compute(stream);
      this.#code.set(local);
    }
  }

  /** Writes a word to memory, a value for each lane. */
  store(address: number, word: Word): void {
    for (let stream = 0; stream < this.streams; stream++) {
      this.#code.number(0);
      this.push(word, stream);
      this.#code.instruction(this.set.store, address + stream * this.set.width);
    }
  }

  /** The word is not needed any more. */
  forget(word: Word): void {
    if ('locals' in word) for (const local of word.locals) this.#code.release(this.set.type, local);
  }

  sum(terms: readonly Term[]): Word {
    if (terms.every(isLiteral)) return { literal: sumOf(terms) };
    return this.each((stream) => this.pushSum(terms, stream));
  }

  /** Puts a sum on the stack; the literals in it are added up beforehand. */
  pushSum(terms: readonly Term[], stream: number): void {
    const literal = sumOf(terms.filter(isLiteral));
    const summands = terms.filter((term) => !isLiteral(term));
    if (literal !== 0 || summands.length === 0) summands.push({ literal });
    for (const [index, term] of summands.entries()) {
      if (typeof term === 'function') term(stream);
      else this.push(term, stream);
      if (index > 0) this.operate('add');
    }
  }

  xor(a: Word, b: Word): Word {
    if (isLiteral(a) && isLiteral(b)) return { literal: a.literal ^ b.literal };
    return this.each((stream) => this.#pushOperations(stream, a, b, 'xor'));
  }

  sigma(word: Word, kind: Sigma): Term {
    if (isLiteral(word)) return { literal: sigma(word.literal, kind) };
    return (stream) => {
      if ('locals' in word) return this.#pushSigma(word.locals[stream] as number, kind);
      const local = this.#code.newLocal(this.set.type);
      this.push(word, stream);
      this.#code.set(local);
      this.#pushSigma(local, kind);
      this.#code.release(this.set.type, local);
    };
  }

  /**
   * Ch(e, f, g) = (e ∧ f) ⊕ (¬e ∧ g): the bits of f where e has ones, else those of g (FIPS 180-4 §4.1.2). Where there
   * is no instruction for that, or f ⊕ g is known, it is g ⊕ (e ∧ (f ⊕ g)).
   */
  choice(e: Word, f: Word, g: Word): Term {
    const { select } = this.set;
    if (isLiteral(f) && isLiteral(g)) {
      const difference = f.literal ^ g.literal;
      if (isLiteral(e)) return { literal: g.literal ^ (e.literal & difference) };
      return (stream) => this.#pushOperations(stream, e, { literal: difference }, 'and', g, 'xor');
    }
    if (select === undefined)
      return (stream) => this.#pushOperations(stream, f, g, 'xor', e, 'and', g, 'xor');
    return (stream) => {
      for (const word of [f, g, e]) this.push(word, stream);
      this.#code.instruction(select);
    };
  }

  /** Maj(a, b, c), written as b ⊕ ((a ⊕ b) ∧ (b ⊕ c)): the one difference is the other of the round after. */
  majority(b: Word, aXorB: Word, bXorC: Word): Term {
    if (isLiteral(b) && isLiteral(aXorB) && isLiteral(bXorC)) {
      return { literal: b.literal ^ (aXorB.literal & bXorC.literal) };
    }
    return (stream) => this.#pushOperations(stream, aXorB, bXorC, 'and', b, 'xor');
  }

  /** The word with its four bytes reversed. */
  swapped(word: Word): Word {
    return this.each((stream) => {
      this.#pushShifted(word, 'shiftLeft', 24, stream);
      this.#pushShifted(word, 'shiftRight', 24, stream);
      this.operate('or');
      this.#pushShifted(word, 'shiftLeft', 8, stream, 0x00ff_0000);
      this.operate('or');
      this.#pushShifted(word, 'shiftRight', 8, stream, 0x0000_ff00);
      this.operate('or');
    });
  }

  /** Words and operations in the order of a stack machine. */
  #pushOperations(stream: number, ...items: readonly (Word | Operation)[]): void {
    for (const item of items) {
      if (typeof item === 'string') this.operate(item);
      else this.push(item, stream);
    }
  }

  #pushShifted(word: Word, direction: 'shiftLeft' | 'shiftRight', by: number, stream: number, mask?: number) {
    this.push(word, stream);
    this.#code.number(by);
    this.operate(direction);
    if (mask === undefined) return;
    this.push({ literal: mask }, stream);
    this.operate('and');
  }

  /**
   * A rotation is two shifts, where there is no instruction for it. All are added one after the other, not pair by
   * pair: that is a longer chain of fewer values at a time, and these have to fit into 16 registers.
   */
  #pushSigma(local: number, kind: Sigma): void {
    const { rotate } = this.set;
    let isFirst = true;
    const add = (operation: readonly number[], by: number): void => {
      this.#code.get(local);
      this.#code.number(by);
      this.#code.instruction(operation);
      if (!isFirst) this.operate('xor');
      isFirst = false;
    };
    const { shiftLeft, shiftRight } = this.set.operations;
    for (const count of kind.rotations) {
      if (rotate !== undefined) add(rotate, count);
      else {
        add(shiftRight, count);
        add(shiftLeft, 32 - count);
      }
    }
    if ('shift' in kind) add(shiftRight, kind.shift);
  }

  #literalAddress(literal: number): number {
    const value = literal | 0;
    if (!this.#pool.has(value)) this.#pool.set(value, this.#poolAddress + 4 * this.#pool.size);
    return this.#pool.get(value) as number;
  }
}

function sumOf(literals: readonly Literal[]): number {
  return literals.reduce((sum, { literal }) => (sum + literal) | 0, 0);
}
