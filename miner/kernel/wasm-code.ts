/** The instructions of one WebAssembly function, written one after the other. */
import { I32, signedLeb, unsignedLeb, type ValueType } from './wasm-module.ts';

/** Opcodes (WebAssembly Core Specification 2.0, §5.4). */
const OP = {
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  branchIf: 0x0d,
  return: 0x0f,
  localGet: 0x20,
  localSet: 0x21,
  i32Load: 0x28,
  i64Load: 0x29,
  i32Store: 0x36,
  i32Const: 0x41,
  i64EqualsZero: 0x50,
  i32EqualsZero: 0x45,
  i32NotEqual: 0x47,
  i32LessUnsigned: 0x49,
  i32LessEqualUnsigned: 0x4d,
  i32Add: 0x6a,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32ShiftLeft: 0x74,
  i32ShiftRightUnsigned: 0x76,
  i32RotateRight: 0x78,
  i64Or: 0x84,
} as const;
const NO_RESULT = 0x40;

/** Opcodes after the prefix of vector instructions (§5.4.8). */
const VECTOR_PREFIX = 0xfd;
const VECTOR_OP = {
  load: 0x00,
  loadSplat32: 0x09,
  store: 0x0b,
  i32x4Splat: 0x11,
  i32x4LessEqualUnsigned: 0x3e,
  and: 0x4e,
  or: 0x50,
  xor: 0x51,
  bitSelect: 0x52,
  i32x4ShiftLeft: 0xab,
  i32x4ShiftRightUnsigned: 0xad,
  i32x4Add: 0xae,
} as const;

/** Alignments as the format writes them: the exponent of 2. */
const ALIGNED_4 = 2;
const ALIGNED_8 = 3;
const ALIGNED_16 = 4;

export type Operation = 'add' | 'and' | 'or' | 'xor' | 'shiftLeft' | 'shiftRight' | 'lessEqual';

/** The same arithmetic on one 32-bit word, or on four of them at once. */
export interface WordSet {
  readonly name: 'scalar' | 'vector';
  /** Bytes of a value. */
  readonly width: 4 | 16;
  readonly lanes: 1 | 4;
  readonly type: ValueType;
  readonly operations: Readonly<Record<Operation, readonly number[]>>;
  /** Rotation to the right by the count on the stack, where there is one. */
  readonly rotate?: readonly number[];
  /** Of three words the bits of the first where the third has ones, else of the second; where there is one. */
  readonly select?: readonly number[];
  /** Opcode and alignment: a value of its own in each lane. */
  readonly load: readonly number[];
  readonly store: readonly number[];
  /** Opcode and alignment: one word of 4 bytes in every lane. */
  readonly loadSame: readonly number[];
}

function vectorOp(opcode: number): readonly number[] {
  return [VECTOR_PREFIX, ...unsignedLeb(opcode)];
}

export const SCALAR: WordSet = {
  name: 'scalar',
  width: 4,
  lanes: 1,
  type: I32,
  operations: {
    add: [OP.i32Add],
    and: [OP.i32And],
    or: [OP.i32Or],
    xor: [OP.i32Xor],
    shiftLeft: [OP.i32ShiftLeft],
    shiftRight: [OP.i32ShiftRightUnsigned],
    lessEqual: [OP.i32LessEqualUnsigned],
  },
  rotate: [OP.i32RotateRight],
  load: [OP.i32Load, ALIGNED_4],
  store: [OP.i32Store, ALIGNED_4],
  loadSame: [OP.i32Load, ALIGNED_4],
};

export const VECTOR: WordSet = {
  name: 'vector',
  width: 16,
  lanes: 4,
  type: 0x7b,
  operations: {
    add: vectorOp(VECTOR_OP.i32x4Add),
    and: vectorOp(VECTOR_OP.and),
    or: vectorOp(VECTOR_OP.or),
    xor: vectorOp(VECTOR_OP.xor),
    shiftLeft: vectorOp(VECTOR_OP.i32x4ShiftLeft),
    shiftRight: vectorOp(VECTOR_OP.i32x4ShiftRightUnsigned),
    lessEqual: vectorOp(VECTOR_OP.i32x4LessEqualUnsigned),
  },
  select: vectorOp(VECTOR_OP.bitSelect),
  load: [...vectorOp(VECTOR_OP.load), ALIGNED_16],
  store: [...vectorOp(VECTOR_OP.store), ALIGNED_16],
  loadSame: [...vectorOp(VECTOR_OP.loadSplat32), ALIGNED_4],
};

/** Writes the body of a function and keeps account of its local variables. */
export class WasmCode {
  readonly bytes: number[] = [];
  readonly locals: ValueType[] = [];
  readonly #parameterCount: number;
  readonly #free = new Map<ValueType, number[]>();

  constructor(parameterCount: number) {
    this.#parameterCount = parameterCount;
  }

  /** A local variable that nobody uses at present. */
  newLocal(type: ValueType): number {
    const free = this.#free.get(type)?.pop();
    return free ?? this.#parameterCount + this.locals.push(type) - 1;
  }

  /** Gives a local variable back. */
  release(type: ValueType, local: number): void {
    const free = this.#free.get(type);
    if (free === undefined) this.#free.set(type, [local]);
    else free.push(local);
  }

  get(local: number): void {
    this.bytes.push(OP.localGet, ...unsignedLeb(local));
  }

  set(local: number): void {
    this.bytes.push(OP.localSet, ...unsignedLeb(local));
  }

  /** An i32 constant. */
  number(value: number): void {
    this.bytes.push(OP.i32Const, ...signedLeb(value));
  }

  /** @param opcode with its alignment, where it is an access to memory at the address on the stack plus `offset` */
  instruction(opcode: readonly number[], offset?: number): void {
    this.bytes.push(...opcode, ...(offset === undefined ? [] : unsignedLeb(offset)));
  }

  /** Adds a constant to an i32 local. */
  increase(local: number, by: number): void {
    this.get(local);
    this.number(by);
    this.bytes.push(OP.i32Add);
    this.set(local);
  }

  /** Copies the i32 on the stack into all lanes of a vector. */
  splat(): void {
    this.bytes.push(...vectorOp(VECTOR_OP.i32x4Splat));
  }

  /** Repeats the body while an i32 local differs from a number. */
  repeatUntilEqual(local: number, end: number, body: () => void): void {
    this.bytes.push(OP.loop, NO_RESULT);
    body();
    this.get(local);
    this.number(end);
    this.bytes.push(OP.i32NotEqual, OP.branchIf, 0, OP.end);
  }

  /** Repeats the body while one i32 local is below another. */
  repeatWhileBelow(local: number, end: number, body: () => void): void {
    this.bytes.push(OP.loop, NO_RESULT);
    body();
    this.get(local);
    this.get(end);
    this.bytes.push(OP.i32LessUnsigned, OP.branchIf, 0, OP.end);
  }

  /** Returns a local if the i32 on the stack is not zero. */
  returnIf(local: number): void {
    this.bytes.push(OP.if, NO_RESULT);
    this.get(local);
    this.bytes.push(OP.return, OP.end);
  }

  /** Puts on the stack whether any bit of so many bytes of memory is set; a multiple of 8. */
  isAnySet(address: number, byteCount: number): void {
    for (let at = 0; at < byteCount; at += 8) {
      this.number(0);
      this.instruction([OP.i64Load, ALIGNED_8], address + at);
      if (at > 0) this.bytes.push(OP.i64Or);
    }
    this.bytes.push(OP.i64EqualsZero, OP.i32EqualsZero);
  }
}
