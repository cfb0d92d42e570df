/**
 * Where each field of an encoding stands, read from the declarations of the codecs: a tree of spans whose parts
 * follow each other without a gap. A branch is laid out when it is first looked at, so a block of four million
 * bytes costs little more than decoding it.
 */
import {
  type ArrayCodec,
  type Codec,
  codecOf,
  type DeclaredCodec,
  fixedBytes,
  Reader,
  type StructCodec,
  varint,
} from './codec.ts';

type Struct = StructCodec<Record<string, unknown>>;

/** How a span is called and what it is a part of. */
interface Place {
  readonly name: string;
  readonly kind: string;
  readonly parent: Span | undefined;
  /** What reading would give, where that is known: a list of thousands is not read once more. */
  readonly known?: { readonly value: unknown; readonly end: number } | undefined;
}

/** A stretch of bytes that one declaration has read. */
export class Span<T = unknown> {
  /** Last part of the path: `sequence`, `[1]`; of the whole, what it is. */
  readonly name: string;
  /** What it is, wherever it stands: `input.sequence`, `transaction.inputs[]`, `transaction.inputs.count`. */
  readonly kind: string;
  /** What its codec is called: `u32`, `bytes[32]`, `varbytes`, `array of input`. */
  readonly type: string;
  /** Of its first byte, in the whole. */
  readonly start: number;
  /** After its last byte. */
  readonly end: number;
  readonly value: T;
  /** What it is a part of; undefined for the whole. */
  readonly parent: Span | undefined;
  readonly #codec: Codec<T>;
  readonly #whole: Uint8Array;
  #parts: readonly Span[] | undefined;

  /**
   * The next value of a codec.
   * @throws CodecError
   */
  constructor(codec: Codec<T>, reader: Reader, { name, kind, parent, known }: Place) {
    this.name = name;
    this.kind = kind;
    this.parent = parent;
    this.type = codec.type;
    this.#codec = codec;
    this.#whole = reader.bytes;
    this.start = reader.offset;
    this.value = known === undefined ? codec.read(reader) : (known.value as T);
    this.end = known?.end ?? reader.offset;
  }

  /** Where it stands in the whole: `transactions[0].inputs[1].sequence`; empty for the whole itself. */
  get path(): string {
    if (this.parent === undefined) return '';
    const above = this.parent.path;
    return above === '' || this.name.startsWith('[') ? `${above}${this.name}` : `${above}.${this.name}`;
  }

  /** Its bytes: a view of the whole. */
  get bytes(): Uint8Array {
    return this.#whole.subarray(this.start, this.end);
  }

  /** What it is made of, in order and without a gap; empty for a field that has no parts. */
  get parts(): readonly Span[] {
    this.#parts ??= [...this.#layOut()].filter((part) => part.end > part.start);
    return this.#parts;
  }

  /** The last field ends where the whole does, and its value is in the whole's. */
  #last(name: string): Place['known'] {
    if (!isStruct(this.#codec)) return undefined;
    const { [name]: value } = this.value as Record<string, unknown>;
    return { value, end: this.end };
  }

  *#layOut(): Generator<Span, void, undefined> {
    const reader = new Reader(this.#whole);
    reader.offset = this.start;
    const codec = declarationOf(this.#codec, reader);
    const part = <P>(of: Codec<P>, name: string, kind: string, known?: Place['known']) =>
      new Span(of, reader, { name, kind, parent: this, known });
    if (isStruct(codec)) {
      const before: Record<string, unknown> = {};
      const names = Object.keys(codec.fields);
      for (const name of names) {
        const field = codec.fields[name];
        if (field === undefined) continue;
        const of = codecOf<Record<string, unknown>, string>(field, before);
        const span = part(
          of,
          name,
          `${codec.type}.${name}`,
          name === names.at(-1) ? this.#last(name) : undefined,
        );
        before[name] = span.value;
        yield span;
      }
    } else if (isArray(codec)) {
      if (codec.counted) yield part(varint, 'count', `${this.kind}.count`);
      for (let index = 0; reader.offset < this.end; index++) {
        yield part(codec.element, `[${index}]`, `${this.kind}[]`);
      }
    } else if (codec.type === 'varbytes') {
      const length = part(varint, 'length', `${this.kind}.length`);
      yield length;
      yield part(fixedBytes(length.value), 'bytes', `${this.kind}.bytes`);
    }
  }
}

/** What a codec that is written by hand follows; any other codec itself. */
function declarationOf(codec: Codec<unknown>, reader: Reader): Codec<unknown> {
  return isDeclared(codec) ? codec.declaration(reader) : codec;
}

/** Whether a codec is written by hand. */
export function isDeclared(codec: Codec<unknown>): codec is DeclaredCodec<unknown> {
  return 'declaration' in codec;
}

/** Whether a codec is one of named fields. */
export function isStruct(codec: Codec<unknown>): codec is Codec<unknown> & Struct {
  return 'fields' in codec;
}

/** Whether a codec is one of equal elements. */
export function isArray(codec: Codec<unknown>): codec is Codec<unknown> & ArrayCodec<unknown> {
  return 'element' in codec;
}

/**
 * The fields of an encoding, from the whole down.
 * @throws CodecError unless `bytes` are exactly one value of the codec
 */
export function layOut<T>(codec: Codec<T>, bytes: Uint8Array): Span<T> {
  const reader = new Reader(bytes);
  const span = new Span(codec, reader, { name: codec.type, kind: codec.type, parent: undefined });
  reader.end();
  return span;
}

/** The smallest span at a byte; undefined where `offset` is outside. */
export function leafAt(span: Span, offset: number): Span | undefined {
  if (offset < span.start || offset >= span.end) return undefined;
  const { parts } = span;
  if (parts.length === 0) return span;
  let low = 0;
  let high = parts.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offset < (parts[middle]?.end ?? 0)) high = middle;
    else low = middle + 1;
  }
  const part = parts[low];
  return part === undefined ? span : leafAt(part, offset);
}

/** The smallest spans that lie, whole or in part, between two offsets, in order. */
export function* leavesBetween(span: Span, start: number, end: number): Generator<Span, void, undefined> {
  for (let at = Math.max(start, span.start); at < end; ) {
    const leaf = leafAt(span, at);
    if (leaf === undefined) return;
    yield leaf;
    at = leaf.end;
  }
}

/** The span at a path; undefined where there is none. */
export function spanAt(whole: Span, path: string): Span | undefined {
  let span: Span | undefined = whole;
  for (const [, index, name] of path.matchAll(/(\[\d+\])|([^.[\]]+)/g)) {
    span = span?.parts.find((part) => part.name === (index ?? name));
  }
  return span?.path === path ? span : undefined;
}
