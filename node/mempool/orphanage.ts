import { hashKey } from '../../protocol/bytes.ts';
import { outPointKey, type Transaction, totalSize, wtxid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import type { PeerId } from '../peers/peer-network.ts';
import { MAX_ANCESTORS } from './policy.ts';

/** Core's `DEFAULT_MAX_ORPHAN_TRANSACTIONS` and `ORPHAN_TX_EXPIRE_TIME`. */
export const MAX_ORPHANS = 100;
export const ORPHAN_LIFE_SECONDS = 20 * 60;
/** All orphans together, serialised. */
export const MAX_ORPHAN_BYTES = 4_000_000;
/** A transaction with more unknown parents could not enter with all of them. */
export const MAX_MISSING_PARENTS = MAX_ANCESTORS - 1;

/** A transaction that waits for its parents. */
export interface Orphan {
  readonly transaction: Transaction;
  readonly wtxid: Hash;
  /** Who sent it: takes the blame if it turns out to be invalid. */
  readonly peer: PeerId;
  readonly bytes: number;
  readonly expiresSeconds: number;
  /** `hashKey` of the txids it still waits for. */
  readonly missing: Set<string>;
}

/** What one peer has here. */
interface Share {
  orphans: number;
  bytes: number;
}

/**
 * Transactions that spend outputs of transactions nobody has sent yet. A few are kept for a while; when it is
 * full, the peer whose orphans take up most of it loses its oldest, so no peer can crowd out the others.
 */
export class Orphanage {
  readonly #clock: Clock;
  /** `hashKey` of the wtxid → orphan, oldest first. */
  readonly #orphans = new Map<string, Orphan>();
  /** `hashKey` of a txid → the orphans that wait for it. */
  readonly #waiting = new Map<string, Set<Orphan>>();
  /** outPointKey → the orphans that spend it. */
  readonly #spenders = new Map<string, Set<Orphan>>();
  readonly #shares = new Map<PeerId, Share>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#orphans.size;
  }

  /** Serialised bytes of all orphans. */
  get bytes(): number {
    return this.#bytes;
  }

  has(wtxid: Hash): boolean {
    return this.#orphans.has(hashKey(wtxid));
  }

  /**
   * Keeps a transaction until its parents come.
   * @param missing txids of the parents it waits for: 1 to 24
   * @returns whether it is kept; false too when it was there already
   */
  add(transaction: Transaction, peer: PeerId, missing: readonly Hash[]): boolean {
    this.expire();
    const id = wtxid(transaction);
    const key = hashKey(id);
    const bytes = totalSize(transaction);
    if (this.#orphans.has(key) || bytes > MAX_ORPHAN_BYTES) return false;
    if (missing.length === 0 || missing.length > MAX_MISSING_PARENTS) return false;
    const expiresSeconds = this.#clock.nowSeconds() + ORPHAN_LIFE_SECONDS;
    const waitsFor = new Set(missing.map(hashKey));
    const orphan: Orphan = { transaction, wtxid: id, peer, bytes, expiresSeconds, missing: waitsFor };
    this.#orphans.set(key, orphan);
    for (const parent of waitsFor) link(this.#waiting, parent, orphan);
    for (const { previous } of transaction.inputs) link(this.#spenders, outPointKey(previous), orphan);
    this.#count(orphan, 1);
    while (this.#orphans.size > MAX_ORPHANS) this.#evict('orphans');
    while (this.#bytes > MAX_ORPHAN_BYTES) this.#evict('bytes');
    return this.#orphans.has(key);
  }

  /**
   * A transaction is in the mempool or in a block now. Takes out and returns the orphans that waited for
   * nothing else, oldest first.
   * @param key `hashKey` of its txid
   */
  parentCame(key: string): Orphan[] {
    const complete: Orphan[] = [];
    for (const orphan of this.#waiting.get(key) ?? []) {
      orphan.missing.delete(key);
      if (orphan.missing.size === 0) complete.push(orphan);
    }
    this.#waiting.delete(key);
    for (const orphan of complete) this.#remove(orphan);
    return complete;
  }

  /** A block has spent this output: whatever else spends it will never be valid on this chain. */
  spent(outPoint: string): void {
    for (const orphan of this.#spenders.get(outPoint) ?? []) this.#remove(orphan);
  }

  /** The peer is gone: nobody would answer for its orphans. */
  forget(peer: PeerId): void {
    for (const orphan of this.#orphans.values()) if (orphan.peer === peer) this.#remove(orphan);
  }

  /** Drops what has waited too long. */
  expire(): void {
    const now = this.#clock.nowSeconds();
    for (const orphan of this.#orphans.values()) if (orphan.expiresSeconds <= now) this.#remove(orphan);
  }

  /** Takes the oldest orphan of the peer that has most of what there is too much of. */
  #evict(most: keyof Share): void {
    let largest: PeerId | undefined;
    let share = 0;
    for (const [peer, { [most]: held }] of this.#shares) {
      if (held > share) [largest, share] = [peer, held];
    }
    for (const orphan of this.#orphans.values()) {
      if (orphan.peer !== largest) continue;
      this.#remove(orphan);
      return;
    }
  }

  #remove(orphan: Orphan): void {
    this.#orphans.delete(hashKey(orphan.wtxid));
    for (const parent of orphan.missing) unlink(this.#waiting, parent, orphan);
    for (const { previous } of orphan.transaction.inputs) {
      unlink(this.#spenders, outPointKey(previous), orphan);
    }
    this.#count(orphan, -1);
  }

  #count({ peer, bytes }: Orphan, sign: 1 | -1): void {
    this.#bytes += sign * bytes;
    const share = this.#shares.get(peer) ?? { orphans: 0, bytes: 0 };
    share.orphans += sign;
    share.bytes += sign * bytes;
    if (share.orphans > 0) this.#shares.set(peer, share);
    else this.#shares.delete(peer);
  }
}

function link(index: Map<string, Set<Orphan>>, key: string, orphan: Orphan): void {
  const orphans = index.get(key);
  if (orphans) orphans.add(orphan);
  else index.set(key, new Set([orphan]));
}

function unlink(index: Map<string, Set<Orphan>>, key: string, orphan: Orphan): void {
  const orphans = index.get(key);
  orphans?.delete(orphan);
  if (orphans?.size === 0) index.delete(key);
}
