import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { encodeHeader } from '../../protocol/header.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { Database, Statements } from '../../service/database.ts';
import type { BlockEntry, BlockStatus } from '../chain/block-index.ts';
import type { BulkWrite } from './bulk-write.ts';
import { damaged } from './node-database.ts';
import { column, PackedRows } from './packed-rows.ts';

/** A row of the block index. */
export interface BlockRow {
  readonly id: number;
  /** Of the hash that was stored with it. */
  readonly hashKey: string;
  /** 80 bytes. */
  readonly header: Uint8Array;
  readonly height: Height;
  readonly status: BlockStatus;
  readonly sequence: number;
  readonly transactionCount: number;
}

/** Bytes that belong to a block. */
export interface BlockBytes {
  readonly hash: Hash;
  readonly bytes: Uint8Array;
}

const HASH_BYTES = 32;
const WORK_DIGITS = 64;

/** Rows that come in one piece of text: as rows of their own they would take six times as long, and more memory. */
const ROWS_PER_QUERY = 5_000;

type RowValues = [
  id: number,
  hashKey: string,
  header: string,
  height: Height,
  status: BlockStatus,
  sequence: number,
  transactionCount: number,
];

/** The whole block index in the order of arrival. */
export async function* loadBlocks(statements: Pick<Statements, 'get'>): AsyncGenerator<BlockRow> {
  for (let last = 0; ; ) {
    const answer = await statements.get<{ rows: string }>(
      `SELECT json_group_array(json_array(
                id, lower(hex(hash)), hex(header), height, status, sequence, transaction_count)) AS rows
       FROM (SELECT * FROM blocks WHERE id > ? ORDER BY id LIMIT ${ROWS_PER_QUERY})`,
      [last],
    );
    const rows: readonly RowValues[] = JSON.parse(answer?.rows ?? '[]');
    if (rows.length === 0) return;
    for (const [id, hashKey, header, height, status, sequence, transactionCount] of rows) {
      const bytes = Buffer.from(header, 'hex');
      yield { id, hashKey, header: bytes, height, status, sequence, transactionCount };
      last = id;
    }
  }
}

export function insertBlocks(entries: readonly BlockEntry[]): BulkWrite | undefined {
  if (entries.length === 0) return undefined;
  const rows = entries.map((entry) => [
    entry.id,
    bytesToHex(entry.hash),
    bytesToHex(encodeHeader(entry.header)),
    entry.height,
    entry.chainWork.toString(16).padStart(WORK_DIGITS, '0'),
    entry.status,
    entry.sequence,
    entry.transactionCount,
  ]);
  return {
    sql: `INSERT INTO blocks (id, hash, header, height, chain_work, status, sequence, transaction_count)
     SELECT value->>0, unhex(value->>1), unhex(value->>2), value->>3, unhex(value->>4), value->>5, value->>6,
            value->>7
     FROM json_each(?)`,
    parameters: [JSON.stringify(rows)],
    rows: rows.length,
  };
}

/** Writes what may change about blocks that have a row. */
export function updateBlocks(entries: readonly BlockEntry[]): BulkWrite | undefined {
  if (entries.length === 0) return undefined;
  const rows = entries.map((entry) => [entry.id, entry.status, entry.sequence, entry.transactionCount]);
  return {
    sql: `UPDATE blocks
     SET status = row.value->>1, sequence = row.value->>2, transaction_count = row.value->>3
     FROM json_each(?) AS row WHERE blocks.id = row.value->>0`,
    parameters: [JSON.stringify(rows)],
    rows: rows.length,
  };
}

/** Makes a block the tip. */
export function updateTip(tip: BlockEntry): BulkWrite {
  return { sql: 'INSERT OR REPLACE INTO tip (id, block_id) VALUES (1, ?)', parameters: [tip.id], rows: 1 };
}

/** Adds blocks as they came over the wire; their rows in `blocks` are there. */
export function insertBodies(bodies: readonly BlockBytes[]): BulkWrite | undefined {
  return insertBytes('INSERT INTO bodies', bodies);
}

/** Adds what undoing blocks takes; a block that is connected again gets its undo anew. */
export function insertUndo(undo: readonly BlockBytes[]): BulkWrite | undefined {
  return insertBytes('INSERT OR REPLACE INTO undo', undo);
}

function insertBytes(insert: string, list: readonly BlockBytes[]): BulkWrite | undefined {
  const size = list.reduce((sum, { bytes }) => sum + HASH_BYTES + bytes.length, 0);
  const rows = new PackedRows(1, size);
  for (const { hash, bytes } of list) rows.bytes(hash).bytes(bytes).end();
  return rows.into(
    `${insert}
     SELECT blocks.id, ${column(HASH_BYTES, undefined, 'row.value')}
     FROM json_each(?2) AS row CROSS JOIN blocks ON blocks.hash = ${column(0, HASH_BYTES, 'row.value')}`,
  );
}

/**
 * A block as it came over the wire.
 * @throws DatabaseError when it is not there, although the index says so
 */
export async function readBody(database: Database, entry: BlockEntry): Promise<Uint8Array> {
  const bytes = await readBytes(database, 'SELECT body AS bytes FROM bodies WHERE block_id = ?', entry);
  return bytes ?? missing(database, entry, 'the block itself');
}

/**
 * What undoing a block takes.
 * @throws DatabaseError when it is not there, although the block is on the best chain
 */
export async function readUndo(database: Database, entry: BlockEntry): Promise<Uint8Array> {
  const bytes = await readBytes(database, 'SELECT undo AS bytes FROM undo WHERE block_id = ?', entry);
  return bytes ?? missing(database, entry, 'its undo data');
}

/** Those of these row numbers of blocks that there is undo data for. */
export async function findUndo(database: Database, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await database.all<{ id: number }>(
    'SELECT block_id AS id FROM undo WHERE block_id IN (SELECT value FROM json_each(?))',
    [JSON.stringify(ids)],
  );
  return new Set(rows.map(({ id }) => id));
}

async function readBytes(
  database: Database,
  sql: string,
  { id }: BlockEntry,
): Promise<Uint8Array | undefined> {
  const row = await database.get<{ bytes: Uint8Array }>(sql, [id]);
  // A plain view: what reads it must not get a Buffer, whose slices behave differently.
  return row && new Uint8Array(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength);
}

function missing(database: Database, { hash, height }: BlockEntry, what: string): never {
  throw damaged(database, `of block ${displayHash(hash)} at height ${height} ${what} is missing`);
}
