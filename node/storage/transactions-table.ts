import type { Hash } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';
import { column, PackedRows } from './packed-rows.ts';
import { readTransactionPlace, TRANSACTION_PLACE_BYTES, type TransactionPlace } from './place.ts';

/** A transaction of the best chain. */
export interface PlacedTransaction extends TransactionPlace {
  readonly txid: Hash;
}

const TXID_BYTES = 32;
const TXID = column(0, TXID_BYTES);

/** A row for `INSERT_TRANSACTIONS`. */
export function packTransaction(rows: PackedRows, { height, position, txid }: PlacedTransaction): void {
  rows.bytes(txid).u32(height).u32(position).end();
}

export const INSERT_TRANSACTIONS = `INSERT INTO transactions (txid, place)
  SELECT ${TXID}, ${column(TXID_BYTES, TRANSACTION_PLACE_BYTES)} FROM json_each(?2)`;

/** A row for `DELETE_TRANSACTIONS`. */
export function packTxid(rows: PackedRows, txid: Hash): void {
  rows.bytes(txid).end();
}

export const DELETE_TRANSACTIONS = `DELETE FROM transactions WHERE txid IN (SELECT ${TXID} FROM json_each(?2))`;

/** Where a transaction stands in the best chain, if it does, and the row number of the tip that is meant. */
export async function findTransaction(
  statements: Pick<Statements, 'get'>,
  txid: Hash,
): Promise<(TransactionPlace & { readonly tipId: number }) | undefined> {
  const row = await statements.get<{ place: string; tipId: number }>(
    'SELECT hex(place) AS place, block_id AS tipId FROM transactions JOIN tip WHERE txid = ?',
    [txid],
  );
  return row && { ...readTransactionPlace(Buffer.from(row.place, 'hex'), 0), tipId: row.tipId };
}

/** The positions in their blocks of these transactions (keys: `hashKey` of the txid) that are in the best chain. */
export async function findPositions(
  statements: Pick<Statements, 'get'>,
  keys: readonly string[],
): Promise<Map<string, number>> {
  const rows = new PackedRows(keys.length, TXID_BYTES);
  for (const key of keys) rows.hex(key).end();
  const answer = await statements.get<{ at: string; places: string }>(
    `SELECT json_group_array(key) AS at, json_group_array(hex(place)) AS places
     FROM json_each(?2) CROSS JOIN transactions ON txid = ${TXID}`,
    rows.parameters,
  );
  const at: readonly number[] = JSON.parse(answer?.at ?? '[]');
  const places: readonly string[] = JSON.parse(answer?.places ?? '[]');
  return new Map(
    places.map((place, index) => [
      keys[at[index] ?? -1] ?? '',
      readTransactionPlace(Buffer.from(place, 'hex'), 0).position,
    ]),
  );
}
