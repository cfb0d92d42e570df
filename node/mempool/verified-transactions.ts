import { hashKey } from '../../protocol/bytes.ts';
import { type Transaction, wtxid } from '../../protocol/transaction.ts';

/** About 12 MB of keys; a block of 4,000,000 weight units holds fewer than 10,000 transactions. */
const MAX_REMEMBERED = 100_000;

/**
 * Remembers whose signatures were checked, so that a block of known transactions connects without checking
 * them again. The wtxid covers the signatures and, by the txids of the inputs, the coins they sign for.
 */
export class VerifiedTransactions {
  readonly #keys = new Set<string>();

  add(transaction: Transaction): void {
    this.#keys.add(hashKey(wtxid(transaction)));
    if (this.#keys.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#keys;
    if (oldest !== undefined) this.#keys.delete(oldest);
  }

  has(transaction: Transaction): boolean {
    return this.#keys.has(hashKey(wtxid(transaction)));
  }
}
