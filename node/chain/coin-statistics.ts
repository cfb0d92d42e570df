import { createHash } from 'node:crypto';
import { equalBytes } from '../../protocol/bytes.ts';
import { fixedBytes, struct, u32, u64, varBytes } from '../../protocol/codec.ts';
import { sha256 } from '../../protocol/hash.ts';
import { MAX_SCRIPT_SIZE } from '../../protocol/script.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { Database } from '../../service/database.ts';
import { coinPages, findTip, type StoredCoin } from '../storage/coin-set.ts';
import { openNodeSnapshot } from '../storage/node-database.ts';

/** All unspent coins of the best chain in numbers (Bitcoin Core's `CCoinsStats`). */
export interface CoinStatistics {
  /** The block they are as of. */
  readonly tipHash: Hash;
  readonly tipHeight: Height;
  readonly coins: number;
  /** Transactions that have a coin left. */
  readonly transactions: number;
  readonly totalValue: Nits;
  /** A measure of the set's size that no database has a part in (Core's `GetBogoSize`). */
  readonly bogoSize: number;
  /** `hash_serialized_3`: equal on two nodes whose coins are equal. Absent unless it was asked for. */
  readonly hash: Hash | undefined;
}

/** What Core counts for a coin beside its script: txid, index, height and coinbase, value, length of the script. */
const BOGO_BYTES = 32 + 4 + 4 + 8 + 2;

/** A coin as `hash_serialized_3` takes it in (Bitcoin Core, kernel/coinstats.cpp, `TxOutSer`). */
const hashedCoin = struct<{ txid: Hash; index: number; origin: number; value: Nits; script: Uint8Array }>({
  txid: fixedBytes(32),
  index: u32,
  /** Twice the height, plus one for a coinbase. */
  origin: u32,
  value: u64,
  script: varBytes(MAX_SCRIPT_SIZE),
});

/**
 * Counts and hashes the coins that are on the disk, all as of one block, while the chain goes on.
 * @param options whether the hash is wanted; `signal` breaks the work off
 * @returns undefined when it was broken off
 */
export async function coinStatistics(
  database: Database,
  { withHash, signal }: { readonly withHash: boolean; readonly signal: AbortSignal },
): Promise<CoinStatistics | undefined> {
  const snapshot = await openNodeSnapshot(database);
  try {
    const { hash: tipHash, height: tipHeight } = await findTip(snapshot);
    const sums = { coins: 0, transactions: 0, totalValue: 0n, bogoSize: 0 };
    const hash = withHash ? createHash('sha256') : undefined;
    for await (const page of coinPages(snapshot)) {
      if (signal.aborted) return undefined;
      let before: StoredCoin | undefined;
      for (const stored of page) {
        sums.coins += 1;
        if (before === undefined || !equalBytes(before.txid, stored.txid)) sums.transactions += 1;
        sums.totalValue += stored.coin.value;
        sums.bogoSize += BOGO_BYTES + stored.coin.script.length;
        hash?.update(hashedBytes(stored));
        before = stored;
      }
    }
    return { tipHash, tipHeight, ...sums, hash: hash && sha256(hash.digest()) };
  } finally {
    await snapshot.close();
  }
}

function hashedBytes({ txid, index, coin: { value, script, height, coinbase } }: StoredCoin): Uint8Array {
  return hashedCoin.encode({ txid, index, origin: 2 * height + (coinbase ? 1 : 0), value, script });
}
