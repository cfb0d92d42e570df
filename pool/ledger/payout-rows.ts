/** The rows of payouts: how they are written within an open transaction, and read. */

import { hashKey } from '../../protocol/bytes.ts';
import type { OutPoint } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { SqlValue, Statements } from '../../service/database.ts';
import {
  type Owed,
  OwedChangedError,
  type PayoutInput,
  type PayoutTransaction,
  requireReplacing,
} from '../../wallet/services/payout.ts';
import { type CoinRow, readCoins } from '../../wallet/services/payout-rows.ts';
import type { BlockPlace, PayoutProgress, PayoutState } from '../../wallet/services/payout-state.ts';
import { plainBytes } from './blob.ts';
import { payeeIds } from './payee-rows.ts';

/** What an address is owed: its confirmed credits that no payout carries. */
export interface Debt extends Owed {
  /** Only what these blocks have brought; left out, all of it. */
  readonly blocks?: BlockRange;
}

/** Blocks by their row numbers, the first one left out. */
export interface BlockRange {
  readonly after: number;
  readonly through: number;
}

/** A coin that a pool's payout spends. */
export interface PoolInput extends PayoutInput {
  /** The block whose coinbase made it; undefined for any other coin. */
  readonly coinbase: BlockPlace | undefined;
}

/** Credits that may be paid: of confirmed blocks, in no payout, and not paid by a coinbase. */
export const OPEN_CREDIT = `payout IS NULL AND direct = 0 AND amount > 0
  AND block IN (SELECT id FROM blocks WHERE state = 'confirmed')`;

const ITEM_COLUMNS = { payout: 'integer', payee: 'integer', amount: 'text' } as const;
const INPUT_COLUMNS = {
  payout_transaction: 'integer',
  txid: 'blob',
  output: 'integer',
  value: 'text',
  script: 'blob',
  coinbase_hash: 'blob',
  coinbase_height: 'integer',
} as const;

/**
 * Puts the open credits that the debts are made of into a payout.
 * @throws OwedChangedError unless they come to exactly what is paid
 */
export async function claimCredits(
  payout: number,
  items: readonly Debt[],
  statements: Statements,
): Promise<void> {
  const ids = await payeeIds(
    items.map(({ address }) => address),
    statements,
  );
  const whole = items.flatMap(({ address, blocks }) => (blocks === undefined ? [ids.get(address)] : []));
  await statements.run(
    `UPDATE credits SET payout = ? WHERE payee IN (SELECT value FROM json_each(?)) AND ${OPEN_CREDIT}`,
    [payout, JSON.stringify(whole)],
  );
  for (const { address, blocks } of items) {
    if (blocks === undefined) continue;
    await statements.run(
      `UPDATE credits SET payout = ? WHERE payee = ? AND block > ? AND block <= ? AND ${OPEN_CREDIT}`,
      [payout, ids.get(address) ?? null, blocks.after, blocks.through],
    );
  }
  const claimed = await statements.all<{ payee: number; amount: string }>(
    'SELECT payee, CAST(sum(amount) AS TEXT) AS amount FROM credits WHERE payout = ? GROUP BY payee',
    [payout],
  );
  const amounts = new Map(claimed.map(({ payee, amount }) => [payee, BigInt(amount)]));
  const rows = items.map(({ address, amount }): SqlValue[] => {
    const payee = ids.get(address);
    if (payee === undefined || amounts.get(payee) !== amount) {
      throw new OwedChangedError(`${address} is owed another amount than a moment ago; nothing was sent`);
    }
    return [payout, payee, amount.toString()];
  });
  await statements.insertRows('payout_items', ITEM_COLUMNS, rows);
}

/** @throws OwedChangedError when a payout that is not returned spends one of the coins */
export async function requireFreeCoins(
  { inputs }: PayoutTransaction,
  statements: Statements,
  except = 0,
): Promise<void> {
  const taken = await statements.get(
    `SELECT 1 FROM payout_inputs i JOIN payout_transactions t ON t.id = i.payout_transaction
     JOIN payouts p ON p.id = t.payout
     WHERE p.state <> 'returned' AND p.id <> ?
       AND lower(hex(i.txid)) || ':' || i.output IN (SELECT value FROM json_each(?))`,
    [except, coinKeys(inputs)],
  );
  if (taken !== undefined) throw new OwedChangedError('another payout spends one of these coins');
}

/** @throws OwedChangedError as {@link requireReplacing} */
export async function requireReplacingAll(
  payout: number,
  transaction: PayoutTransaction,
  statements: Statements,
): Promise<void> {
  const rows = await statements.all<CoinRow>(
    `SELECT i.payout_transaction, i.txid, i.output FROM payout_inputs i
     JOIN payout_transactions t ON t.id = i.payout_transaction WHERE t.payout = ?`,
    [payout],
  );
  requireReplacing(readCoins(rows), transaction);
}

export async function insertTransaction(
  payout: number,
  { txid, raw, fee, timeMs, height, inputs }: PayoutTransaction<PoolInput>,
  statements: Statements,
): Promise<void> {
  const row = await statements.get<{ next: number }>(
    'SELECT coalesce(max(id), 0) + 1 AS next FROM payout_transactions',
  );
  const id = row?.next ?? 1;
  await statements.run(
    `INSERT INTO payout_transactions (id, payout, txid, raw, fee, time_ms, height)
     VALUES (?, ?, ?, ?, CAST(? AS INTEGER), ?, ?)`,
    [id, payout, txid, raw, fee.toString(), timeMs, height],
  );
  const rows = inputs.map((input) => [
    id,
    input.txid,
    input.index,
    input.value.toString(),
    input.script,
    input.coinbase?.hash ?? null,
    input.coinbase?.height ?? null,
  ]);
  await statements.insertRows('payout_inputs', INPUT_COLUMNS, rows);
}

/** `hashKey:index` of each coin, as JSON. */
function coinKeys(coins: readonly OutPoint[]): string {
  return JSON.stringify(coins.map(({ txid, index }) => `${hashKey(txid)}:${index}`));
}

/** A row of `payouts`. */
export interface PayoutRow {
  readonly id: number;
  readonly time_ms: number;
  readonly state: PayoutState;
  readonly block_hash: Hash | null;
  readonly block_height: Height | null;
  readonly block_txid: Hash | null;
  readonly impossible_hash: Hash | null;
  readonly impossible_height: Height | null;
}

export function readProgress(row: PayoutRow): PayoutProgress {
  const { state, block_hash, block_height, block_txid, impossible_hash, impossible_height } = row;
  const inBlock =
    block_hash === null || block_height === null || block_txid === null
      ? undefined
      : { hash: plainBytes(block_hash), height: block_height, txid: plainBytes(block_txid) };
  const impossibleSince =
    impossible_hash === null || impossible_height === null
      ? undefined
      : { hash: plainBytes(impossible_hash), height: impossible_height };
  return { state, inBlock, impossibleSince };
}

/** A row of `payout_inputs`, its value as text. */
export interface InputRow extends CoinRow {
  readonly nits: string;
  readonly script: Uint8Array;
  readonly coinbase_hash: Hash | null;
  readonly coinbase_height: Height | null;
}

export function readInput(row: InputRow): PoolInput {
  const { coinbase_hash: hash, coinbase_height: height } = row;
  return {
    txid: plainBytes(row.txid),
    index: row.output,
    value: BigInt(row.nits),
    script: plainBytes(row.script),
    coinbase: hash === null || height === null ? undefined : { hash: plainBytes(hash), height },
  };
}
