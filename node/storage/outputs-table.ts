import { bytesToHex } from '../../protocol/bytes.ts';
import type { TxOutput } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';
import { column, PackedRows } from './packed-rows.ts';
import { comparePlaces, PLACE_BYTES, type Place, packPlace, readPlace } from './place.ts';
import type { PlacedTransaction } from './transactions-table.ts';

/** Which row: an output and its script. */
export interface OutputKey {
  readonly script: Uint8Array;
  readonly created: Place;
}

/** The input that spends an output: where it is, and its transaction. */
export interface Spender extends Place {
  readonly txid: Hash;
}

/** An output as the table holds it. */
export interface OutputRow extends OutputKey {
  readonly value: Nits;
  readonly txid: Hash;
  readonly spent: Spender | undefined;
}

const VALUE_BYTES = 8;
const TXID_BYTES = 32;
/** Value and txid of an output. */
const FACT_BYTES = VALUE_BYTES + TXID_BYTES;
/** Place and txid of the spender. */
const SPENDER_BYTES = PLACE_BYTES + TXID_BYTES;

/** A row for `INSERT_OUTPUTS`: an output that enters the best chain. */
export function packCreated(
  rows: PackedRows,
  { height, position, txid }: PlacedTransaction,
  index: number,
  { value, script }: TxOutput,
): void {
  rows.u32(height).u32(position).u32(index).u64(value).bytes(txid).bytes(script).end();
}

export const INSERT_OUTPUTS = `INSERT INTO outputs (script, created, fact)
  SELECT ${column(PLACE_BYTES + FACT_BYTES)}, ${column(0, PLACE_BYTES)}, ${column(PLACE_BYTES, FACT_BYTES)}
  FROM json_each(?2)`;

/** A row for `SPEND_OUTPUTS`: an output, and the input of the best chain that spends it. */
export function packSpent(
  rows: PackedRows,
  { created, script }: OutputKey,
  { height, position, txid }: PlacedTransaction,
  index: number,
): void {
  packPlace(rows, created).u32(height).u32(position).u32(index).bytes(txid).bytes(script).end();
}

/** Notes where outputs were spent. */
export const SPEND_OUTPUTS = `UPDATE outputs
  SET spent = ${column(PLACE_BYTES, SPENDER_BYTES, 'row.value')} FROM json_each(?2) AS row
  WHERE script = ${column(PLACE_BYTES + SPENDER_BYTES, undefined, 'row.value')}
    AND created = ${column(0, PLACE_BYTES, 'row.value')}`;

/** A row for `UNSPEND_OUTPUTS` and `DELETE_OUTPUTS`. */
export function packOutputKey(rows: PackedRows, { created, script }: OutputKey): void {
  packPlace(rows, created).bytes(script).end();
}

/** Takes back that outputs were spent. */
export const UNSPEND_OUTPUTS = `UPDATE outputs SET spent = NULL FROM json_each(?2) AS row
  WHERE script = ${column(PLACE_BYTES, undefined, 'row.value')}
    AND created = ${column(0, PLACE_BYTES, 'row.value')}`;

export const DELETE_OUTPUTS = `DELETE FROM outputs WHERE (script, created) IN
  (SELECT ${column(PLACE_BYTES)}, ${column(0, PLACE_BYTES)} FROM json_each(?2))`;

/**
 * The outputs of these scripts (each counts once) in the order of the chain, and the height of the tip they are
 * as of: read by one statement, so both are of the same moment.
 */
export async function findOutputs(
  statements: Pick<Statements, 'all'>,
  scripts: readonly Uint8Array[],
  filter: { readonly unspentOnly: boolean },
): Promise<{ readonly tipHeight: number; readonly outputs: OutputRow[] }> {
  const distinct = [...new Map(scripts.map((script) => [bytesToHex(script), script])).values()];
  const wanted = new PackedRows(distinct.length, 24);
  for (const script of distinct) wanted.bytes(script).end();
  const rows = await statements.all<{ height: number; at: number; row: string | null }>(
    `SELECT height, asked.key AS at, hex(created || fact || coalesce(spent, x'')) AS row
     FROM tip JOIN blocks ON blocks.id = tip.block_id
       LEFT JOIN json_each(?2) AS asked
       LEFT JOIN outputs ON script = ${column(0, undefined, 'asked.value')}
         ${filter.unspentOnly ? 'AND spent IS NULL' : ''}`,
    wanted.parameters,
  );
  const [tip] = rows;
  if (tip === undefined) throw new Error('the outputs were read before there was a tip');
  const outputs: OutputRow[] = [];
  for (const { at, row } of rows) {
    const script = distinct[at];
    if (script !== undefined && row) outputs.push(readOutput(script, Buffer.from(row, 'hex')));
  }
  outputs.sort((a, b) => comparePlaces(a.created, b.created));
  return { tipHeight: tip.height, outputs };
}

function readOutput(script: Uint8Array, row: Buffer): OutputRow {
  const spentAt = PLACE_BYTES + FACT_BYTES;
  return {
    script,
    created: readPlace(row, 0),
    value: row.readBigUInt64BE(PLACE_BYTES),
    txid: readTxid(row, PLACE_BYTES + VALUE_BYTES),
    spent:
      row.length > spentAt
        ? { ...readPlace(row, spentAt), txid: readTxid(row, spentAt + PLACE_BYTES) }
        : undefined,
  };
}

function readTxid(row: Buffer, at: number): Hash {
  return new Uint8Array(row.subarray(at, at + TXID_BYTES));
}
