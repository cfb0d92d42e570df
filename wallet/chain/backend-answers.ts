/** What every backend does with the answers of its source: and that it believes no id unhashed. */
import { CodecError, displayHash, equalBytes, hashKey } from '../../protocol/bytes.ts';
import { decodeTransaction, type Transaction, txid as txidOf } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { type FeeRate, formatFeeRate, MAXIMUM_FEE_RATE } from '../payments/fee.ts';
import { WalletError } from '../wallet-error.ts';

/** The source contradicts itself. @param who `the node` */
export function inconsistent(who: string, what: string): WalletError {
  return new WalletError('bad-backend', `${who}'s answer cannot be right (${what}); nothing was done`);
}

/**
 * Reads a transaction that has to have this id.
 * @throws WalletError `bad-backend` when it has another, or is none
 */
export function requireTransaction(who: string, bytes: Uint8Array, txid: Hash): Transaction {
  let transaction: Transaction;
  try {
    transaction = decodeTransaction(bytes);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw inconsistent(who, `transaction ${displayHash(txid)} cannot be read: ${error.message}`);
  }
  if (equalBytes(txidOf(transaction), txid)) return transaction;
  throw inconsistent(who, `a transaction that has another id than ${displayHash(txid)}`);
}

/**
 * A fee rate as the source tells it, up to what a person may offer: whoever lies about it makes others pay to miners.
 * @param is what the source says it is
 * @throws WalletError `bad-backend`
 */
export function requireFeeRate(who: string, rate: FeeRate, is = 'it takes no payments below'): FeeRate {
  if (rate >= 0n && rate <= MAXIMUM_FEE_RATE) return rate;
  throw inconsistent(who, `${is} ${formatFeeRate(rate)} nits/vB`);
}

/** A list in parts of at most `size`. */
export function* parts<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

/** Each of these ids once, where it first stands. */
export function unique(txids: readonly Hash[]): Hash[] {
  return [...new Map(txids.map((txid) => [hashKey(txid), txid])).values()];
}
