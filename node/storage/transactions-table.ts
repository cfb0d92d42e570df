import type { Hash, Height } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';
import type { BulkWrite } from './bulk-write.ts';

/** Which transaction of which block of the best chain. */
export interface TransactionPlace {
  readonly height: Height;
  /** Of the transaction in its block; 0 is the coinbase. */
  readonly position: number;
}

/** More transactions than any block of 4,000,000 weight units can hold. */
const POSITIONS = 100_000;
const TXID_BYTES = 32;

/** Adds the transactions of blocks. */
export function insertTransactions(
  transactions: readonly (TransactionPlace & { readonly txid: Hash })[],
): BulkWrite | undefined {
  if (transactions.length === 0) return undefined;
  const txids = new Uint8Array(transactions.length * TXID_BYTES);
  for (const [at, { txid }] of transactions.entries()) txids.set(txid, at * TXID_BYTES);
  return {
    sql: `INSERT INTO transactions SELECT value, substr(?1, key * ${TXID_BYTES} + 1, ${TXID_BYTES}) FROM json_each(?2)`,
    parameters: [txids, JSON.stringify(transactions.map(idOf))],
    rows: transactions.length,
  };
}

/** Removes the transactions of the block at `height`. */
export function deleteTransactions(height: Height, transactionCount: number): BulkWrite {
  return {
    sql: 'DELETE FROM transactions WHERE id >= ? AND id < ?',
    parameters: [height * POSITIONS, (height + 1) * POSITIONS],
    rows: transactionCount,
  };
}

/** Where a transaction stands in the best chain, if it does, and the row number of the tip that is meant. */
export async function findTransaction(
  statements: Pick<Statements, 'get'>,
  txid: Hash,
): Promise<(TransactionPlace & { readonly tipId: number }) | undefined> {
  const row = await statements.get<{ id: number; tipId: number }>(
    'SELECT transactions.id, block_id AS tipId FROM transactions JOIN tip WHERE txid = ?',
    [txid],
  );
  return row && { height: Math.floor(row.id / POSITIONS), position: row.id % POSITIONS, tipId: row.tipId };
}

/** The transactions at these places, in their order, undefined where there is none; and the tip's row number. */
export async function findTxids(
  statements: Pick<Statements, 'all'>,
  places: readonly TransactionPlace[],
): Promise<{ readonly tipId: number | undefined; readonly txids: (Hash | undefined)[] }> {
  const rows = await statements.all<{ tipId: number; id: number | null; txid: Uint8Array | null }>(
    `SELECT block_id AS tipId, transactions.id, txid FROM tip LEFT JOIN transactions
     ON transactions.id IN (SELECT value FROM json_each(?))`,
    [JSON.stringify(places.map(idOf))],
  );
  const txids = new Map(rows.map(({ id, txid }) => [id, txid === null ? undefined : Uint8Array.from(txid)]));
  return { tipId: rows[0]?.tipId, txids: places.map((place) => txids.get(idOf(place))) };
}

function idOf({ height, position }: TransactionPlace): number {
  return height * POSITIONS + position;
}
