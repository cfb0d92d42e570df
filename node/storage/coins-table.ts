import { type Coin, coinCodec } from '../../protocol/coins.ts';
import type { Statements } from '../../service/database.ts';
import type { BulkWrite } from './bulk-write.ts';
import { column, PackedRows } from './packed-rows.ts';
import { PLACE_BYTES, type TransactionPlace } from './place.ts';

/** A coin and where the transaction that made it stands in its block. */
export interface PlacedCoin extends Coin {
  readonly position: number;
}

/** A coin with its position. Written out field by field: it is made for every coin of every block. */
export function placeCoin(
  { value, height, coinbase }: Coin,
  position: number,
  script: Uint8Array,
): PlacedCoin {
  return { value, script, height, coinbase, position };
}

/** Where the row of a coin is: its output's index is part of its key. */
export function rowOf({ height, position }: PlacedCoin): TransactionPlace {
  return { height, position };
}

/** What has become of one coin since it was last written. */
export interface CoinChange {
  /** The coin as it is now; undefined once it is spent. */
  readonly coin: PlacedCoin | undefined;
  /** Where the row of this outpoint is, if the table holds one. */
  readonly onDisk: TransactionPlace | undefined;
}

/** Changed coins by `outPointKey`. */
export type CoinChanges = ReadonlyMap<string, CoinChange>;

/** Some of them. */
type ChangedCoins = readonly (readonly [key: string, change: CoinChange])[];

const TXID_BYTES = 32;
const TXID_DIGITS = 2 * TXID_BYTES;
const PLACE = column(0, PLACE_BYTES);

/** The transaction's part of an `outPointKey`: `hashKey` of its txid. */
export function transactionKey(outPointKey: string): string {
  return outPointKey.slice(0, TXID_DIGITS);
}

/** The output's part of an `outPointKey`. */
export function outputIndex(outPointKey: string): number {
  return Number(outPointKey.slice(TXID_DIGITS + 1));
}

/**
 * Reads the coins of these outpoints (`outPointKey`) with one query; those that are not there are left out.
 * The rows are in the order of the chain, so that new ones and those of one transaction lie together; the
 * transaction index leads to them.
 */
export async function findCoins(
  statements: Pick<Statements, 'get'>,
  keys: readonly string[],
): Promise<Map<string, PlacedCoin>> {
  const rows = new PackedRows(keys.length, TXID_BYTES + 4);
  for (const key of keys) rows.hex(transactionKey(key)).u32(outputIndex(key)).end();
  const answer = await statements.get<{ at: string; positions: string; coins: string }>(
    `SELECT json_group_array(asked.key) AS at, json_group_array(hex(substr(transactions.place, 5))) AS positions,
            json_group_array(hex(coin)) AS coins
     FROM json_each(?2) AS asked
       CROSS JOIN transactions ON txid = ${column(0, TXID_BYTES, 'asked.value')}
       CROSS JOIN coins ON coins.place = CAST(transactions.place || ${column(TXID_BYTES, 4, 'asked.value')} AS BLOB)`,
    rows.parameters,
  );
  const at: readonly number[] = JSON.parse(answer?.at ?? '[]');
  const positions: readonly string[] = JSON.parse(answer?.positions ?? '[]');
  const coins: readonly string[] = JSON.parse(answer?.coins ?? '[]');
  const found = new Map<string, PlacedCoin>();
  for (const [index, hex] of coins.entries()) {
    const coin = coinCodec.decode(Buffer.from(hex, 'hex'));
    const position = Number.parseInt(positions[index] ?? '', 16);
    found.set(keys[at[index] ?? -1] ?? '', placeCoin(coin, position, coin.script));
  }
  return found;
}

/** Removes the rows of coins that are spent or different now. */
export function deleteCoins(changes: ChangedCoins): BulkWrite | undefined {
  const rows = new PackedRows(changes.length, PLACE_BYTES);
  for (const [key, { onDisk }] of changes) {
    if (onDisk === undefined) continue;
    rows.u32(onDisk.height).u32(onDisk.position).u32(outputIndex(key)).end();
  }
  return rows.into(`DELETE FROM coins WHERE place IN (SELECT ${PLACE} FROM json_each(?2))`);
}

/** Adds the coins that are there now, after `deleteCoins`. */
export function insertCoins(changes: ChangedCoins): BulkWrite | undefined {
  const rows = new PackedRows(changes.length, 50);
  for (const [key, { coin }] of changes) {
    if (coin === undefined) continue;
    rows.u32(coin.height).u32(coin.position).u32(outputIndex(key)).encoded(coinCodec, coin).end();
  }
  return rows.into(
    `INSERT INTO coins (place, coin) SELECT ${PLACE}, ${column(PLACE_BYTES)} FROM json_each(?2)`,
  );
}
