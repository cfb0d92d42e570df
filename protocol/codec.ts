/**
 * Combinators for the wire formats: a format is declared once, as a structure of named fields, and both
 * directions come from the declaration. What makes an encoding canonical is checked while reading.
 */
import { CodecError } from './bytes.ts';

export { CodecError };

/** Shared by all that is empty, as most script signatures are. */
const NO_BYTES = new Uint8Array(0);

/** Reads little-endian values from a byte array, front to back; every method throws CodecError at its end. */
export class Reader {
  /** The whole input. */
  readonly bytes: Uint8Array;
  /** Position of the next byte. */
  offset = 0;

  constructor(bytes: Uint8Array) {
    // A Buffer's slice() would alias the input and hand out Buffers; only plain views are read from.
    this.bytes =
      bytes.constructor === Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** The byte `ahead` places after the next one, without moving. */
  peek(ahead: number): number {
    const byte = this.bytes[this.offset + ahead];
    if (byte === undefined) throw this.#endsEarly(ahead + 1);
    return byte;
  }

  u8(): number {
    return this.#byte(this.#advance(1));
  }

  u16(): number {
    const at = this.#advance(2);
    return this.#byte(at) | (this.#byte(at + 1) << 8);
  }

  u32(): number {
    return this.i32() >>> 0;
  }

  i32(): number {
    const at = this.#advance(4);
    return (
      this.#byte(at) | (this.#byte(at + 1) << 8) | (this.#byte(at + 2) << 16) | (this.#byte(at + 3) << 24)
    );
  }

  u64(): bigint {
    const low = this.u32();
    const high = this.u32();
    // One conversion while the number is exact, which every valid amount is.
    return high < 0x20_0000 ? BigInt(high * 0x1_0000_0000 + low) : (BigInt(high) << 32n) | BigInt(low);
  }

  /** Bitcoin's CompactSize. Refuses a value written longer than needed, and one above 2⁵³ − 1. */
  varint(): number {
    const first = this.u8();
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.#minimal(this.u16(), 0xfd);
    if (first === 0xfe) return this.#minimal(this.u32(), 0x1_0000);
    const value = this.u32() + this.u32() * 0x1_0000_0000;
    if (value > Number.MAX_SAFE_INTEGER) throw this.error('varint is above 2^53 - 1');
    return this.#minimal(value, 0x1_0000_0000);
  }

  /** A count of things of at least `minSize` bytes each: refused before memory is reserved for it. */
  count(max: number, minSize: number): number {
    const count = this.varint();
    if (count > max) throw this.error(`count ${count} is above ${max}`);
    if (count * minSize > this.remaining) {
      throw this.error(`count ${count} needs at least ${count * minSize} bytes, ${this.remaining} are left`);
    }
    return count;
  }

  /** A copy of the next `length` bytes: it does not keep the input alive. */
  take(length: number): Uint8Array {
    if (length === 0) return NO_BYTES;
    const at = this.#advance(length);
    return this.bytes.slice(at, at + length);
  }

  /** An error that says where in the input it happened. */
  error(what: string): CodecError {
    return new CodecError(`${what} (at byte ${this.offset} of ${this.bytes.length})`);
  }

  /** @throws CodecError when bytes are left over */
  end(): void {
    if (this.remaining > 0) throw this.error(`${this.remaining} trailing bytes`);
  }

  #advance(length: number): number {
    const at = this.offset;
    if (at + length > this.bytes.length) throw this.#endsEarly(length);
    this.offset = at + length;
    return at;
  }

  #endsEarly(needed: number): CodecError {
    return this.error(`ends early, ${needed} bytes are needed and ${this.remaining} are left`);
  }

  /** The byte at a position already known to be inside. */
  #byte(at: number): number {
    return this.bytes[at] as number;
  }

  #minimal(value: number, least: number): number {
    if (value < least) throw this.error(`varint ${value} is not minimally encoded`);
    return value;
  }
}

/** Appends little-endian values to a growing byte array. Values that do not fit throw CodecError. */
export class Writer {
  #bytes: Uint8Array;
  #offset = 0;

