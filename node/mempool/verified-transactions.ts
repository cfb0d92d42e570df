import { hashKey } from '../../protocol/bytes.ts';
import { type Transaction, wtxid } from '../../protocol/transaction.ts';
import { RecentKeys } from './recent-keys.ts';

/** Twice as many at most, about 12 MB of keys; a block of 4,000,000 weight units holds fewer than 10,000. */
const REMEMBERED = 50_000;

/**
 * Remembers whose signatures were checked, so that a block of known transactions connects without checking
 * them again. The wtxid covers the signatures and, by the txids of the inputs, the coins they sign for.
 */
export class VerifiedTransactions {
  readonly #keys = new RecentKeys(REMEMBERED);

  add(transaction: Transaction): void {
    this.#keys.add(hashKey(wtxid(transaction)));
  }

  has(transaction: Transaction): boolean {
    return this.#keys.has(hashKey(wtxid(transaction)));
  }
}
