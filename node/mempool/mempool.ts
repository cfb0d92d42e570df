import { hashKey } from '../../protocol/bytes.ts';
import { sigopsCost } from '../../protocol/check-block.ts';
import type { Coin } from '../../protocol/connect.ts';
import { isUnspendable } from '../../protocol/script.ts';
import {
  outPointKey,
  type Transaction,
  totalSize,
  transactionWeight,
  txid,
  vsize,
  wtxid,
} from '../../protocol/transaction.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';

/** One unconfirmed transaction with what admission found out about it. */
export interface MempoolEntry {
  readonly transaction: Transaction;
  readonly txid: Hash;
  readonly wtxid: Hash;
  /** `hashKey(txid)`, the entry's key in maps. */
  readonly key: string;
  /** The coins it spends, in the order of its inputs. */
  readonly coins: readonly Coin[];
  readonly fee: Nits;
  readonly weight: number;
  /** Virtual bytes: weight ÷ 4, rounded up (BIP 141). */
  readonly vsize: number;
  /** Serialised bytes, witness included. */
  readonly size: number;
  readonly sigopsCost: number;
  /** When it entered, seconds since 1970, and the height of the tip then. */
  readonly addedSeconds: number;
  readonly addedHeight: Height;
  /** Counts up with every entry that enters. */
  readonly arrival: number;
  /** Entries whose outputs it spends, and entries that spend its outputs. */
  readonly parents: Set<MempoolEntry>;
  readonly children: Set<MempoolEntry>;
}

/** Why an entry left: mined, a block spends one of its coins, or a reorganisation made it unusable. */
export type RemovalReason = 'confirmed' | 'conflict' | 'reorganisation';

export interface MempoolListener {
  added(entry: MempoolEntry): void;
  removed(entry: MempoolEntry, reason: RemovalReason): void;
}

/**
 * The set of unconfirmed transactions, their links and the coins they make and take. No two entries spend the
 * same coin. It decides nothing: `Admission` says what may enter, `ChainFollower` what must leave.
 */
export class Mempool {
  readonly #entries = new Map<string, MempoolEntry>();
  /** outPointKey → the entry that spends it. */
  readonly #spenders = new Map<string, MempoolEntry>();
  readonly #listeners: MempoolListener[] = [];
  #totalBytes = 0;
  #totalVsize = 0;
  #totalFees: Nits = 0n;
  #sequence = 0;

  /** Number of transactions. */
  get size(): number {
    return this.#entries.size;
  }
  /** Serialised bytes of all transactions. */
  get totalBytes(): number {
    return this.#totalBytes;
  }
  /** Virtual bytes of all transactions. */
  get totalVsize(): number {
    return this.#totalVsize;
  }
  get totalFees(): Nits {
    return this.#totalFees;
  }
  /** Grows by one with every entry that comes or goes. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Entries in the order they entered. */
  entries(): IterableIterator<MempoolEntry> {
    return this.#entries.values();
  }

  /** @param key `hashKey` of a txid */
  get(key: string): MempoolEntry | undefined {
    return this.#entries.get(key);
  }

  /** The entry that spends this outpoint. */
  spender(outPoint: string): MempoolEntry | undefined {
    return this.#spenders.get(outPoint);
  }

  /** The coin an entry makes at this outpoint, whether or not another entry spends it. */
  output(transactionKey: string, index: number): Coin | undefined {
    const output = this.#entries.get(transactionKey)?.transaction.outputs[index];
    if (output === undefined || isUnspendable(output.script)) return undefined;
    return { value: output.value, script: output.script, height: UNCONFIRMED_HEIGHT, coinbase: false };
  }

