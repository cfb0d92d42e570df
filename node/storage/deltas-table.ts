import type { TxOutput } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';
import { column, PackedRows } from './packed-rows.ts';
import { PLACE_BYTES, type Place, packPlace, readPlace } from './place.ts';
import type { PlacedTransaction } from './transactions-table.ts';

/**
 * The address index: what came to a script and what went, in the order of the chain. A block only adds rows,
 * those of a script side by side, and never looks for the row of an output that it spends.
 */

/** What a delta moves. */
export interface DeltaValue {
  /** Where it stands in its table, `index` with the input bit: the outputs of a transaction, then its inputs. */
  readonly at: Place;
  /** Whether it is an input, which spends an output of its script. */
  readonly spends: boolean;
  /** Of the output, or of the output that the input spends. */
  readonly value: Nits;
}

/** One output received, or one input that spends. */
export interface Delta extends DeltaValue {
  readonly script: Uint8Array;
  /** Of the output or input in its transaction. */
  readonly index: number;
  /** Of the transaction that it is in. */
  readonly txid: Hash;
}

/** The highest bit of the index tells inputs from outputs. */
const INPUT_BIT = 0x8000_0000;
const VALUE_BYTES = 8;
/** Eight hexadecimal digits. */
const COUNT_BYTES = 8;
const TXID_BYTES = 32;
/** Value and txid of an output. */
const FACT_BYTES = VALUE_BYTES + TXID_BYTES;
/** The same of an input, and the place of the output it spends. */
const INPUT_FACT_BYTES = FACT_BYTES + PLACE_BYTES;

/** A row for `INSERT_RECEIVED`: an output that enters the best chain. */
export function packReceived(
  rows: PackedRows,
  { height, position, txid }: PlacedTransaction,
  index: number,
  { value, script }: TxOutput,
): void {
  rows.u32(height).u32(position).u32(index).u64(value).bytes(txid).bytes(script).end();
}

export const INSERT_RECEIVED = insertion(FACT_BYTES);

/** A row for `INSERT_SPENT`: an input of the best chain; `output` was made at `created`. */
export function packSpent(
  rows: PackedRows,
  { height, position, txid }: PlacedTransaction,
  index: number,
  { value, script }: TxOutput,
  created: Place,
): void {
  packPlace(rows, inputPlace({ height, position, index })).u64(value).bytes(txid);
  packPlace(rows, created).bytes(script).end();
}

export const INSERT_SPENT = insertion(INPUT_FACT_BYTES);

/** A row for `DELETE_DELTAS`: the output or input of this script at this place leaves the best chain. */
export function packDeltaKey(rows: PackedRows, at: Place, script: Uint8Array): void {
  packPlace(rows, at).bytes(script).end();
}

export const DELETE_DELTAS = `DELETE FROM deltas WHERE (script, place) IN
  (SELECT ${column(PLACE_BYTES)}, ${column(0, PLACE_BYTES)} FROM json_each(?2))`;

function insertion(factBytes: number): string {
  return `INSERT INTO deltas (script, place, fact)
    SELECT ${column(PLACE_BYTES + factBytes)}, ${column(0, PLACE_BYTES)}, ${column(PLACE_BYTES, factBytes)}
    FROM json_each(?2)`;
}

/** Where an input stands in its table. */
export function inputPlace({ height, position, index }: Place): Place {
  return { height, position, index: index + INPUT_BIT };
}

/** Rows of one script to read. */
export interface DeltaRange {
  readonly script: Uint8Array;
  /** The first place that counts. */
  readonly from: Place;
  /** The first place beyond it that does not. */
  readonly until: Place;
}

/** What one statement has read of a range. */
export interface DeltaSlice<Row> {
  /** In the order of reading. */
  readonly rows: readonly Row[];
  /** The place that was read last; undefined when there was none. */
  readonly last: Place | undefined;
  /** Whether the range holds no more. */
  readonly ended: boolean;
}

/** What one statement has read: a slice of each range, in their order, as of one tip. */
export interface DeltaSlices<Row> {
  /** Hash of the tip. */
  readonly tip: Hash;
  readonly slices: readonly DeltaSlice<Row>[];
}

export interface DeltaReading {
  /** Most rows to look at in each range. */
  readonly rows: number;
  readonly newestFirst?: boolean;
  /** Only outputs that nothing on the best chain has spent. */
  readonly unspentOnly?: boolean;
}

/** Reads the beginning of each range, or its end with `newestFirst`, by one statement. */
export async function readDeltas(
  statements: Pick<Statements, 'all'>,
  ranges: readonly DeltaRange[],
  { rows, newestFirst = false, unspentOnly = false }: DeltaReading,
): Promise<DeltaSlices<Delta>> {
  const unspent = `substr(place, 9, 1) < x'80' AND EXISTS (SELECT 1 FROM coins WHERE coins.place = deltas.place)`;
  const shown = `CAST(place || fact AS BLOB)`;
  const row = unspentOnly ? `iif(${unspent}, ${shown}, '')` : shown;
  return readSlices(statements, ranges, { rows, newestFirst, row }, (bytes, { script }) => {
    const deltas: Delta[] = [];
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let start = 0; start < bytes.length; ) {
      const { at, spends, value } = readValue(bytes, start);
      const index = spends ? at.index - INPUT_BIT : at.index;
      const txidStart = start + PLACE_BYTES + VALUE_BYTES;
      const txid = view.slice(txidStart, txidStart + TXID_BYTES);
      deltas.push({ at, spends, value, script, index, txid });
      start += PLACE_BYTES + (spends ? INPUT_FACT_BYTES : FACT_BYTES);
    }
    return deltas;
  });
}

