import { type Codec, Writer } from '../../protocol/codec.ts';
import type { SqlValue } from '../../service/database.ts';
import type { BulkWrite, PreparedWrite } from './bulk-write.ts';

/** A place is start × 2²³ + length: rows of up to 8 MiB (a block has 4 MB at most), 1 GiB of them together. */
const LENGTH_BITS = 23;
const LENGTH_SPAN = 2 ** LENGTH_BITS;
const MAX_ROW_BYTES = LENGTH_SPAN - 1;
const MAX_BYTES = 2 ** 30;
const ROWS_PER_PART = 8_000;

/**
 * Many rows of bytes as two parameters of one statement: all bytes one after the other (`?1`), and the place
 * of each row in them (`?2`, a JSON array). SQL walks the places with `json_each(?2)` and cuts a row's
 * columns out of `?1` with {@link column}. A row costs about 1 µs this way, a quarter of what a JSON array of
 * hexadecimal columns costs and a fiftieth of a statement of its own.
 */
export class PackedRows {
  #bytes: Buffer;
  #end = 0;
  #start = 0;
  readonly #places: number[] = [];

  /** @param expectedRows how many rows of about `rowBytes` to reserve memory for; more may come */
  constructor(expectedRows = 64, rowBytes = 64) {
    this.#bytes = Buffer.allocUnsafe(Math.max(1, expectedRows * rowBytes));
  }

  get count(): number {
    return this.#places.length;
  }

  /** Appends bytes to the row at hand. */
  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
    return this;
  }

  /** Appends the bytes that hexadecimal digits stand for. */
  hex(digits: string): this {
    this.#reserve(digits.length / 2);
    this.#end += this.#bytes.write(digits, this.#end, 'hex');
    return this;
  }

  /** Appends four bytes, the most significant first: byte strings then sort as the numbers do. */
  u32(value: number): this {
    this.#reserve(4);
    const at = this.#end;
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
    this.#end = at + 4;
    return this;
  }

  /** Appends eight bytes, the most significant first. */
  u64(value: bigint): this {
    return this.u32(Number(value >> 32n)).u32(Number(value & 0xffff_ffffn));
  }

  /** Appends what a format's own writer makes of a value. */
  encoded<T>(codec: Codec<T>, value: T): this {
    scratch.reset();
    codec.write(scratch, value);
    return this.bytes(scratch.written);
  }

  /** Ends the row at hand; the next one begins. */
  end(): void {
    const length = this.#end - this.#start;
    if (length > MAX_ROW_BYTES || this.#end > MAX_BYTES) {
      throw new RangeError(`a row of ${length} bytes after ${this.#start} cannot be packed`);
    }
    this.#places.push(this.#start * LENGTH_SPAN + length);
    this.#start = this.#end;
  }

  /** `?1` and `?2` of the statement. */
  get parameters(): readonly [SqlValue, SqlValue] {
    return [this.#bytes.subarray(0, this.#end), JSON.stringify(this.#places)];
  }

  /** The statement `sql` with these rows as its parameters, if there are any; it must change a row for each. */
  into(sql: string): BulkWrite | undefined {
    return this.count === 0 ? undefined : { sql, parameters: this.parameters, rows: this.count };
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * this.#bytes.length + length);
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** Shared by all: a value is written and taken over at once. */
const scratch = new Writer();

/** Rows without end, in parts of as many as one statement should write: more would hold the event loop for long. */
export class PackedParts {
  readonly #parts: PackedRows[] = [];

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Where the next row is to be packed. */
  get open(): PackedRows {
    let last = this.#parts.at(-1);
    if (last === undefined || last.count >= ROWS_PER_PART) {
      last = new PackedRows();
      this.#parts.push(last);
    }
    return last;
  }

  /** A write of each part with this statement. */
  *writes(sql: string): Iterable<PreparedWrite> {
    for (const part of this.#parts) yield () => part.into(sql);
  }
}

/**
 * SQL for the bytes of a packed row from byte `start`: `length` of them, or all that follow.
 * @param place the SQL that names the row's place; `value` within `json_each(?2)`
 */
export function column(start: number, length?: number, place = 'value'): string {
  const rest = length === undefined ? `(${place} & ${MAX_ROW_BYTES}) - ${start}` : `${length}`;
  return `substr(?1, (${place} >> ${LENGTH_BITS}) + ${start + 1}, ${rest})`;
}
