import { hashKey } from '../../protocol/bytes.ts';
import type { Coin } from '../../protocol/coins.ts';
import { isUnspendable } from '../../protocol/script.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import { ancestorsOf, type Candidate, descendantsOf, MempoolEntry, parentKey, type Totals } from './entry.ts';
import { Heap } from './heap.ts';
import { evictionRateOf, isEvictedBefore, isMinedBefore, miningRateOf } from './order.ts';
import { Ranking } from './ranking.ts';

/**
 * Why an entry left: mined; a block spends one of its coins; another one pays more for the same coin; a
 * reorganisation made it unusable; it waited too long; others pay more for the room.
 */
export type RemovalReason = 'confirmed' | 'conflict' | 'replaced' | 'reorganisation' | 'expired' | 'evicted';

export interface MempoolListener {
  added(entry: MempoolEntry): void;
  removed(entry: MempoolEntry, reason: RemovalReason): void;
  /** `prioritisetransaction`: the whole sum that now counts beside the fee of this transaction, 0 for none. */
  prioritised?(txid: Hash, delta: Nits): void;
}

/** What the rules of admission look at: the mempool, or what it would be. */
export interface MempoolView {
  /** @param key `hashKey` of a txid */
  get(key: string): MempoolEntry | undefined;
  /** The entry that spends this outpoint. */
  spender(outPoint: string): MempoolEntry | undefined;
  /** The coin an entry makes at this outpoint, whether or not another entry spends it. */
  output(outPoint: string): Coin | undefined;
  /** An entry with all that depends on it. */
  descendantTotals(entry: MempoolEntry): Totals;
  /** What is added to the fee of this transaction. */
  delta(key: string): Nits;
  /** Whether a transaction that pays more may take its place. */
  isReplaceable(entry: MempoolEntry): boolean;
}

/** The height a coin of the mempool counts with: above every block, so that only confirmed coins have an age. */
export const UNCONFIRMED_HEIGHT: Height = 0x7fffffff;

const NONE: ReadonlySet<MempoolEntry> = new Set();

/**
 * The set of unconfirmed transactions, their links and the coins they make and take. No two entries spend the
 * same coin. It decides nothing: `Admission` says what may enter, `ChainFollower` and `Capacity` what leaves.
 */
