import { hashKey } from '../../protocol/bytes.ts';
import { INVENTORY, type Inventory } from '../../protocol/peer-message.ts';
import type { Hash } from '../../protocol/units.ts';
import type { PeerId } from '../peers/peer-network.ts';
import type { Holding, SyncContext, SyncPeer } from './sync-context.ts';

/** Announcements of one peer that are kept; more are not listened to (Core: MAX_PEER_TX_ANNOUNCEMENTS). */
const MAX_ANNOUNCEMENTS = 5_000;
/** Transactions asked of one peer at a time (Core: MAX_PEER_TX_REQUEST_IN_FLIGHT). */
const MAX_IN_FLIGHT = 100;
/** Peers that we did not choose are asked later: others may announce it too (Core: NONPREF_PEER_TX_DELAY, 2 s). */
export const INBOUND_DELAY_MS = 200;
/** A peer has so long to send what it announced, then the next one is asked (Core: GETDATA_TX_INTERVAL, 60 s). */
export const REQUEST_TIMEOUT_MS = 20_000;

/** One transaction that peers have and we do not. */
interface Wanted {
  readonly txid: Hash;
  /** Who has announced it and has not failed to deliver. */
  readonly announcers: Set<PeerId>;
  askedOf: PeerId | undefined;
}

/** What concerns one peer; the keys are those of txids. */
interface Side {
  readonly peer: SyncPeer;
  /** What it announced and was not asked for, with the time from which on it may be; in this order. */
  readonly queue: Map<string, number>;
  /** What it was asked for, and when; in this order. */
  readonly asked: Map<string, number>;
  /** Whose `announcers` it is one of. */
  readonly announced: Set<string>;
}

/**
 * Asks for transactions that peers announce: each from one peer at a time, the ones we chose first, and from
 * the next when the first does not deliver. Source: Bitcoin Core, TxRequestTracker.
 */
