import { hashKey } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import { RecentKeys } from './recent-keys.ts';

/** Refused transactions that are remembered at least; twice as many at most, about 3 MB of keys. */
const REMEMBERED = 10_000;

/**
 * Transactions from peers that were refused since the last new tip, by wtxid: the witness is not part of a
 * txid, so somebody else's bad copy must not stand for the transaction itself (Bitcoin Core's
 * `m_lazy_recent_rejects`).
 */
export class RecentRejects {
  readonly #keys = new RecentKeys(REMEMBERED);

  has(wtxid: Hash): boolean {
    return this.#keys.has(hashKey(wtxid));
  }

  add(wtxid: Hash): void {
    this.#keys.add(hashKey(wtxid));
  }

  /** A new tip: lock times, ages of coins and the pool's floor may let in what they kept out. */
  clear(): void {
    this.#keys.clear();
  }
}
