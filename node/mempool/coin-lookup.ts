import type { Coin } from '../../protocol/coins.ts';
import { RuleError } from '../../protocol/rules.ts';
import { type OutPoint, type Transaction, txid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { parentKey } from './entry.ts';
import type { Refusal } from './judge.ts';
import type { Mempool } from './mempool.ts';
import { MAX_MISSING_PARENTS } from './orphanage.ts';

/** What is looked up in the chain. */
export interface CoinChain {
  readonly tip: object;
  /** The unspent coins at these outpoints, in their order. */
  coins(outPoints: readonly OutPoint[]): Promise<readonly (Coin | undefined)[]>;
  /** Where a transaction is confirmed, if it is. */
  transactionBlock(txid: Hash): Promise<object | undefined>;
}

/** A transaction with `outPointKey` of what it spends, in the order of its inputs; none if that does not matter. */
interface Spending {
  readonly transaction: Transaction;
  readonly spends: readonly string[];
}

/** Finds the coins that transactions spend, and says more of those whose coins are not there. */
export class CoinLookup {
  readonly #chain: CoinChain;
  readonly #mempool: Mempool;

  constructor(chain: CoinChain, mempool: Mempool) {
    this.#chain = chain;
    this.#mempool = mempool;
  }

  /** The coins of the chain that these transactions want, by outpoint, as of the tip that stands now. */
  async coinsFor(items: readonly Spending[]): Promise<ReadonlyMap<string, Coin>> {
    for (;;) {
      const { tip } = this.#chain;
      const wanted = new Map<string, OutPoint>();
      for (const { transaction, spends } of items) {
        for (const [index, key] of spends.entries()) {
          const previous = transaction.inputs[index]?.previous;
          if (previous && !this.#mempool.get(parentKey(key))) wanted.set(key, previous);
        }
      }
      const found = await this.#chain.coins([...wanted.values()]);
      // A block that connected meanwhile may have spent one of them, or confirmed a parent.
      if (tip !== this.#chain.tip) continue;
      const coins = new Map<string, Coin>();
      let index = 0;
      for (const key of wanted.keys()) {
        const coin = found[index++];
        if (coin !== undefined) coins.set(key, coin);
      }
      return coins;
    }
  }

  /**
   * A transaction whose inputs are gone because it is confirmed is known, not wrong. One whose parents nobody
   * knows may be right; but an output that is missing from a known parent was spent, or never was.
   */
  async explain(item: Spending, refusal: Refusal): Promise<Refusal> {
    if (refusal.rejected.code !== 'bad-txns-inputs-missingorspent') return refusal;
    const { transaction, spends } = item;
    if (await this.#chain.transactionBlock(txid(transaction))) {
      return { rejected: new RuleError('txn-already-known') };
    }
    const coins = await this.coinsFor([item]);
    const unknown = new Map<string, Hash>();
    for (const [index, key] of spends.entries()) {
      const parent = transaction.inputs[index]?.previous.txid;
      if (parent && !coins.has(key) && !this.#mempool.get(parentKey(key)))
        unknown.set(parentKey(key), parent);
    }
    if (unknown.size === 0 || unknown.size > MAX_MISSING_PARENTS) return refusal;
    const missing = [...unknown.values()];
    const places = await Promise.all(missing.map((parent) => this.#chain.transactionBlock(parent)));
    return places.some((place) => place !== undefined) ? refusal : { ...refusal, missing };
  }
}
