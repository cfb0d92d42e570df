import { CodecError } from './bytes.ts';

/** Shared by all that is empty, as most script signatures are. */
const NO_BYTES = new Uint8Array(0);

/** Reads little-endian values from a byte array, front to back; every method throws CodecError at its end. */
export class Reader {
  /** The whole input. */
  readonly bytes: Uint8Array;
  /** Position of the next byte. */
  offset = 0;
  /** Witness items that were read: their number in all of the input is limited. */
  witnessItems = 0;

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

  /** The next `length` bytes themselves: it lives as long as the input, and changes with it. */
  view(length: number): Uint8Array {
    if (length === 0) return NO_BYTES;
    const at = this.#advance(length);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at, length);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** A reader of other bytes. */
  over(bytes: Uint8Array): Reader {
    return new Reader(bytes);
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