/** The same, only what the deltas move: half the work. Oldest first. */
export async function readValues(
  statements: Pick<Statements, 'all'>,
  ranges: readonly DeltaRange[],
  rows: number,
): Promise<DeltaSlices<DeltaValue>> {
  const row = `CAST(place || substr(fact, 1, ${VALUE_BYTES}) AS BLOB)`;
  return readSlices(statements, ranges, { rows, newestFirst: false, row }, (bytes) => {
    const values: DeltaValue[] = [];
    for (let start = 0; start < bytes.length; start += PLACE_BYTES + VALUE_BYTES) {
      values.push(readValue(bytes, start));
    }
    return values;
  });
}

/**
 * All rows of a slice come as one value, because a row of its own costs more than what is in it: how many were
 * looked at (eight hexadecimal digits), the place of the last one, and what `row` makes of each.
 */
async function readSlices<Row>(
  statements: Pick<Statements, 'all'>,
  ranges: readonly DeltaRange[],
  { rows, newestFirst, row }: { rows: number; newestFirst: boolean; row: string },
  decode: (bytes: Buffer, range: DeltaRange) => Row[],
): Promise<DeltaSlices<Row>> {
  const asked = new PackedRows(ranges.length, 2 * PLACE_BYTES + 24);
  for (const { script, from, until } of ranges) {
    packPlace(packPlace(asked, from), until).bytes(script).end();
  }
  const [order, last] = newestFirst ? ['DESC', 'min'] : ['ASC', 'max'];
  const found = await statements.all<{ tip: Uint8Array; at: number; slice: Uint8Array | null }>(
    `SELECT hash AS tip, asked.key AS at, (
       SELECT CAST(printf('%08x', count(*)) || ${last}(place) || group_concat(row, '') AS BLOB)
       FROM (SELECT place, ${row} AS row FROM deltas
             WHERE script = ${column(2 * PLACE_BYTES, undefined, 'asked.value')}
               AND place >= ${column(0, PLACE_BYTES, 'asked.value')}
               AND place < ${column(PLACE_BYTES, PLACE_BYTES, 'asked.value')}
             ORDER BY place ${order} LIMIT ?3)) AS slice
     FROM tip JOIN blocks ON blocks.id = tip.block_id LEFT JOIN json_each(?2) AS asked`,
    [...asked.parameters, rows],
  );
  const [first] = found;
  if (first === undefined) throw new Error('the address index was read before there was a tip');
  const slices = ranges.map((): DeltaSlice<Row> => ({ rows: [], last: undefined, ended: true }));
  for (const { at, slice } of found) {
    const range = ranges[at];
    if (range === undefined || slice === null) continue;
    const bytes = Buffer.from(slice.buffer, slice.byteOffset, slice.byteLength);
    const looked = Number.parseInt(bytes.toString('latin1', 0, COUNT_BYTES), 16);
    slices[at] = {
      rows: decode(bytes.subarray(COUNT_BYTES + PLACE_BYTES), range),
      last: readPlace(bytes, COUNT_BYTES),
      ended: looked < rows,
    };
  }
  return { tip: new Uint8Array(first.tip), slices };
}

/** Which input spends an output. */
export interface Spender {
  readonly at: Place;
  readonly txid: Hash;
}

/**
 * Looks for the input that spends an output among the rows of its script: at most `rows` of them after a place.
 * @returns the input, or the place to go on from; neither at the end of the rows
 */
export async function findSpender(
  statements: Pick<Statements, 'get'>,
  { script, created, after, rows }: { script: Uint8Array; created: Place; after: Place; rows: number },
): Promise<{ readonly spender: Spender | undefined; readonly last: Place | undefined }> {
  const asked = new PackedRows(1, 2 * PLACE_BYTES + 24);
  packPlace(packPlace(asked, created), after).bytes(script).end();
  const spent = column(0, PLACE_BYTES, 'asked.value');
  const found = await statements.get<{ looked: number; last: string | null; spender: string | null }>(
    `SELECT count(*) AS looked, hex(max(place)) AS last, hex(max(spender)) AS spender
     FROM (SELECT place, iif(substr(fact, ${FACT_BYTES + 1}) = ${spent},
                             CAST(place || substr(fact, ${VALUE_BYTES + 1}, ${TXID_BYTES}) AS BLOB), NULL) AS spender
           FROM json_each(?2) AS asked JOIN deltas
             ON script = ${column(2 * PLACE_BYTES, undefined, 'asked.value')}
               AND place > ${column(PLACE_BYTES, PLACE_BYTES, 'asked.value')}
           ORDER BY place LIMIT ?3)`,
    [...asked.parameters, rows],
  );
  if (found === undefined) throw new Error('a count has no answer');
  const spender = found.spender ? readSpender(Buffer.from(found.spender, 'hex')) : undefined;
  const isEnd = found.looked < rows || !found.last;
  return { spender, last: isEnd ? undefined : readPlace(Buffer.from(found.last ?? '', 'hex'), 0) };
}

function readSpender(row: Buffer): Spender {
  const at = readPlace(row, 0);
  const txid = new Uint8Array(row.subarray(PLACE_BYTES, PLACE_BYTES + TXID_BYTES));
  return { at: { ...at, index: at.index - INPUT_BIT }, txid };
}

function readValue(row: Buffer, start: number): DeltaValue {
  const at = readPlace(row, start);
  return { at, spends: at.index >= INPUT_BIT, value: row.readBigUInt64BE(start + PLACE_BYTES) };
}
