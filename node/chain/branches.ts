import type { BlockEntry, BlockIndex, IndexedBlock } from './block-index.ts';

/**
 * Which branch should be the best chain: the one with the most accumulated work among those that are at hand
 * down to the genesis block and not known to be invalid; of two with equal work the one seen first.
 */
export class Branches {
  readonly #index: BlockIndex;
  /** Blocks as good as the tip or better; the tip itself need not be among them. */
  readonly #candidates = new Set<IndexedBlock>();
  /** Stored blocks that lack an ancestor's transactions, by the key of their parent. */
  readonly #waiting = new Map<string, IndexedBlock[]>();
  #lastSequence = 0;
  /** Below that of every block: what `prefer` hands out. */
  #firstSequence = 0;
  #bestHeader: IndexedBlock;

  /** @param index with its best chain restored */
  constructor(index: BlockIndex) {
    this.#index = index;
    this.#bestHeader = index.tip;
    for (const entry of index.entries()) {
      this.#lastSequence = Math.max(this.#lastSequence, entry.sequence);
      this.#firstSequence = Math.min(this.#firstSequence, entry.sequence);
      if (entry.sequence === 0 && entry.transactionCount > 0) this.#wait(entry);
      this.#consider(entry);
      this.addHeader(entry);
    }
  }

  /** The header with the most work, at hand or not, of those that are not known to be invalid. */
  get bestHeader(): IndexedBlock {
    return this.#bestHeader;
  }

  /** Takes in a header. */
  addHeader(entry: IndexedBlock): void {
    if (entry.status !== 'invalid' && entry.chainWork > this.#bestHeader.chainWork) this.#bestHeader = entry;
  }

  /**
   * Takes in a block whose transactions have come. It, and those that waited for it, become connectable if
   * all its ancestors are: these are returned, with their sequence set.
   */
  store(entry: IndexedBlock, transactionCount: number): IndexedBlock[] {
    entry.status = 'stored';
    this.#index.fill(entry, transactionCount);
    if (entry.parent?.sequence === 0) {
      this.#wait(entry);
      return [];
    }
    const linked = [entry];
    for (const block of linked) {
      block.sequence = ++this.#lastSequence;
      this.#consider(block);
      linked.push(...(this.#waiting.get(block.key) ?? []));
      this.#waiting.delete(block.key);
    }
    return linked;
  }

  /** The block that should be the tip. */
  best(): IndexedBlock {
    let best = this.#index.tip;
    for (const candidate of this.#candidates) if (precedes(candidate, best)) best = candidate;
    return best;
  }

  /** Keeps the tip in mind while another branch is tried that may turn out to be invalid. */
  keepTip(): void {
    this.#candidates.add(this.#index.tip);
  }

  /** Forgets what the tip has overtaken. */
  settle(): void {
    for (const candidate of this.#candidates) {
      if (!precedes(candidate, this.#index.tip)) this.#candidates.delete(candidate);
    }
  }

  /** Marks a block that is not to be on the best chain, and all that stand on it, as invalid; they are returned. */
  invalidate(entry: IndexedBlock): IndexedBlock[] {
    const marked: IndexedBlock[] = entry.status === 'invalid' ? [] : [entry];
    entry.status = 'invalid';
    // Parents stand before their children, so one pass finds all generations.
    for (const block of this.#index.entries()) {
      if (block.parent?.status !== 'invalid' || block.status === 'invalid') continue;
      block.status = 'invalid';
      marked.push(block);
    }
    for (const block of marked) this.#candidates.delete(block);
    if (this.#bestHeader.status === 'invalid') this.review();
    return marked;
  }

  /**
   * What is marked invalid of a block, its ancestors and its descendants.
   * Source: Bitcoin Core, Chainstate::ResetBlockFailureFlags.
   */
  doubted(entry: IndexedBlock): IndexedBlock[] {
    const related = (block: IndexedBlock): boolean =>
      block.height > entry.height
        ? this.#index.ancestor(block, entry.height) === entry
        : this.#index.ancestor(entry, block.height) === block;
    return [...this.#index.entries()].filter((block) => block.status === 'invalid' && related(block));
  }

  /** Looks at all blocks anew, after some became valid again or the tip went back. */
  review(): void {
    this.#bestHeader = this.#index.tip;
    for (const entry of this.#index.entries()) {
      this.#consider(entry);
      this.addHeader(entry);
    }
  }

  /**
   * Counts a block as seen before all others of its work, until another one is preferred. Whether it makes a
   * difference: not if it has less work than the tip, or is not at hand.
   * Source: Bitcoin Core, Chainstate::PreciousBlock; here the preference outlives a restart.
   */
  prefer(entry: IndexedBlock): boolean {
    if (entry.sequence === 0 || entry.chainWork < this.#index.tip.chainWork) return false;
    entry.sequence = --this.#firstSequence;
    this.#consider(entry);
    return true;
  }

  #consider(entry: IndexedBlock): void {
    if (entry.status === 'invalid' || entry.sequence === 0) return;
    if (precedes(entry, this.#index.tip)) this.#candidates.add(entry);
  }

  #wait(entry: IndexedBlock): void {
    const parent = entry.parent?.key ?? '';
    const siblings = this.#waiting.get(parent);
    if (siblings === undefined) this.#waiting.set(parent, [entry]);
    else siblings.push(entry);
  }
}

/** Whether `a` is the better tip: more work, or as much and seen before. */
function precedes(a: BlockEntry, b: BlockEntry): boolean {
  return a.chainWork > b.chainWork || (a.chainWork === b.chainWork && a.sequence < b.sequence);
}