  /** @param capacity bytes to reserve at first; exact capacity saves the final copy */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  u8(value: number): void {
    checkRange(value, 0, 0xff, 'u8');
    this.#put(value, 1);
  }

  u16(value: number): void {
    checkRange(value, 0, 0xffff, 'u16');
    this.#put(value, 2);
  }

  u32(value: number): void {
    checkRange(value, 0, 0xffff_ffff, 'u32');
    this.#put(value, 4);
  }

  i32(value: number): void {
    checkRange(value, -0x8000_0000, 0x7fff_ffff, 'i32');
    this.#put(value, 4);
  }

  u64(value: bigint): void {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new CodecError(`${value} is no u64`);
    this.#put(Number(value & 0xffff_ffffn), 4);
    this.#put(Number(value >> 32n), 4);
  }

  /** Bitcoin's CompactSize, as short as possible. */
  varint(value: number): void {
    checkRange(value, 0, Number.MAX_SAFE_INTEGER, 'varint');
    if (value < 0xfd) {
      this.u8(value);
    } else if (value <= 0xffff) {
      this.u8(0xfd);
      this.#put(value, 2);
    } else if (value <= 0xffff_ffff) {
      this.u8(0xfe);
      this.#put(value, 4);
    } else {
      this.u8(0xff);
      this.#put(value % 0x1_0000_0000, 4);
      this.#put(Math.floor(value / 0x1_0000_0000), 4);
    }
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** Everything written so far. The writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#offset === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#offset);
  }

  #put(value: number, size: number): void {
    const at = this.#reserve(size);
    for (let index = 0; index < size; index++) this.#bytes[at + index] = value >>> (8 * index);
  }

  #reserve(size: number): number {
    const at = this.#offset;
    const needed = at + size;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
    }
    this.#offset = needed;
    return at;
  }
}

function checkRange(value: number, min: number, max: number, type: string): void {
  if (!Number.isInteger(value) || value < min || value > max) throw new CodecError(`${value} is no ${type}`);
}

/** One wire format, both ways. */
export interface Codec<T> {
  /** What the format is called, for tools that show bytes: `u32`, `bytes[32]`, `varbytes`, … */
  readonly type: string;
  /** No value encodes to fewer bytes. */
  readonly minSize: number;
  /** @throws CodecError */
  read(reader: Reader): T;
  /** @throws CodecError when `value` cannot be expressed */
  write(writer: Writer, value: T): void;
  encode(value: T): Uint8Array;
  /** @throws CodecError; trailing bytes are refused */
  decode(bytes: Uint8Array): T;
}

/** The codec of a field, or, where it depends on fields before it, how these give it. */
export type Field<T, K extends keyof T> = Codec<T[K]> | ((before: T) => Codec<T[K]>);

/** A codec of named fields in wire order. */
export interface StructCodec<T> extends Codec<T> {
  readonly fields: { readonly [K in keyof T]: Field<T, K> };
}

/** A codec of a count and that many elements. */
export interface ArrayCodec<T> extends Codec<readonly T[]> {
  readonly element: Codec<T>;
}

/** A codec from its two directions. */
export function codec<T>(
  type: string,
  minSize: number,
  read: (reader: Reader) => T,
  write: (writer: Writer, value: T) => void,
): Codec<T> {
  return {
    type,
    minSize,
    read,
    write,
    encode(value) {
      const writer = new Writer();
      write(writer, value);
      return writer.finish();
    },
    decode(bytes) {
      const reader = new Reader(bytes);
      const value = read(reader);
      reader.end();
      return value;
    },
  };
}

