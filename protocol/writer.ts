import { CodecError } from './bytes.ts';

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

  /** What has been written since the start or the last `reset`: a view, good until something else is written. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#offset);
  }

  /** Begins anew with the memory there is. */
  reset(): void {
    this.#offset = 0;
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
