import { bytesToHex } from '../../protocol/bytes.ts';
import type { Nits } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';
import type { BulkWrite } from './bulk-write.ts';
import { packOutPoint } from './coins-table.ts';
import { column, PackedRows } from './packed-rows.ts';

/** A place in the best chain: a transaction and one of its inputs or outputs. */
export interface Place {
  readonly height: number;
  /** Of the transaction in its block. */
  readonly position: number;
  /** Of the input or output in the transaction. */
  readonly index: number;
}

/** An output that entered the best chain. */
export interface CreatedOutput {
  readonly script: Uint8Array;
  readonly value: Nits;
  /** The output itself; its index is also that of the outpoint. */
  readonly created: Place;
  /** The input that spends it. */
  spent: Place | undefined;
}

/** An input of the best chain and the script of the coin it spends. */
export interface SpentOutput {
  readonly script: Uint8Array;
  readonly spent: Place;
}

/** An output as the table holds it. */
export interface OutputRow extends CreatedOutput {
  readonly txid: Uint8Array;
}

const OUTPOINT_BYTES = 36;
const VALUE_BYTES = 8;
const CREATED_BYTES = 8;
const SPENT_BYTES = 12;
const NOT_SPENT: Place = { height: 0, position: 0, index: 0 };

/** Adds outputs, by `outPointKey`. */
export function insertOutputs(outputs: ReadonlyMap<string, CreatedOutput>): BulkWrite | undefined {
  const rows = new PackedRows(outputs.size, 90);
  for (const [key, { script, value, created, spent }] of outputs) {
    packOutPoint(rows, key).u64(value).u32(created.height).u32(created.position);
    packPlace(rows, spent ?? NOT_SPENT)
      .bytes(script)
      .end();
  }
  const afterValue = OUTPOINT_BYTES + VALUE_BYTES;
  const afterCreated = afterValue + CREATED_BYTES;
  // No input stands in the genesis block, so twelve zeros say that nothing spends the output.
  return rows.into(
    `INSERT INTO outputs (script, outpoint, value, created, spent)
     SELECT ${column(afterCreated + SPENT_BYTES)}, ${column(0, OUTPOINT_BYTES)},
            ${column(OUTPOINT_BYTES, VALUE_BYTES)}, ${column(afterValue, CREATED_BYTES)},
            nullif(${column(afterCreated, SPENT_BYTES)}, zeroblob(${SPENT_BYTES}))
     FROM json_each(?2)`,
  );
}

/** Notes where outputs were spent, by `outPointKey`. */
export function spendOutputs(spends: ReadonlyMap<string, SpentOutput>): BulkWrite | undefined {
  const rows = new PackedRows(spends.size, 70);
  for (const [key, { script, spent }] of spends) {
    packPlace(packOutPoint(rows, key), spent).bytes(script).end();
  }
  return rows.into(
    `UPDATE outputs SET spent = ${column(OUTPOINT_BYTES, SPENT_BYTES, 'row.value')} FROM json_each(?2) AS row
     WHERE script = ${column(OUTPOINT_BYTES + SPENT_BYTES, undefined, 'row.value')}
       AND outpoint = ${column(0, OUTPOINT_BYTES, 'row.value')}`,
  );
}

/** Takes back that outputs were spent; scripts by `outPointKey`. */
export function unspendOutputs(outputs: ReadonlyMap<string, Uint8Array>): BulkWrite | undefined {
  return packKeys(outputs).into(
    `UPDATE outputs SET spent = NULL FROM json_each(?2) AS row
     WHERE script = ${column(OUTPOINT_BYTES, undefined, 'row.value')}
       AND outpoint = ${column(0, OUTPOINT_BYTES, 'row.value')}`,
  );
}

/** Removes outputs; scripts by `outPointKey`. */
export function deleteOutputs(outputs: ReadonlyMap<string, Uint8Array>): BulkWrite | undefined {
  return packKeys(outputs).into(
    `DELETE FROM outputs WHERE (script, outpoint) IN
       (SELECT ${column(OUTPOINT_BYTES)}, ${column(0, OUTPOINT_BYTES)} FROM json_each(?2))`,
  );
}

/** Which outputs of a script to read. */
export interface OutputFilter {
  /** Leave out what has been spent. */
  readonly unspentOnly: boolean;
}

/** The block that an answer is as of. */
export interface TipRow {
  /** Number of the block's row. */
  readonly id: number;
  readonly height: number;
}

/** The outputs of these scripts (each counts once), in the order of the chain, and the tip they are as of. */
export async function findOutputs(
  statements: Pick<Statements, 'all'>,
  scripts: readonly Uint8Array[],
  filter: OutputFilter,
): Promise<{ readonly tip: TipRow; readonly outputs: OutputRow[] }> {
  const distinct = [...new Map(scripts.map((script) => [bytesToHex(script), script])).values()];
  const wanted = new PackedRows(distinct.length, 24);
  for (const script of distinct) wanted.bytes(script).end();
  const rows = await statements.all<TipRow & { at: number; row: string | null }>(
    `SELECT blocks.id, height, asked.key AS at,
            hex(outpoint || outputs.value || created || coalesce(spent, x'')) AS row
     FROM tip JOIN blocks ON blocks.id = tip.block_id
       LEFT JOIN json_each(?2) AS asked
       LEFT JOIN outputs ON script = ${column(0, undefined, 'asked.value')}
         ${filter.unspentOnly ? 'AND spent IS NULL' : ''}`,
    wanted.parameters,
  );
  const outputs: OutputRow[] = [];
  for (const { at, row } of rows) {
    const script = distinct[at];
    if (script !== undefined && row) outputs.push(readOutput(script, Buffer.from(row, 'hex')));
  }
  outputs.sort((a, b) => comparePlaces(a.created, b.created));
  const [tip] = rows;
  if (tip === undefined) throw new Error('the outputs were read before there was a tip');
  return { tip, outputs };
}

/** Orders places as the chain does. */
export function comparePlaces(a: Place, b: Place): number {
  return a.height - b.height || a.position - b.position || a.index - b.index;
}

function readOutput(script: Uint8Array, row: Buffer): OutputRow {
  const afterValue = OUTPOINT_BYTES + VALUE_BYTES;
  const afterCreated = afterValue + CREATED_BYTES;
  const spent =
    row.length < afterCreated + SPENT_BYTES
      ? undefined
      : {
          height: row.readUInt32BE(afterCreated),
          position: row.readUInt32BE(afterCreated + 4),
          index: row.readUInt32BE(afterCreated + 8),
        };
  return {
    script,
    txid: new Uint8Array(row.subarray(0, 32)),
    value: row.readBigUInt64BE(OUTPOINT_BYTES),
    created: {
      height: row.readUInt32BE(afterValue),
      position: row.readUInt32BE(afterValue + 4),
      index: row.readUInt32BE(32),
    },
    spent,
  };
}

function packPlace(rows: PackedRows, { height, position, index }: Place): PackedRows {
  return rows.u32(height).u32(position).u32(index);
}

function packKeys(scripts: ReadonlyMap<string, Uint8Array>): PackedRows {
  const rows = new PackedRows(scripts.size, 60);
  for (const [key, script] of scripts) packOutPoint(rows, key).bytes(script).end();
  return rows;
}
