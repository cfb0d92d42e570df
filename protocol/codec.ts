/**
 * Combinators for the wire formats: a format is declared once, as a structure of named fields, and both
 * directions come from the declaration. What makes an encoding canonical is checked while reading.
 */
import { CodecError } from './bytes.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

export { CodecError, Reader, Writer };

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

/** A codec of equal elements, with their count before them or, where that is known, without. */
export interface ArrayCodec<T> extends Codec<readonly T[]> {
  readonly element: Codec<T>;
  readonly counted: boolean;
}

/** A codec that is written by hand, and the declaration it follows, which may depend on the bytes that come. */
export interface DeclaredCodec<T> extends Codec<T> {
  /** Leaves the reader where it is. @throws CodecError where the input ends too early to tell */
  readonly declaration: (reader: Reader) => Codec<unknown>;
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
  return { ...whole, element, counted: true };
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
  return { ...whole, element, counted: false };
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

/**
 * The named fields one after the other, in the order of the declaration.
 * @param type what the structure is called
 */
export function struct<T extends object>(fields: StructCodec<T>['fields'], type = 'struct'): StructCodec<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  const whole = codec<T>(
    type,
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

/** Says of a codec that is written by hand what it follows, for tools that show bytes. */
export function declared<T>(
  byHand: Codec<T>,
  declaration: DeclaredCodec<T>['declaration'],
): DeclaredCodec<T> {
  return { ...byHand, declaration };
}

/** The codec of a field that comes after the fields `before`. */
export function codecOf<T, K extends keyof T>(field: Field<T, K>, before: T): Codec<T[K]> {
  return typeof field === 'function' ? field(before) : field;
}

function minSizeOf<T, K extends keyof T>(field: Field<T, K>): number {
  return typeof field === 'function' ? 0 : field.minSize;
}

function checkCount(count: number, max: number): void {
  if (count > max) throw new CodecError(`count ${count} is above ${max}`);
}
