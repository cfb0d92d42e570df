/**
 * The outer form of a partially signed transaction (BIP 174): maps of keys and values, each map ended by a zero
 * byte. What the records mean stands in psbt.ts.
 */
import { bytesToHex, concatBytes } from './bytes.ts';
import { CodecError, type Reader, varint, Writer } from './codec.ts';

/** One record of a map. Its key is the type and the key data together, and unique in its map. */
export interface PsbtRecord {
  readonly type: number;
  readonly keyData: Uint8Array;
  readonly value: Uint8Array;
}

/** All records of a PSBT; one map for each input and each output of its transaction. */
export interface PsbtMaps {
  readonly global: readonly PsbtRecord[];
  readonly inputs: readonly (readonly PsbtRecord[])[];
  readonly outputs: readonly (readonly PsbtRecord[])[];
}

/** The bytes of a record's key: its type as a CompactSize, and its key data. */
export function recordKey({ type, keyData }: Pick<PsbtRecord, 'type' | 'keyData'>): Uint8Array {
  return concatBytes(varint.encode(type), keyData);
}

/**
 * The largest number of records that are read from one PSBT: of a transaction as large as relays, with four records
 * for each input and each output, it is ten times the number.
 */
export const MAX_PSBT_RECORDS = 100_000;

/** Reads the maps of one PSBT, and counts their records: there may be so many in all of it. */
export class MapSource {
  readonly #reader: Reader;
  #records = 0;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /**
   * The next map, up to and with the zero that ends it.
   * @throws CodecError where a key stands twice, a length is wrong, or the input ends too early
   */
  map(name: string): PsbtRecord[] {
    const records: PsbtRecord[] = [];
    const seen = new Set<string>();
    for (;;) {
      const keyLength = this.#reader.varint();
      if (keyLength === 0) return records;
      if (++this.#records > MAX_PSBT_RECORDS) throw new CodecError(`more than ${MAX_PSBT_RECORDS} records`);
      const key = this.#reader.over(this.#reader.take(keyLength));
      const type = key.varint();
      const id = bytesToHex(key.bytes);
      if (seen.has(id)) throw new CodecError(`${name}: the key ${shortened(id)} stands twice`);
      seen.add(id);
      const value = this.#reader.take(this.#reader.varint());
      records.push({ type, keyData: key.take(key.remaining), value });
    }
  }
}

function shortened(hex: string): string {
  return hex.length > 16 ? `${hex.slice(0, 16)}…` : hex;
}

/**
 * Writes a map, its keys in lexicographic order, so that one PSBT has one encoding (the order that BIP 174's
 * combiner shows).
 * @throws CodecError when a key stands twice
 */
export function writeMap(writer: Writer, records: readonly PsbtRecord[]): void {
  const keyed = records
    .map((record) => ({ key: recordKey(record), value: record.value }))
    .sort((a, b) => compareBytes(a.key, b.key));
  keyed.forEach(({ key, value }, at) => {
    const before = keyed[at - 1];
    if (before !== undefined && compareBytes(before.key, key) === 0) {
      throw new CodecError(`the key ${shortened(bytesToHex(key))} stands twice`);
    }
    writer.varint(key.length);
    writer.bytes(key);
    writer.varint(value.length);
    writer.bytes(value);
  });
  writer.u8(0);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Takes the records of a map apart by their types, and remembers which types nobody asked for. */
export class RecordTaker {
  readonly #name: string;
  readonly #byType = new Map<number, PsbtRecord[]>();

  /** @param name what the map is called in errors: "input 2" */
  constructor(name: string, records: readonly PsbtRecord[]) {
    this.#name = name;
    for (const record of records) {
      const same = this.#byType.get(record.type);
      if (same === undefined) this.#byType.set(record.type, [record]);
      else same.push(record);
    }
  }

  /** The records of types that were not taken. */
  rest(): PsbtRecord[] {
    return [...this.#byType.values()].flat();
  }

  /**
   * The value of the one record of a type, whose key has no data.
   * @throws CodecError where the key has data, or the value is none
   */
  single<T>(type: number, what: string, read: (value: Uint8Array) => T): T | undefined {
    return this.many(type, what, (keyData, value) => {
      if (keyData.length > 0) throw new CodecError('its key has data, which it must not have');
      return read(value);
    })[0];
  }

  /** The records of a type. @throws CodecError where one of them is none */
  many<T>(type: number, what: string, read: (keyData: Uint8Array, value: Uint8Array) => T): T[] {
    const records = this.#byType.get(type) ?? [];
    this.#byType.delete(type);
    return records.map(({ keyData, value }) => {
      try {
        return read(keyData, value);
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
        throw new CodecError(`${this.#name}, ${what}: ${error.message}`, { cause: error });
      }
    });
  }
}

/** A map that is written: what is undefined is left out. */
export class RecordList {
  readonly records: PsbtRecord[] = [];

  single<T>(type: number, value: T | undefined, encode: (value: T) => Uint8Array): this {
    if (value === undefined) return this;
    this.records.push({ type, keyData: new Uint8Array(0), value: encode(value) });
    return this;
  }

  many<T>(type: number, values: readonly T[], encode: (value: T) => Omit<PsbtRecord, 'type'>): this {
    for (const value of values) this.records.push({ type, ...encode(value) });
    return this;
  }

  others(records: readonly PsbtRecord[]): this {
    this.records.push(...records);
    return this;
  }
}

/** The bytes of all maps behind `magic`. @throws CodecError */
export function encodeMaps(magic: Uint8Array, { global, inputs, outputs }: PsbtMaps): Uint8Array {
  const writer = new Writer(1_024);
  writer.bytes(magic);
  for (const map of [global, ...inputs, ...outputs]) writeMap(writer, map);
  return writer.finish();
}
