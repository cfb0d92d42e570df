import { type Coin, coinCodec } from '../../protocol/connect.ts';
import type { Statements } from '../../service/database.ts';
import type { BulkWrite } from './bulk-write.ts';
import { column, PackedRows } from './packed-rows.ts';

/** What has become of one coin since it was last written. */
export interface CoinChange {
  /** The coin as it is now; undefined once it is spent. */
  readonly coin: Coin | undefined;
  /** Whether the table holds a row of this outpoint. */
  readonly onDisk: boolean;
}

/** Changed coins by `outPointKey`. */
export type CoinChanges = ReadonlyMap<string, CoinChange>;

const OUTPOINT_BYTES = 36;
const OUTPOINT = column(0, OUTPOINT_BYTES);
const TXID_DIGITS = 64;

/** Reads the coins of these outpoints (`outPointKey`) with one query; those that are not there are left out. */
export async function findCoins(
  statements: Pick<Statements, 'get'>,
  keys: readonly string[],
): Promise<Map<string, Coin>> {
  const found = new Map<string, Coin>();
  if (keys.length === 0) return found;
  const rows = new PackedRows(keys.length, OUTPOINT_BYTES);
  for (const key of keys) packOutPoint(rows, key).end();
  const answer = await statements.get<{ at: string; coins: string }>(
    `SELECT json_group_array(key) AS at, json_group_array(hex(coin)) AS coins
     FROM json_each(?2) CROSS JOIN coins ON outpoint = ${OUTPOINT}`,
    rows.parameters,
  );
  const at: readonly number[] = JSON.parse(answer?.at ?? '[]');
  const coins: readonly string[] = JSON.parse(answer?.coins ?? '[]');
  for (const [index, hex] of coins.entries()) {
    const key = keys[at[index] ?? -1];
    if (key !== undefined) found.set(key, coinCodec.decode(Buffer.from(hex, 'hex')));
  }
  return found;
}

/** Removes the rows of coins that are spent or different now. */
export function deleteCoins(changes: CoinChanges): BulkWrite | undefined {
  const rows = new PackedRows(changes.size, OUTPOINT_BYTES);
  for (const [key, { onDisk }] of changes) if (onDisk) packOutPoint(rows, key).end();
  return rows.into(`DELETE FROM coins WHERE outpoint IN (SELECT ${OUTPOINT} FROM json_each(?2))`);
}

/** Adds the coins that are there now, after `deleteCoins`. */
export function insertCoins(changes: CoinChanges): BulkWrite | undefined {
  const rows = new PackedRows(changes.size, 2 * OUTPOINT_BYTES);
  for (const [key, { coin }] of changes) {
    if (coin !== undefined) packOutPoint(rows, key).bytes(coinCodec.encode(coin)).end();
  }
  return rows.into(`INSERT INTO coins SELECT ${OUTPOINT}, ${column(OUTPOINT_BYTES)} FROM json_each(?2)`);
}

/** Appends an outpoint as the tables hold it: 32 bytes of txid, then the index, most significant byte first. */
export function packOutPoint(rows: PackedRows, key: string): PackedRows {
  return rows.hex(key.slice(0, TXID_DIGITS)).u32(Number(key.slice(TXID_DIGITS + 1)));
}
