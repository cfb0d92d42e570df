import type { Block } from '../../protocol/block.ts';
import { hashKey } from '../../protocol/bytes.ts';
import { blockKeys } from '../../protocol/coins.ts';
import type { RuleCode, RuleError } from '../../protocol/rules.ts';
import { type Transaction, txid, wtxid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import type { PeerId } from '../peers/peer-network.ts';
import type { Admission } from './admission.ts';
import type { MempoolEntry } from './entry.ts';
import type { MempoolListener } from './mempool.ts';
import type { Orphan, Orphanage } from './orphanage.ts';
import type { RecentRejects } from './recent-rejects.ts';

/** What became of a transaction that a peer sent. */
export type IntakeResult =
  | { readonly outcome: 'accepted'; readonly entry: MempoolEntry }
  /** In the mempool, in the chain, among the orphans, or refused a while ago. */
  | { readonly outcome: 'known' }
  /** Kept until its parents come: ask the peer for these. */
  | { readonly outcome: 'orphan'; readonly parents: readonly Hash[] }
  /** `error.action` says what to do about the peer. */
  | { readonly outcome: 'refused'; readonly error: RuleError };

/** Refusals that mean no more than that we have it. */
const KNOWN: ReadonlySet<RuleCode> = new Set<RuleCode>([
  'txn-already-known',
  'txn-already-in-mempool',
  'txn-same-nonwitness-data-in-mempool',
]);

/** Told what became of an orphan when its parents had come; `peer` had sent it. */
export type OrphanListener = (peer: PeerId, transaction: Transaction, result: IntakeResult) => void;

/**
 * Takes transactions from peers: what is known is not looked at again, what lacks its parents waits for them,
 * what is refused is remembered. Whatever enters the mempool, from wherever, may complete an orphan.
 */
export class TransactionIntake implements MempoolListener {
  readonly #admission: Pick<Admission, 'accept'>;
  readonly #orphans: Orphanage;
  readonly #rejects: RecentRejects;
  readonly #log: Logger;
  #orphanListener: OrphanListener = () => undefined;

  constructor(parts: {
    admission: Pick<Admission, 'accept'>;
    orphans: Orphanage;
    rejects: RecentRejects;
    log: Logger;
  }) {
    this.#admission = parts.admission;
    this.#orphans = parts.orphans;
    this.#rejects = parts.rejects;
    this.#log = parts.log;
  }

  /** Who hears of orphans whose parents have come; there is one listener. */
  onOrphan(listener: OrphanListener): void {
    this.#orphanListener = listener;
  }

  /** Judges a transaction that a peer sent. Rejects only when the machine fails. */
  async take(transaction: Transaction, peer: PeerId): Promise<IntakeResult> {
    const id = wtxid(transaction);
    if (this.#rejects.has(id) || this.#orphans.has(id)) return { outcome: 'known' };
    const verdict = await this.#admission.accept(transaction);
    if ('accepted' in verdict) return { outcome: 'accepted', entry: verdict.accepted };
    const { rejected: error, missing } = verdict;
    if (KNOWN.has(error.code)) return { outcome: 'known' };
    if (missing === undefined) this.#rejects.add(id);
    else if (this.#orphans.add(transaction, peer, missing)) return { outcome: 'orphan', parents: missing };
    return { outcome: 'refused', error };
  }

  added({ key }: MempoolEntry): void {
    if (this.#orphans.size > 0) this.#retry(this.#orphans.parentCame(key));
  }

  removed(): void {}

  /** Told of each new block of the best chain. */
  blockConnected(block: Block): void {
    this.#rejects.clear();
    if (this.#orphans.size === 0) return;
    const { spent } = blockKeys(block);
    for (const outPoints of spent) for (const outPoint of outPoints) this.#orphans.spent(outPoint);
    for (const transaction of block.transactions) {
      this.#retry(this.#orphans.parentCame(hashKey(txid(transaction))));
    }
  }

  #retry(complete: readonly Orphan[]): void {
    for (const { transaction, peer } of complete) {
      this.take(transaction, peer).then(
        (result) => this.#orphanListener(peer, transaction, result),
        (error: unknown) => this.#log.error({ err: error }, 'an orphan could not be checked'),
      );
    }
  }
}
