/** The rows of payouts: how they are written within an open transaction, and read. */

import { hashKey } from '../../protocol/bytes.ts';
import type { OutPoint } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { SqlValue, Statements } from '../../service/database.ts';
import type { BlockPlace, PayoutProgress, PayoutState } from '../payouts/payout-state.ts';
import { plainBytes } from './blob.ts';
import { payeeIds } from './payee-rows.ts';

/** What an address is owed: its confirmed credits that no payout carries. */
export interface Debt {
  readonly address: string;
  readonly amount: Nits;
  /** Only what these blocks have brought; left out, all of it. */
  readonly blocks?: BlockRange;
}

/** Blocks by their row numbers, the first one left out. */
export interface BlockRange {
  readonly after: number;
  readonly through: number;
}

/** A coin that a payout spends. */
export interface PayoutInput extends OutPoint {
  readonly value: Nits;
  readonly script: Uint8Array;
  /** The block whose coinbase made it; undefined for any other coin. */
  readonly coinbase: BlockPlace | undefined;
}

/** A signed transaction of a payout. */
export interface PayoutTransaction {
  readonly txid: Hash;
  readonly raw: Uint8Array;
  /** Paid by the operator. */
  readonly fee: Nits;
  readonly timeMs: number;
  /** Of the tip when it was signed. */
  readonly height: Height;
  readonly inputs: readonly PayoutInput[];
}

/** What is owed is not what was signed for: a block has come or gone since. Nothing was written. */
export class DebtsChangedError extends Error {
  override readonly name = 'DebtsChangedError';
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
 * @throws DebtsChangedError unless they come to exactly what is paid
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
      throw new DebtsChangedError(`${address} is owed another amount than a moment ago; nothing was sent`);
    }
    return [payout, payee, amount.toString()];
  });
  await statements.insertRows('payout_items', ITEM_COLUMNS, rows);
}

/** @throws DebtsChangedError when a payout that is not returned spends one of the coins */
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
  if (taken !== undefined) throw new DebtsChangedError('another payout spends one of these coins');
}

/** @throws DebtsChangedError unless every earlier transaction of the payout shares a coin with this one */
export async function requireSharedCoin(
  payout: number,
  { inputs }: PayoutTransaction,
  statements: Statements,
): Promise<void> {
  const apart = await statements.get(
    `SELECT 1 FROM payout_transactions t WHERE t.payout = ? AND NOT EXISTS (
       SELECT 1 FROM payout_inputs i WHERE i.payout_transaction = t.id
         AND lower(hex(i.txid)) || ':' || i.output IN (SELECT value FROM json_each(?)))`,
    [payout, coinKeys(inputs)],
  );
  if (apart !== undefined)
    throw new DebtsChangedError('the replacement shares no coin with what it replaces');
}

export async function insertTransaction(
  payout: number,
  { txid, raw, fee, timeMs, height, inputs }: PayoutTransaction,
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

/** A row of `payout_transactions`. */
export interface TransactionRow {
  readonly id: number;
  readonly payout: number;
  readonly txid: Hash;
  readonly raw: Uint8Array;
  readonly fee: number;
  readonly time_ms: number;
  readonly height: Height;
}

/** A row of `payout_inputs`, its value as text. */
export interface InputRow {
  readonly payout_transaction: number;
  readonly txid: Hash;
  readonly output: number;
  readonly nits: string;
  readonly script: Uint8Array;
  readonly coinbase_hash: Hash | null;
  readonly coinbase_height: Height | null;
}

export function readInput(row: InputRow): PayoutInput {
  const { coinbase_hash: hash, coinbase_height: height } = row;
  return {
    txid: plainBytes(row.txid),
    index: row.output,
    value: BigInt(row.nits),
    script: plainBytes(row.script),
    coinbase: hash === null || height === null ? undefined : { hash: plainBytes(hash), height },
  };
}

export function readTransaction(row: TransactionRow, inputs: readonly PayoutInput[]): PayoutTransaction {
  return {
    txid: plainBytes(row.txid),
    raw: plainBytes(row.raw),
    fee: BigInt(row.fee),
    timeMs: row.time_ms,
    height: row.height,
    inputs,
  };
}

/** Rows by the key that several share, in their order. */
export function groupedBy<T>(
  rows: readonly T[],
  keyOf: (row: T) => number,
): ReadonlyMap<number, readonly T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
