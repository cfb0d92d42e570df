import { type Coin, coinCodec } from '../../protocol/coins.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';

/** One coin of the whole set, as it is stored. */
export interface StoredCoin {
  readonly txid: Hash;
  /** Of the output in its transaction. */
  readonly index: number;
  readonly coin: Coin;
}

/** About this many transactions are read with one statement: few enough not to hold the event loop. */
const PAGE_TRANSACTIONS = 1_000;
/** Pages are told apart by the first two bytes of the txid. */
const MAX_PAGES = 0x1_0000;
const TXID_BYTES = 32;
const INDEX_BYTES = 4;

/** The block that the tables are as of. */
export async function findTip(
  statements: Pick<Statements, 'get'>,
): Promise<{ readonly hash: Hash; readonly height: Height }> {
  const row = await statements.get<{ hash: Uint8Array; height: number }>(
    'SELECT hash, height FROM tip JOIN blocks ON blocks.id = tip.block_id',
  );
  if (row === undefined) throw new Error('the coins were read before there was a tip');
  return { hash: new Uint8Array(row.hash), height: row.height };
}

/**
 * Every coin, page by page, in the order of txid and index. The txids are compared as bytes, as the keys of
 * Bitcoin Core's chainstate are.
 * @param statements of a snapshot: a page must not be of another moment than the next
 */
export async function* coinPages(
  statements: Pick<Statements, 'all' | 'get'>,
): AsyncGenerator<readonly StoredCoin[]> {
  const counted = await statements.get<{ count: number }>('SELECT count(*) AS count FROM transactions');
  const wanted = Math.ceil((counted?.count ?? 0) / PAGE_TRANSACTIONS);
  const pages = Math.min(MAX_PAGES, 2 ** Math.ceil(Math.log2(Math.max(1, wanted))));
  for (let page = 0; page < pages; page++) {
    const rows = await statements.all<{ row: Uint8Array }>(
      `SELECT CAST(txid || substr(coins.place, 9) || coin AS BLOB) AS row
       FROM transactions CROSS JOIN coins
         ON coins.place BETWEEN CAST(transactions.place || x'00000000' AS BLOB)
                            AND CAST(transactions.place || x'ffffffff' AS BLOB)
       WHERE txid >= ? AND txid < ?
       ORDER BY txid, coins.place`,
      [lowerBound(page, pages), lowerBound(page + 1, pages)],
    );
    yield rows.map(({ row }) => readCoin(Buffer.from(row.buffer, row.byteOffset, row.byteLength)));
  }
}

/** The least txid of a page; above the last one, more than any txid. */
function lowerBound(page: number, pages: number): Uint8Array {
  const first = (page * MAX_PAGES) / pages;
  return first < MAX_PAGES
    ? Uint8Array.of(first >> 8, first & 0xff)
    : new Uint8Array(TXID_BYTES + 1).fill(0xff);
}

function readCoin(row: Buffer): StoredCoin {
  return {
    txid: new Uint8Array(row.subarray(0, TXID_BYTES)),
    index: row.readUInt32BE(TXID_BYTES),
    coin: coinCodec.decode(row.subarray(TXID_BYTES + INDEX_BYTES)),
  };
}
