import { displayHash } from '../../protocol/bytes.ts';
import { encodeHeader } from '../../protocol/header.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { Database, Statements } from '../../service/database.ts';
import type { BlockEntry, BlockStatus } from '../chain/block-index.ts';
import { damaged } from './node-database.ts';
import { column, PackedRows } from './packed-rows.ts';

/** A row of the block index. */
export interface BlockRow {
  readonly id: number;
  readonly hash: Uint8Array;
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

/** The whole block index in the order of arrival, with one query. */
export function loadBlocks(statements: Pick<Statements, 'all'>): Promise<BlockRow[]> {
  return statements.all<BlockRow>(
    `SELECT id, hash, header, height, status, sequence, transaction_count AS transactionCount FROM blocks ORDER BY id`,
  );
}

export async function insertBlocks(
  statements: Pick<Statements, 'insertRows'>,
  entries: readonly BlockEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  await statements.insertRows(
    'blocks',
    {
      id: 'integer',
      hash: 'blob',
      header: 'blob',
      height: 'integer',
      chain_work: 'blob',
      status: 'text',
      sequence: 'integer',
      transaction_count: 'integer',
    },
    entries.map((entry) => [
      entry.id,
      entry.hash,
      encodeHeader(entry.header),
      entry.height,
      Buffer.from(entry.chainWork.toString(16).padStart(WORK_DIGITS, '0'), 'hex'),
      entry.status,
      entry.sequence,
      entry.transactionCount,
    ]),
  );
}

/** Writes what may change about blocks that have a row. */
export async function updateBlocks(
  statements: Pick<Statements, 'run'>,
  entries: readonly BlockEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  await statements.run(
    `UPDATE blocks SET status = row.value->>1, sequence = row.value->>2, transaction_count = row.value->>3
     FROM json_each(?) AS row WHERE blocks.id = row.value->>0`,
    [
      JSON.stringify(
        entries.map(({ id, status, sequence, transactionCount }) => [id, status, sequence, transactionCount]),
      ),
    ],
  );
}

/** Adds blocks as they came over the wire; their rows in `blocks` are there. */
export function insertBodies(
  statements: Pick<Statements, 'run'>,
  bodies: readonly BlockBytes[],
): Promise<void> {
  return insertBytes(statements, 'INSERT INTO bodies', bodies);
}

/** Adds what undoing blocks takes; a block that is connected again gets its undo anew. */
export function insertUndo(statements: Pick<Statements, 'run'>, undo: readonly BlockBytes[]): Promise<void> {
  return insertBytes(statements, 'INSERT OR REPLACE INTO undo', undo);
}

async function insertBytes(
  statements: Pick<Statements, 'run'>,
  insert: string,
  list: readonly BlockBytes[],
): Promise<void> {
  if (list.length === 0) return;
  const size = list.reduce((sum, { bytes }) => sum + HASH_BYTES + bytes.length, 0);
  const rows = new PackedRows(1, size);
  for (const { hash, bytes } of list) rows.bytes(hash).bytes(bytes).end();
  await statements.run(
    `${insert} SELECT blocks.id, ${column(HASH_BYTES, undefined, 'row.value')}
     FROM json_each(?2) AS row CROSS JOIN blocks ON blocks.hash = ${column(0, HASH_BYTES, 'row.value')}`,
    rows.parameters,
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