export const u8: Codec<number> = codec(
  'u8',
  1,
  (reader) => reader.u8(),
  (writer, value) => writer.u8(value),
);
export const u16: Codec<number> = codec(
  'u16',
  2,
  (reader) => reader.u16(),
  (writer, value) => writer.u16(value),
);
export const u32: Codec<number> = codec(
  'u32',
  4,
  (reader) => reader.u32(),
  (writer, value) => writer.u32(value),
);
export const i32: Codec<number> = codec(
  'i32',
  4,
  (reader) => reader.i32(),
  (writer, value) => writer.i32(value),
);
export const u64: Codec<bigint> = codec(
  'u64',
  8,
  (reader) => reader.u64(),
  (writer, value) => writer.u64(value),
);
export const varint: Codec<number> = codec(
  'varint',
  1,
  (reader) => reader.varint(),
  (writer, value) => writer.varint(value),
);

/** Exactly `length` bytes. */
export function fixedBytes(length: number): Codec<Uint8Array> {
  return codec(
    `bytes[${length}]`,
    length,
    (reader) => reader.take(length),
    (writer, value) => {
      if (value.length !== length) throw new CodecError(`${value.length} bytes where ${length} belong`);
      writer.bytes(value);
    },
  );
}

/** A length and that many bytes, at most `maxLength`. */
export function varBytes(maxLength: number): Codec<Uint8Array> {
  return codec(
    'varbytes',
    1,
    (reader) => reader.take(reader.count(maxLength, 1)),
    (writer, value) => {
      checkCount(value.length, maxLength);
      writer.varint(value.length);
      writer.bytes(value);
    },
  );
}

/** A count and that many elements, at most `maxCount`. */
export function array<T>(element: Codec<T>, maxCount: number): ArrayCodec<T> {
  const whole = codec<readonly T[]>(
    `array of ${element.type}`,
    1,
    (reader) => {
      const count = reader.count(maxCount, element.minSize);
      const values: T[] = [];
      for (let index = 0; index < count; index++) values.push(element.read(reader));
      return values;
    },
    (writer, values) => {
      checkCount(values.length, maxCount);
      writer.varint(values.length);
      for (const value of values) element.write(writer, value);
    },
  );
  return { ...whole, element };
}

/** Exactly `count` elements, with nothing before them: their number is known from elsewhere. */
export function repeated<T>(element: Codec<T>, count: number): ArrayCodec<T> {
  const whole = codec<readonly T[]>(
    `${count} of ${element.type}`,
    count * element.minSize,
    (reader) => {
      const values: T[] = [];
      for (let index = 0; index < count; index++) values.push(element.read(reader));
      return values;
    },
    (writer, values) => {
      if (values.length !== count) throw new CodecError(`${values.length} elements where ${count} belong`);
      for (const value of values) element.write(writer, value);
    },
  );
  return { ...whole, element };
}

/** A number that has one allowed value, such as a marker. */
export function exactly(number: Codec<number>, allowed: number): Codec<number> {
  return codec(
    number.type,
    number.minSize,
    (reader) => {
      const value = number.read(reader);
      if (value !== allowed) throw reader.error(`${value} stands where ${allowed} belongs`);
      return value;
    },
    (writer, value) => {
      if (value !== allowed) throw new CodecError(`${value} stands where ${allowed} belongs`);
      number.write(writer, value);
    },
  );
}

/** The named fields one after the other, in the order of the declaration. */
export function struct<T extends object>(fields: StructCodec<T>['fields']): StructCodec<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  const whole = codec<T>(
    'struct',
    names.reduce((size, name) => size + minSizeOf(fields[name]), 0),
    (reader) => {
      const value = {} as T;
      for (const name of names) value[name] = codecOf(fields[name], value).read(reader);
      return value;
    },
    (writer, value) => {
      for (const name of names) codecOf(fields[name], value).write(writer, value[name]);
    },
  );
  return { ...whole, fields };
}

function codecOf<T, K extends keyof T>(field: Field<T, K>, before: T): Codec<T[K]> {
  return typeof field === 'function' ? field(before) : field;
}

function minSizeOf<T, K extends keyof T>(field: Field<T, K>): number {
  return typeof field === 'function' ? 0 : field.minSize;
}

function checkCount(count: number, max: number): void {
  if (count > max) throw new CodecError(`count ${count} is above ${max}`);
}
