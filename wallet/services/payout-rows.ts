/** Payouts as rows of a service's file: what is the same in every one. */
import type { OutPoint } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { PayoutInput, PayoutTransaction } from './payout.ts';

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

/** The key of a row of `payout_inputs`. */
export interface CoinRow {
  readonly payout_transaction: number;
  readonly txid: Hash;
  readonly output: number;
}

export function readTransaction<I extends PayoutInput>(
  { txid, raw, fee, time_ms: timeMs, height }: TransactionRow,
  inputs: readonly I[],
): PayoutTransaction<I> {
  return { txid: plainBytes(txid), raw: plainBytes(raw), fee: BigInt(fee), timeMs, height, inputs };
}

/** The coins of each transaction. */
export function readCoins(rows: readonly CoinRow[]): readonly (readonly OutPoint[])[] {
  const coinsOf = groupedBy(rows, ({ payout_transaction: id }) => id);
  return [...coinsOf.values()].map((coins) => coins.map(({ txid, output: index }) => ({ txid, index })));
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
export function plainBytes(blob: Uint8Array): Uint8Array {
  return new Uint8Array(blob);
}
