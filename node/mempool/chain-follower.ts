import type { Block } from '../../protocol/block.ts';
import { hashKey } from '../../protocol/bytes.ts';
import { blockKeys } from '../../protocol/coins.ts';
import { type Transaction, txid } from '../../protocol/transaction.ts';
import type { Logger } from '../../service/log.ts';
import { type Admission, RETURNING } from './admission.ts';
import type { Capacity } from './capacity.ts';
import type { Mempool } from './mempool.ts';

/** How transactions come back. */
export type Readmission = Pick<Admission, 'pause' | 'readmit' | 'unfit'>;

/**
 * Keeps the mempool in step with the best chain: what a block confirms or makes impossible leaves, what a
 * reorganisation unconfirms comes back unless it no longer fits.
 */
export class ChainFollower {
  readonly #mempool: Mempool;
  readonly #admission: Readmission;
  readonly #capacity: Capacity;
  readonly #log: Logger;
  /** Transactions of disconnected blocks that no block of the new branch has confirmed, oldest first. */
  #returning = new Map<string, Transaction>();
  /** Set while a reorganisation is under way: lets new transactions in again. */
  #resumeAdmission: (() => void) | undefined;

  constructor(parts: { mempool: Mempool; admission: Readmission; capacity: Capacity; log: Logger }) {
    this.#mempool = parts.mempool;
    this.#admission = parts.admission;
    this.#capacity = parts.capacity;
    this.#log = parts.log;
  }

  blockConnected(block: Block): void {
    const { spent } = blockKeys(block);
    for (const [index, transaction] of block.transactions.entries()) {
      if (index === 0) continue;
      const key = hashKey(txid(transaction));
      this.#returning.delete(key);
      const entry = this.#mempool.get(key);
      if (entry) this.#mempool.remove(entry, 'confirmed');
      for (const outPoint of spent[index] ?? []) {
        const rival = this.#mempool.spender(outPoint);
        if (rival) this.#mempool.removeWithDescendants(rival, 'conflict');
      }
      this.#mempool.forgetPriority(txid(transaction));
    }
    this.#capacity.blockConnected();
  }

  blockDisconnected({ transactions }: Block): void {
    this.#resumeAdmission ??= this.#admission.pause();
    const older = transactions
      .slice(1)
      .map((transaction) => [hashKey(txid(transaction)), transaction] as const);
    this.#returning = new Map([...older, ...this.#returning]);
  }

  /**
   * The best chain stands: after a reorganisation, brings back what still fits and drops what no longer does.
   * @returns whether there was a reorganisation
   */
  async settle(): Promise<boolean> {
    const resume = this.#resumeAdmission;
    if (resume === undefined) return false;
    const returning = [...this.#returning.values()];
    this.#returning = new Map();
    this.#resumeAdmission = undefined;
    try {
      await this.#reconcile(returning);
    } finally {
      resume();
    }
    return true;
  }

  async #reconcile(returning: readonly Transaction[]): Promise<void> {
    const items = returning.map((transaction) => ({ transaction }));
    const verdicts = await this.#admission.readmit(items, RETURNING);
    const unfit = await this.#admission.unfit([...this.#mempool.entries()]);
    for (const entry of unfit) {
      if (this.#mempool.get(entry.key) === entry)
        this.#mempool.removeWithDescendants(entry, 'reorganisation');
    }
    const returned = verdicts.filter((verdict) => 'accepted' in verdict).length;
    const dropped = returning.length - returned + unfit.length;
    this.#log.info({ returned, dropped }, 'mempool after a reorganisation');
  }
}
