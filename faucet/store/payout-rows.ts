/** How the transactions of payouts lie in the file. */
import { hashKey } from '../../protocol/bytes.ts';
import type { OutPoint } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';
import { ClaimsChangedError } from './claims-changed.ts';

/** A coin that a payout spends. */
export interface PayoutInput extends OutPoint {
  readonly value: Nits;
  readonly script: Uint8Array;
}

/** A signed transaction of a payout. */
export interface PayoutTransaction {
  readonly txid: Hash;
  readonly raw: Uint8Array;
  readonly fee: Nits;
  readonly timeMs: number;
  /** Of the tip when it was signed. */
  readonly height: Height;
  readonly inputs: readonly PayoutInput[];
}

/** @throws ClaimsChangedError when another payout that may still be mined spends one of the coins */
export async function requireFreeCoins(
  { inputs }: PayoutTransaction,
  statements: Statements,
  except = 0,
): Promise<void> {
  const taken = await statements.get(
    `SELECT 1 FROM payout_inputs i JOIN payout_transactions t ON t.id = i.payout_transaction
     JOIN payouts p ON p.id = t.payout
     WHERE p.state <> 'returned' AND p.id <> ?
       AND (i.txid, i.output) IN (SELECT unhex(value->>0), value->>1 FROM json_each(?))`,
    [except, coinKeys(inputs)],
  );
  if (taken !== undefined) throw new ClaimsChangedError('another payout spends one of these coins');
}

/** @throws ClaimsChangedError unless every earlier transaction of the payout shares a coin with this one */
export async function requireSharedCoin(
  payout: number,
  { inputs }: PayoutTransaction,
  statements: Statements,
): Promise<void> {
  const apart = await statements.get(
    `SELECT 1 FROM payout_transactions t WHERE t.payout = ? AND NOT EXISTS (
       SELECT 1 FROM payout_inputs i WHERE i.payout_transaction = t.id
         AND (i.txid, i.output) IN (SELECT unhex(value->>0), value->>1 FROM json_each(?)))`,
    [payout, coinKeys(inputs)],
  );
  if (apart !== undefined) {
    throw new ClaimsChangedError('the replacement shares no coin with what it replaces');
  }
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
    `INSERT INTO payout_transactions (id, payout, txid, raw, fee, time_ms, height) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [id, payout, txid, raw, Number(fee), timeMs, height],
  );
  const rows = inputs.map((input) => [id, input.txid, input.index, Number(input.value), input.script]);
  await statements.insertRows('payout_inputs', INPUT_COLUMNS, rows);
}

const INPUT_COLUMNS = {
  payout_transaction: 'integer',
  txid: 'blob',
  output: 'integer',
  value: 'integer',
  script: 'blob',
} as const;

/** The coins as `[hex of the txid, index]`, in JSON. */
function coinKeys(coins: readonly OutPoint[]): string {
  return JSON.stringify(coins.map(({ txid, index }) => [hashKey(txid), index]));
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

/** A row of `payout_inputs`. */
export interface InputRow {
  readonly payout_transaction: number;
  readonly txid: Hash;
  readonly output: number;
  readonly value: number;
  readonly script: Uint8Array;
}

export function readInput({ txid, output, value, script }: InputRow): PayoutInput {
  return { txid: plain(txid), index: output, value: BigInt(value), script: plain(script) };
}

export function readTransaction(row: TransactionRow, inputs: readonly PayoutInput[]): PayoutTransaction {
  const { txid, raw, fee, time_ms: timeMs, height } = row;
  return { txid: plain(txid), raw: plain(raw), fee: BigInt(fee), timeMs, height, inputs };
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

/** A blob as the rest of the code knows bytes: not as a Buffer, whose slices alias it. */
export function plain(blob: Uint8Array): Uint8Array {
  return new Uint8Array(blob);
}
