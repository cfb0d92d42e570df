/** Payouts of a service: what is owed, what was made of it, and the book in which both stand. */
import { decodeTransaction, type OutPoint, outPointKey } from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { PayoutProgress } from './payout-state.ts';

/** Something that a service owes somebody: a debt, a claim. */
export interface Owed {
  readonly address: string;
  readonly amount: Nits;
}

/** A coin that a payout spends. */
export interface PayoutInput extends OutPoint {
  readonly value: Nits;
  readonly script: Uint8Array;
}

/** A transaction of a payout. */
export interface PayoutTransaction<I extends PayoutInput = PayoutInput> {
  readonly txid: Hash;
  /** Without witnesses until it is signed; its id is the same before and after (BIP 141). */
  readonly raw: Uint8Array;
  /** Paid by the service. */
  readonly fee: Nits;
  readonly timeMs: number;
  /** Of the tip when it was made. */
  readonly height: Height;
  readonly inputs: readonly I[];
}

/** One promise to pay what is owed, with every transaction that was made for it. */
export interface PayoutRecord<D extends Owed = Owed, I extends PayoutInput = PayoutInput> {
  readonly id: number;
  readonly progress: PayoutProgress;
  /** What it pays. */
  readonly items: readonly D[];
  /** Oldest first: each of the others replaces those before it. */
  readonly transactions: readonly PayoutTransaction<I>[];
}

/** What is owed or what pays for it is not what it was a moment ago. Nothing was written or signed. */
export class OwedChangedError extends Error {
  override readonly name = 'OwedChangedError';
}

/** Where a service keeps its payouts. What is written here is binding: it is signed and sent, whatever happens. */
export interface PayoutBook<D extends Owed, I extends PayoutInput> {
  /**
   * Writes a payout down before it is signed, together with what is owed and the coins that pay it: from here on
   * neither is there for another payout.
   * @returns its number
   * @throws OwedChangedError unless exactly this is owed by now and no other payout spends one of the coins
   */
  enter(items: readonly D[], transaction: PayoutTransaction<I>): Promise<number>;
  /**
   * Adds a transaction that pays the same with a higher fee, before it is signed.
   * @throws OwedChangedError when the payout needs none any more, another payout spends one of the coins, or it
   *   could be mined beside one of those before it ({@link requireReplacing})
   */
  replace(id: number, transaction: PayoutTransaction<I>): Promise<void>;
  /**
   * Puts the signed transaction in the place of the unsigned one with the same id.
   * @throws OwedChangedError unless the payout is on its way and has it
   */
  sign(id: number, txid: Hash, raw: Uint8Array): Promise<void>;
  /** Writes down how far a payout is. One that is returned gives what it carries back at the same moment. */
  advance(id: number, progress: PayoutProgress): Promise<void>;
  /** `outPointKey` of every coin that a payout spends which is neither settled nor returned. */
  spentCoins(): Promise<ReadonlySet<string>>;
  /** `hashKey` of every transaction of payouts that are neither settled nor returned: their change is ours to spend. */
  txidsUnderWay(): Promise<ReadonlySet<string>>;
}

/** Whether a transaction of a payout has its signatures. */
export function isSigned({ raw }: Pick<PayoutTransaction, 'raw'>): boolean {
  return decodeTransaction(raw).inputs.every(({ witness }) => witness.length > 0);
}

/**
 * The rule that keeps two transactions for one promise from both being mined.
 * @param earlier the coins of each transaction that the payout has
 * @throws OwedChangedError unless the new one spends a coin of each
 */
export function requireReplacing(
  earlier: readonly (readonly OutPoint[])[],
  { inputs }: { readonly inputs: readonly OutPoint[] },
): void {
  const spent = new Set(inputs.map(outPointKey));
  if (earlier.every((coins) => coins.some((coin) => spent.has(outPointKey(coin))))) return;
  throw new OwedChangedError('the replacement shares no coin with what it replaces');
}
