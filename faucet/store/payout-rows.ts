/** How the transactions of payouts lie in the file. */
import { hashKey } from '../../protocol/bytes.ts';
import type { OutPoint } from '../../protocol/transaction.ts';
import type { Statements } from '../../service/database.ts';
import {
  OwedChangedError,
  type PayoutInput,
  type PayoutTransaction,
  requireReplacing,
} from '../../wallet/services/payout.ts';
import { type CoinRow, plainBytes, readCoins } from '../../wallet/services/payout-rows.ts';

/** @throws OwedChangedError when another payout that may still be mined spends one of the coins */
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

/** A row of `payout_inputs`. */
export interface InputRow extends CoinRow {
  readonly value: number;
  readonly script: Uint8Array;
}

export function readInput({ txid, output, value, script }: InputRow): PayoutInput {
  return { txid: plainBytes(txid), index: output, value: BigInt(value), script: plainBytes(script) };
}