  listen(listener: MempoolListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Adds a transaction that admission has let through, and links it to the entries around it.
   * The caller has made sure that it is not there and that no entry spends the same coins.
   */
  add(candidate: Candidate, addedSeconds: number, addedHeight: Height): MempoolEntry {
    const entry: MempoolEntry = {
      ...candidate,
      addedSeconds,
      addedHeight,
      arrival: this.#sequence,
      parents: new Set(),
      children: new Set(),
    };
    for (const { previous } of entry.transaction.inputs) {
      this.#spenders.set(outPointKey(previous), entry);
      const parent = this.#entries.get(hashKey(previous.txid));
      if (parent) link(parent, entry);
    }
    // A transaction that comes back from a disconnected block may find its children here.
    for (let index = 0; index < entry.transaction.outputs.length; index++) {
      const child = this.#spenders.get(outPointKey({ txid: entry.txid, index }));
      if (child) link(entry, child);
    }
    this.#entries.set(entry.key, entry);
    this.#count(entry, 1);
    for (const listener of this.#listeners) listener.added(entry);
    return entry;
  }

  /** Removes one entry and leaves those that depend on it. */
  remove(entry: MempoolEntry, reason: RemovalReason): void {
    if (!this.#entries.delete(entry.key)) return;
    for (const { previous } of entry.transaction.inputs) this.#spenders.delete(outPointKey(previous));
    for (const parent of entry.parents) parent.children.delete(entry);
    for (const child of entry.children) child.parents.delete(entry);
    this.#count(entry, -1);
    for (const listener of this.#listeners) listener.removed(entry, reason);
  }

  /** Removes an entry and everything that depends on it, the farthest first. */
  removeWithDescendants(entry: MempoolEntry, reason: RemovalReason): void {
    for (const each of [...descendantsOf([entry])].reverse()) this.remove(each, reason);
  }

  #count(entry: MempoolEntry, sign: 1 | -1): void {
    this.#totalBytes += sign * entry.size;
    this.#totalVsize += sign * entry.vsize;
    this.#totalFees += BigInt(sign) * entry.fee;
    this.#sequence++;
  }
}

/** The height a coin of the mempool counts with: above every block, so that only confirmed coins have an age. */
export const UNCONFIRMED_HEIGHT: Height = 0x7fffffff;

/** What admission knows of a transaction before it is in the mempool. */
export type Candidate = Omit<
  MempoolEntry,
  'addedSeconds' | 'addedHeight' | 'arrival' | 'parents' | 'children'
>;

/** Measures a transaction that pays `fee` for spending `coins`. */
export function candidateOf(transaction: Transaction, coins: readonly Coin[], fee: Nits): Candidate {
  const id = txid(transaction);
  return {
    transaction,
    txid: id,
    wtxid: wtxid(transaction),
    key: hashKey(id),
    coins,
    fee,
    weight: transactionWeight(transaction),
    vsize: vsize(transaction),
    size: totalSize(transaction),
    sigopsCost: sigopsCost(transaction),
  };
}

function link(parent: MempoolEntry, child: MempoolEntry): void {
  parent.children.add(child);
  child.parents.add(parent);
}

/** How far to walk along links: not through these, and giving up where more than so many are found. */
export interface WalkLimits {
  readonly except?: ReadonlySet<MempoolEntry>;
  readonly atMost?: number;
}

/** The entries and all that depend on them, each once; undefined if that is more than `atMost`. */
export function descendantsOf(entries: Iterable<MempoolEntry>): Set<MempoolEntry>;
export function descendantsOf(
  entries: Iterable<MempoolEntry>,
  limits: WalkLimits,
): Set<MempoolEntry> | undefined;
export function descendantsOf(
  entries: Iterable<MempoolEntry>,
  limits: WalkLimits = {},
): Set<MempoolEntry> | undefined {
  return reachable(entries, (entry) => entry.children, limits);
}

/** The entries and all that they depend on, each once; undefined if that is more than `atMost`. */
export function ancestorsOf(entries: Iterable<MempoolEntry>): Set<MempoolEntry>;
export function ancestorsOf(
  entries: Iterable<MempoolEntry>,
  limits: WalkLimits,
): Set<MempoolEntry> | undefined;
export function ancestorsOf(
  entries: Iterable<MempoolEntry>,
  limits: WalkLimits = {},
): Set<MempoolEntry> | undefined {
  return reachable(entries, (entry) => entry.parents, limits);
}

function reachable(
  from: Iterable<MempoolEntry>,
  next: (entry: MempoolEntry) => Iterable<MempoolEntry>,
  { except, atMost = Number.POSITIVE_INFINITY }: WalkLimits,
): Set<MempoolEntry> | undefined {
  // A Set is walked in insertion order, entries added meanwhile included.
  const found = new Set(from);
  for (const entry of found) {
    for (const neighbour of next(entry)) if (!except?.has(neighbour)) found.add(neighbour);
    if (found.size > atMost) return undefined;
  }
  return found;
}