export class TransactionRequests {
  readonly #context: SyncContext;
  /** By the key of the txid. */
  readonly #wanted = new Map<string, Wanted>();
  readonly #sides = new Map<PeerId, Side>();

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** What is kept for peers, at the peer that has most of it. */
  holdings(): Holding[] {
    const sides = [...this.#sides.values()];
    const most = (count: (side: Side) => number): number => Math.max(0, ...sides.map(count));
    return [
      { what: 'transactions wanted', count: this.#wanted.size, limit: sides.length * MAX_ANNOUNCEMENTS },
      { what: 'announcements', count: most(({ announced }) => announced.size), limit: MAX_ANNOUNCEMENTS },
      { what: 'announcements to ask for', count: most(({ queue }) => queue.size), limit: MAX_ANNOUNCEMENTS },
      { what: 'transactions in flight', count: most(({ asked }) => asked.size), limit: MAX_IN_FLIGHT },
    ];
  }

  peerUp(peer: SyncPeer): void {
    this.#sides.set(peer.facts.id, { peer, queue: new Map(), asked: new Map(), announced: new Set() });
  }

  peerDown(id: PeerId): void {
    const side = this.#sides.get(id);
    if (side === undefined) return;
    for (const key of side.announced) {
      const wanted = this.#wanted.get(key);
      if (wanted !== undefined) this.#withdraw(side, key, wanted);
    }
    this.#sides.delete(id);
  }

  /** A peer has a transaction that is not known here. @param isUrgent an orphan waits for it */
  announced(id: PeerId, txid: Hash, isUrgent = false): void {
    const side = this.#sides.get(id);
    if (side === undefined || side.announced.size >= MAX_ANNOUNCEMENTS) return;
    const key = hashKey(txid);
    // A copy: `txid` may be a view of a message of two megabytes, which it would keep in memory.
    const fresh = () => ({ txid: txid.slice(), announcers: new Set<PeerId>(), askedOf: undefined });
    const wanted: Wanted = this.#wanted.get(key) ?? fresh();
    if (wanted.announcers.has(id)) return;
    this.#wanted.set(key, wanted);
    wanted.announcers.add(id);
    side.announced.add(key);
    const isPreferred = isUrgent || side.peer.facts.kind !== 'inbound';
    side.queue.set(key, this.#context.nowMs + (isPreferred ? 0 : INBOUND_DELAY_MS));
  }

  /**
   * A peer has sent a transaction: whether it was asked for it. The others that announced it wait until it has been
   * looked at: a txid does not cover the witness, so what came may be somebody's bad copy.
   * @param key `hashKey` of the txid
   */
  received(id: PeerId, key: string): boolean {
    return this.#sides.get(id)?.asked.delete(key) === true;
  }

  /**
   * What a peer sent was looked at. Unless it has entered the mempool, which `forget` is told of, the next one is
   * asked: it may have the transaction with another witness. Source: Bitcoin Core, `ForgetTxHash` of the wtxid alone.
   * @param key `hashKey` of the txid
   */
  checked(id: PeerId, key: string): void {
    const side = this.#sides.get(id);
    const wanted = this.#wanted.get(key);
    if (side !== undefined && wanted?.announcers.has(id)) this.#withdraw(side, key, wanted);
  }

  /** A peer does not have what it announced: whether it was asked for it. @param key `hashKey` of the txid */
  notFound(id: PeerId, key: string): boolean {
    const side = this.#sides.get(id);
    const wanted = this.#wanted.get(key);
    if (!side?.asked.has(key) || wanted === undefined) return false;
    this.#withdraw(side, key, wanted);
    return true;
  }

  /** Nobody need be asked any more: it is here, or in a block. @param key `hashKey` of the txid */
  forget(key: string): void {
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) return;
    this.#wanted.delete(key);
    for (const id of wanted.announcers) this.#leave(this.#sides.get(id), key);
  }

  /** Asks for what is due, and no longer waits for what is overdue. */
  tick(): void {
    for (const side of this.#sides.values()) {
      this.#giveUpOverdue(side);
      const items: Inventory[] = [];
      for (const [key, fromMs] of side.queue) {
        if (fromMs > this.#context.nowMs || side.asked.size >= MAX_IN_FLIGHT) break;
        side.queue.delete(key);
        const wanted = this.#wanted.get(key);
        // While another peer is asked, this one is kept in mind.
        if (wanted === undefined || wanted.askedOf !== undefined) continue;
        wanted.askedOf = side.peer.facts.id;
        side.asked.set(key, this.#context.nowMs);
        items.push({ kind: INVENTORY.witnessTransaction, hash: wanted.txid });
      }
      if (items.length > 0) this.#context.send(side.peer, { type: 'getdata', items });
    }
  }

  #giveUpOverdue(side: Side): void {
    for (const [key, sinceMs] of side.asked) {
      if (this.#context.nowMs - sinceMs < REQUEST_TIMEOUT_MS) return;
      const wanted = this.#wanted.get(key);
      if (wanted === undefined) side.asked.delete(key);
      else this.#withdraw(side, key, wanted);
    }
  }

  /** Takes back what a peer announced; if it was asked, the next one has its turn. */
  #withdraw(side: Side, key: string, wanted: Wanted): void {
    const { id } = side.peer.facts;
    wanted.announcers.delete(id);
    this.#leave(side, key);
    if (wanted.announcers.size === 0) this.#wanted.delete(key);
    if (wanted.askedOf !== id) return;
    wanted.askedOf = undefined;
    for (const other of wanted.announcers) {
      const { queue } = this.#sides.get(other) ?? {};
      if (queue === undefined || queue.has(key)) continue;
      queue.set(key, this.#context.nowMs);
      return;
    }
  }

  #leave(side: Side | undefined, key: string): void {
    if (side === undefined) return;
    side.queue.delete(key);
    side.asked.delete(key);
    side.announced.delete(key);
  }
}