export class Mempool implements MempoolView {
  readonly #entries = new Map<string, MempoolEntry>();
  /** outPointKey → the entry that spends it. */
  readonly #spenders = new Map<string, MempoolEntry>();
  /** `hashKey` of a txid, in the mempool or not → what is added to its fee. */
  readonly #deltas = new Map<string, Nits>();
  readonly #listeners: MempoolListener[] = [];
  readonly #mining = new Ranking<MempoolEntry>(isMinedBefore, {
    get: (entry) => entry.miningPlace,
    set: (entry, place) => {
      entry.miningPlace = place;
    },
  });
  readonly #eviction = new Ranking<MempoolEntry>(isEvictedBefore, {
    get: (entry) => entry.evictionPlace,
    set: (entry, place) => {
      entry.evictionPlace = place;
    },
  });
  #usage = 0;
  #totalVsize = 0;
  #totalFees: Nits = 0n;
  #sequence = 0;
  #arrivals = 0;
  #changes = 0;

  /** Number of transactions. */
  get size(): number {
    return this.#entries.size;
  }
  /** Bytes of memory that all entries take up, estimated (`MempoolEntry.memory`). */
  get usage(): number {
    return this.#usage;
  }
  /** Virtual bytes of all transactions. */
  get totalVsize(): number {
    return this.#totalVsize;
  }
  /** What all transactions pay; priorities do not count. */
  get totalFees(): Nits {
    return this.#totalFees;
  }
  /** Grows by one with every entry that comes or goes. */
  get sequence(): number {
    return this.#sequence;
  }
  /** Grows with everything that may change the next template. */
  get changes(): number {
    return this.#changes;
  }

  /** Entries in the order they entered. */
  entries(): IterableIterator<MempoolEntry> {
    return this.#entries.values();
  }

  get(key: string): MempoolEntry | undefined {
    return this.#entries.get(key);
  }

  spender(outPoint: string): MempoolEntry | undefined {
    return this.#spenders.get(outPoint);
  }

  output(outPoint: string): Coin | undefined {
    const maker = this.#entries.get(parentKey(outPoint));
    return maker && outputOf(maker, outPoint);
  }

  descendantTotals({ descendants }: MempoolEntry): Totals {
    return descendants;
  }

  isReplaceable(): boolean {
    return true;
  }

  delta(key: string): Nits {
    return this.#deltas.get(key) ?? 0n;
  }

  /** All entries, those first that pay best with all they depend on (`isMinedBefore`). */
  miningOrder(): Heap<MempoolEntry> {
    return new Heap(isMinedBefore, this.#mining.items());
  }

  /** The entry that pays least with all that depends on it. */
  get leastPaying(): MempoolEntry | undefined {
    return this.#eviction.first;
  }

  listen(listener: MempoolListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Puts a transaction in. A reorganisation may bring a parent back after its child.
   * @throws Error if it is there already, or another entry spends one of its coins
   */
  add(candidate: Candidate, addedSeconds: number, addedHeight: Height): MempoolEntry {
    if (this.#entries.has(candidate.key)) throw new Error('the transaction is in the mempool already');
    if (candidate.spends.some((outPoint) => this.#spenders.has(outPoint))) {
      throw new Error('another transaction of the mempool spends a coin of this one');
    }
    const entry = new MempoolEntry(candidate, {
      addedSeconds,
      addedHeight,
      arrival: ++this.#arrivals,
      delta: this.delta(candidate.key),
    });
    this.#entries.set(entry.key, entry);
    const parents = this.#parentsOf(entry);
    const children = this.#childrenOf(entry);
    this.#relate(entry, ancestorsOf(parents), descendantsOf(children), 'add');
    for (const parent of parents) link(parent, entry);
    for (const child of children) link(entry, child);
    for (const outPoint of entry.spends) this.#spenders.set(outPoint, entry);
    entry.miningRate = miningRateOf(entry, entry.ancestors);
    entry.evictionRate = evictionRateOf(entry, entry.descendants);
    this.#mining.add(entry);
    this.#eviction.add(entry);
    this.#count(entry, 1);
    for (const listener of this.#listeners) listener.added(entry);
    return entry;
  }

  /** Removes one entry and leaves those that depend on it. */
  remove(entry: MempoolEntry, reason: RemovalReason): void {
    if (!this.#entries.delete(entry.key)) return;
    const ancestors = entry.parents.size > 0 ? ancestorsOf(entry.parents) : NONE;
    const descendants = entry.children.size > 0 ? descendantsOf(entry.children) : NONE;
    for (const parent of entry.parents) parent.removeChild(entry);
    for (const child of entry.children) child.removeParent(entry);
    this.#mining.remove(entry);
    this.#eviction.remove(entry);
    this.#relate(entry, ancestors, descendants, 'take');
    for (const outPoint of entry.spends) this.#spenders.delete(outPoint);
    this.#count(entry, -1);
    for (const listener of this.#listeners) listener.removed(entry, reason);
  }

  /** Removes an entry and everything that depends on it, the farthest first. */
  removeWithDescendants(entry: MempoolEntry, reason: RemovalReason): void {
    for (const each of [...descendantsOf([entry])].reverse()) this.remove(each, reason);
  }

  /** Lets a transaction count as if it paid `by` more, or less; also one that has not come yet. */
  prioritise(txid: Hash, by: Nits): void {
    const key = hashKey(txid);
    const delta = this.delta(key) + by;
    if (delta === 0n) this.#deltas.delete(key);
    else this.#deltas.set(key, delta);
    const entry = this.#entries.get(key);
    if (entry) this.#revalue(entry, by);
    for (const listener of this.#listeners) listener.prioritised?.(txid, delta);
  }

  /** A transaction is in a block: what was added to its fee has served (Core's `ClearPrioritisation`). */
  forgetPriority(txid: Hash): void {
    if (this.#deltas.size === 0) return;
    const delta = this.delta(hashKey(txid));
    if (delta !== 0n) this.prioritise(txid, -delta);
  }

  #revalue(entry: MempoolEntry, by: Nits): void {
    entry.modifiedFee += by;
    for (const ancestor of ancestorsOf([entry])) {
      ancestor.descendants.fees += by;
      this.#rankForEviction(ancestor);
    }
    for (const descendant of descendantsOf([entry])) {
      descendant.ancestors.fees += by;
      this.#rankForMining(descendant);
    }
    this.#changes++;
  }

  #parentsOf({ spends }: MempoolEntry): Set<MempoolEntry> {
    const parents = new Set<MempoolEntry>();
    for (const outPoint of spends) {
      const parent = this.#entries.get(parentKey(outPoint));
      if (parent) parents.add(parent);
    }
    return parents;
  }

  #childrenOf({ key, outputCount }: MempoolEntry): Set<MempoolEntry> {
    const children = new Set<MempoolEntry>();
    for (let index = 0; index < outputCount; index++) {
      const child = this.#spenders.get(`${key}:${index}`);
      if (child) children.add(child);
    }
    return children;
  }

  /**
   * Adds an entry to the totals of its family, or takes it out of them, while it is linked to none of them and
   * not ranked. Some of those above and below it may be relatives through this entry alone. A ranking bears
   * one change at a time.
   */
  #relate(
    entry: MempoolEntry,
    ancestors: ReadonlySet<MempoolEntry>,
    descendants: ReadonlySet<MempoolEntry>,
    change: 'add' | 'take',
  ): void {
    for (const ancestor of ancestors) {
      entry.ancestors[change](ancestor);
      ancestor.descendants[change](entry);
      this.#rankForEviction(ancestor);
    }
    for (const descendant of descendants) {
      entry.descendants[change](descendant);
      descendant.ancestors[change](entry);
      const others = ancestors.size > 0 ? ancestorsOf([descendant]) : NONE;
      for (const ancestor of ancestors) {
        if (others.has(ancestor)) continue;
        descendant.ancestors[change](ancestor);
        ancestor.descendants[change](descendant);
        this.#rankForEviction(ancestor);
      }
      this.#rankForMining(descendant);
    }
  }

  /** To be called after each change of what the rate of an entry is made of, before any other change. */
  #rankForMining(entry: MempoolEntry): void {
    entry.miningRate = miningRateOf(entry, entry.ancestors);
    this.#mining.moved(entry);
  }

  #rankForEviction(entry: MempoolEntry): void {
    entry.evictionRate = evictionRateOf(entry, entry.descendants);
    this.#eviction.moved(entry);
  }

  #count(entry: MempoolEntry, sign: 1 | -1): void {
    this.#usage += sign * entry.memory;
    this.#totalVsize += sign * entry.vsize;
    this.#totalFees += BigInt(sign) * entry.fee;
    this.#sequence++;
    this.#changes++;
  }
}

/** The coin an entry makes at this outpoint of it. */
export function outputOf({ transaction }: MempoolEntry, outPoint: string): Coin | undefined {
  const output = transaction.outputs[Number(outPoint.slice(parentKey(outPoint).length + 1))];
  if (output === undefined || isUnspendable(output.script)) return undefined;
  return { value: output.value, script: output.script, height: UNCONFIRMED_HEIGHT, coinbase: false };
}

function link(parent: MempoolEntry, child: MempoolEntry): void {
  parent.addChild(child);
  child.addParent(parent);
}
