import { hashKey } from '../../protocol/bytes.ts';
import { medianTimePast } from '../../protocol/check-header.ts';
import { blockHash, decodeKnownHeader, encodeHeader, type Header } from '../../protocol/header.ts';
import type { HeaderWindow } from '../../protocol/retarget.ts';
import type { Bits, Hash, Height, Work } from '../../protocol/units.ts';
import { workOf } from '../../protocol/work.ts';
import { Arena } from './arena.ts';

/**
 * What is known of a block:
 * - `header`: its header only;
 * - `stored`: its transactions too, checked by themselves but not against the coins;
 * - `valid`: it has been on the best chain, so it keeps every rule;
 * - `invalid`: it, or a block below it, breaks a rule.
 */
export type BlockStatus = 'header' | 'stored' | 'valid' | 'invalid';

/** A block as the index knows it. There is one object per block, so entries can be compared by `===`. */
export interface BlockEntry {
  /** Number of its row: the order in which headers came. */
  readonly id: number;
  readonly hash: Hash;
  /** `hashKey(hash)`, for maps. */
  readonly key: string;
  /** Decoded at every reading: the index keeps the 80 bytes. */
  readonly header: Header;
  /** Seconds since 1970, of the header. */
  readonly time: number;
  readonly bits: Bits;
  readonly height: Height;
  /** Work of the branch up to and with this block. */
  readonly chainWork: Work;
  /** Undefined for the genesis block only. */
  readonly parent: BlockEntry | undefined;
  /** Median of the last 11 times up to and with this block: what BIP 113 compares the next one with. */
  readonly medianTime: number;
  readonly status: BlockStatus;
  /**
   * Order in which blocks became connectable, that is, came with all their ancestors at hand: the lower of
   * two branches with equal work was seen first. 0 while the block or an ancestor is missing.
   */
  readonly sequence: number;
  /** Number of transactions; 0 while only the header is known. */
  readonly transactionCount: number;
}

/** An entry as its index may change it. */
export type IndexedBlock = { -readonly [Field in keyof BlockEntry]: BlockEntry[Field] } & {
  parent: IndexedBlock | undefined;
  /** An ancestor further down, so that distant ones are found in few steps. */
  skip: IndexedBlock | undefined;
};

/** What of an entry its header does not say. */
export type BlockFacts = Pick<BlockEntry, 'id' | 'status' | 'sequence' | 'transactionCount'>;

/** Blocks the median-time rule looks at (BIP 113). */
const MEDIAN_BLOCKS = 11;

/**
 * All known headers as a tree, and the branch that is the best chain. Memory per block is about half a
 * kilobyte; nothing of it is read from disk again after the start.
 */
export class BlockIndex {
  readonly #arena = new Arena();
  /** In order of arrival: a parent stands before its children. */
  readonly #entries = new Map<string, IndexedBlock>();
  /** By the number of their rows, which are counted from 1. */
  readonly #byId: (IndexedBlock | undefined)[] = [undefined];
  readonly #best: IndexedBlock[] = [];
  #missing = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Number of blocks of which only the header is known. */
  get missing(): number {
    return this.#missing;
  }

  /** The number the next row will have. */
  get nextId(): number {
    return this.#byId.length;
  }

  /** The last block of the best chain. */
  get tip(): IndexedBlock {
    const tip = this.#best.at(-1);
    if (tip === undefined) throw new Error('the block index has no best chain yet');
    return tip;
  }

  /** Every entry, parents before children. */
  entries(): IterableIterator<IndexedBlock> {
    return this.#entries.values();
  }

  get(hash: Hash): IndexedBlock | undefined {
    return this.#entries.get(hashKey(hash));
  }

  /** The block whose row has this number. */
  byId(id: number): IndexedBlock | undefined {
    return this.#byId[id];
  }

  /** The block of the best chain at `height`. */
  at(height: Height): IndexedBlock | undefined {
    return height < 0 ? undefined : this.#best[height];
  }

  isOnBestChain(entry: BlockEntry): boolean {
    return this.#best[entry.height] === entry;
  }

  /** Takes in a header after that of its parent; the first one is that of the genesis block. */
  add(header: Header, facts: BlockFacts): IndexedBlock {
    const kept = this.#arena.keep(encodeHeader(header));
    const entry = new Entry(kept, header, this.get(header.previous), facts);
    entry.hash = this.#arena.keep(entry.hash);
    entry.skip = entry.parent && this.#ancestor(entry.parent, skipHeight(entry.height));
    entry.medianTime = medianTimePast(lastTimes(entry));
    this.#entries.set(entry.key, entry);
    this.#byId[entry.id] = entry;
    if (facts.transactionCount === 0) this.#missing += 1;
    return entry;
  }

  /** The transactions of a block have come. */
  fill(entry: IndexedBlock, transactionCount: number): void {
    if (entry.transactionCount === 0) this.#missing -= 1;
    entry.transactionCount = transactionCount;
  }

  /** Makes a child of the tip the tip (or the genesis block, the first time). */
  extend(entry: IndexedBlock): void {
    if (entry.parent !== this.#best.at(-1)) throw new Error('only a child of the tip extends the best chain');
    this.#best.push(entry);
  }

  /** Makes the parent of the tip the tip. */
  shrink(): void {
    if (this.#best.length <= 1) throw new Error('the genesis block cannot leave the best chain');
    this.#best.pop();
  }

  /** Makes the branch that ends in `entry` the best chain: used once, at the start. */
  restoreBest(entry: IndexedBlock): void {
    this.#best.length = entry.height + 1;
    for (let at: IndexedBlock | undefined = entry; at !== undefined; at = at.parent)
      this.#best[at.height] = at;
  }

  /** The last block the branch of `entry` shares with the best chain. */
  fork(entry: BlockEntry): BlockEntry {
    let at = entry;
    while (!this.isOnBestChain(at)) {
      if (at.parent === undefined) throw new Error('two genesis blocks in one index');
      at = at.parent;
    }
    return at;
  }

  /** The blocks above the best chain up to and with `entry`. */
  path(entry: IndexedBlock): IndexedBlock[] {
    const path: IndexedBlock[] = [];
    for (let at: IndexedBlock | undefined = entry; at && !this.isOnBestChain(at); at = at.parent)
      path.push(at);
    return path.reverse();
  }

  /** The block at `height` of the branch that ends in `entry`, in a number of steps that grows as its logarithm. */
  ancestor(entry: BlockEntry, height: Height): BlockEntry | undefined {
    const from = this.byId(entry.id);
    return from && this.#ancestor(from, height);
  }

  /** Source: Bitcoin Core, CBlockIndex::GetAncestor. */
  #ancestor(entry: IndexedBlock, height: Height): IndexedBlock | undefined {
    if (height < 0 || height > entry.height) return undefined;
    let at: IndexedBlock | undefined = entry;
    while (at !== undefined && at.height > height) {
      if (this.isOnBestChain(at)) return this.at(height);
      const far = skipHeight(at.height);
      const next = skipHeight(at.height - 1);
      // The parent's skip may lead further without leading too far.
      const parentIsBetter = next < far - 2 && next >= height;
      at = far === height || (far > height && !parentIsBetter) ? at.skip : at.parent;
    }
    return at;
  }

  /** The headers of the branch that ends in `parent`, for the rules that look back. Cheap on any branch. */
  window(parent: BlockEntry): HeaderWindow {
    /** From `parent` down, as far as it was asked for or until the best chain is reached. */
    const branch: BlockEntry[] = [parent];
    let lowest = parent;
    const at = (height: Height): BlockEntry => {
      while (lowest.height > height && !this.isOnBestChain(lowest) && lowest.parent !== undefined) {
        lowest = lowest.parent;
        branch.push(lowest);
      }
      const entry = height < lowest.height ? this.at(height) : branch[parent.height - height];
      if (entry === undefined) throw new RangeError(`no header at height ${height} of this branch`);
      return entry;
    };
    return { height: parent.height, at };
  }
}

class Entry implements IndexedBlock {
  readonly #headerBytes: Uint8Array;
  hash: Hash;
  key: string;
  time: number;
  bits: Bits;
  height: Height;
  chainWork: Work;
  parent: IndexedBlock | undefined;
  skip: IndexedBlock | undefined = undefined;
  medianTime = 0;
  id: number;
  status: BlockStatus;
  sequence: number;
  transactionCount: number;

  constructor(headerBytes: Uint8Array, header: Header, parent: IndexedBlock | undefined, facts: BlockFacts) {
    this.#headerBytes = headerBytes;
    this.hash = blockHash(header);
    this.key = hashKey(this.hash);
    this.time = header.time;
    this.bits = header.bits;
    this.height = parent === undefined ? 0 : parent.height + 1;
    this.chainWork = (parent?.chainWork ?? 0n) + workOf(header.bits);
    this.parent = parent;
    this.id = facts.id;
    this.status = facts.status;
    this.sequence = facts.sequence;
    this.transactionCount = facts.transactionCount;
  }

  get header(): Header {
    return decodeKnownHeader(this.#headerBytes, this.hash);
  }
}

/** Height of the ancestor that a block at `height` has at hand. Source: Bitcoin Core, GetSkipHeight. */
function skipHeight(height: Height): Height {
  if (height < 2) return 0;
  const odd = height % 2 === 1;
  return odd ? withoutLowestOne(withoutLowestOne(height - 1)) + 1 : withoutLowestOne(height);
}

function withoutLowestOne(number: number): number {
  return number & (number - 1);
}

function lastTimes(entry: BlockEntry): number[] {
  const times: number[] = [];
  for (let at: BlockEntry | undefined = entry; at && times.length < MEDIAN_BLOCKS; at = at.parent) {
    times.push(at.time);
  }
  return times;
}
