import { MAX_MONEY } from '../../protocol/amount.ts';
import { hashKey } from '../../protocol/bytes.ts';
import { INVENTORY, type Inventory } from '../../protocol/peer-message.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import { RecentKeys } from '../mempool/recent-keys.ts';
import type { PeerId } from '../peers/peer-network.ts';
import type { Holding, SyncContext, SyncPeer } from './sync-context.ts';
import type { PooledTransaction } from './sync-event.ts';

/**
 * Mean time between two announcements to a peer we chose, and to all inbound ones together: nobody learns more
 * of where a transaction came from by connecting many times. Source: Bitcoin Core, OUTBOUND_INVENTORY_BROADCAST_INTERVAL
 * and INBOUND_…, 2 s and 5 s there.
 */
export const OUTBOUND_MEAN_MS = 200;
export const INBOUND_MEAN_MS = 500;
/** No pause is longer than so many means. */
const MAX_MEANS = 8;
/** Hashes of one announcement. */
const MAX_ANNOUNCED = 1_000;
/** Transactions that wait to be announced to one peer; then the oldest go unannounced. */
const MAX_WAITING = 5_000;
/** Transactions of which it is remembered that a peer has them. */
const REMEMBERED = 5_000;
/** How often a peer is told which fee rate we ask for, if it has changed (Core: AVG_FEEFILTER_BROADCAST_INTERVAL, 10 min). */
const FEE_FILTER_MEAN_MS = 60_000;
/** What nobody pays: no transactions, please. */
const NO_TRANSACTIONS: Nits = MAX_MONEY;

interface Announcer {
  readonly peer: SyncPeer;
  /** By the key of the txid, in the order they are announced. */
  readonly waiting: Map<string, Hash>;
  /** What it has told us, or we have told it. */
  readonly known: RecentKeys;
  nextMs: number;
  /** Arrivals of the mempool below this one may be asked for: they were there when something was announced last. */
  visible: number;
  nextFeeFilterMs: number;
  toldFeeFilter: Nits | undefined;
}

/** Tells peers of the transactions of the mempool, in small random delays, each once. */
export class TransactionRelay {
  readonly #context: SyncContext;
  readonly #announcers = new Map<PeerId, Announcer>();
  /** When inbound peers are told next. */
  #inboundMs = 0;
  #lastArrival = -1;

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** What is kept for peers, at the peer that has most of it. */
  holdings(): Holding[] {
    const waiting = [...this.#announcers.values()].map((announcer) => announcer.waiting.size);
    return [{ what: 'transactions to announce', count: Math.max(0, ...waiting), limit: MAX_WAITING }];
  }

  /**
   * A new peer is told of what is in the mempool in the course of time: after a split, the payments of both sides
   * find their way without being sent again. Of more than can wait, it is told the newest.
   */
  peerUp(peer: SyncPeer): void {
    const announcer: Announcer = {
      peer,
      waiting: new Map(),
      known: new RecentKeys(REMEMBERED),
      nextMs: this.#context.nowMs + this.#pause(OUTBOUND_MEAN_MS),
      visible: -1,
      nextFeeFilterMs: this.#context.nowMs,
      toldFeeFilter: undefined,
    };
    this.#announcers.set(peer.facts.id, announcer);
    if (!peer.facts.relay) return;
    const { mempool } = this.#context;
    let skipped = mempool.size - MAX_WAITING;
    for (const entry of mempool.entries()) {
      // Anybody can connect again and again: what would not stay is not looked at.
      if (skipped > 0) skipped -= 1;
      else {
        this.#seen(entry);
        this.#enqueue(announcer, entry);
      }
    }
  }

  peerDown(id: PeerId): void {
    this.#announcers.delete(id);
  }

  /** A transaction is in the mempool now. */
  entered(entry: PooledTransaction): void {
    this.#seen(entry);
    for (const announcer of this.#announcers.values()) {
      if (announcer.peer.facts.relay) this.#enqueue(announcer, entry);
    }
  }

  /** A peer has shown that it has a transaction. @param key `hashKey` of the txid */
  peerHas(id: PeerId, key: string): void {
    this.#announcers.get(id)?.known.add(key);
  }

  /**
   * Whether a peer may be given a transaction: only if it was in the mempool when the peer was told of
   * something, so that asking does not tell what has just come (Core: FindTxForGetData).
   */
  mayHave({ facts }: SyncPeer, arrival: number): boolean {
    return arrival <= (this.#announcers.get(facts.id)?.visible ?? -1);
  }

  /** @param isQuiet catching up: transactions are neither wanted nor announced */
  tick(isQuiet: boolean): void {
    const { nowMs } = this.#context;
    for (const announcer of this.#announcers.values()) this.#tellFeeFilter(announcer, isQuiet);
    if (isQuiet) return;
    const isInboundTurn = nowMs >= this.#inboundMs;
    if (isInboundTurn) this.#inboundMs = nowMs + this.#pause(INBOUND_MEAN_MS);
    for (const announcer of this.#announcers.values()) {
      const isInbound = announcer.peer.facts.kind === 'inbound';
      if (isInbound ? isInboundTurn : nowMs >= announcer.nextMs) this.#announce(announcer);
    }
  }

  #seen({ arrival }: PooledTransaction): void {
    this.#lastArrival = Math.max(this.#lastArrival, arrival);
  }

  #enqueue({ waiting }: Announcer, { key, txid }: PooledTransaction): void {
    waiting.set(key, txid);
    if (waiting.size <= MAX_WAITING) return;
    for (const oldest of waiting.keys()) {
      waiting.delete(oldest);
      return;
    }
  }

  #announce(announcer: Announcer): void {
    const { peer, waiting, known } = announcer;
    // It is catching up; what it is told now it would not ask for.
    if (peer.feeFilter >= NO_TRANSACTIONS) return;
    announcer.nextMs = this.#context.nowMs + this.#pause(OUTBOUND_MEAN_MS);
    announcer.visible = this.#lastArrival;
    const items: Inventory[] = [];
    for (const [key, txid] of waiting) {
      if (items.length === MAX_ANNOUNCED) break;
      waiting.delete(key);
      const entry = this.#context.mempool.get(key);
      if (entry === undefined || known.has(key) || !paysEnough(entry, peer.feeFilter)) continue;
      known.add(key);
      items.push({ kind: INVENTORY.transaction, hash: txid });
    }
    if (items.length > 0) this.#context.send(peer, { type: 'inv', items });
  }

  #tellFeeFilter(announcer: Announcer, isQuiet: boolean): void {
    const { nowMs, mempool } = this.#context;
    const rate = isQuiet ? NO_TRANSACTIONS : mempool.minFeeRate;
    const isDue = nowMs >= announcer.nextFeeFilterMs || announcer.toldFeeFilter === NO_TRANSACTIONS;
    if (!isDue || rate === announcer.toldFeeFilter) return;
    announcer.toldFeeFilter = rate;
    announcer.nextFeeFilterMs = nowMs + this.#pause(FEE_FILTER_MEAN_MS);
    this.#context.send(announcer.peer, { type: 'feefilter', rate });
  }

  /** A random time: the gaps between events that come independently of each other, `meanMs` apart on average. */
  #pause(meanMs: number): number {
    return Math.min(MAX_MEANS, -Math.log(1 - this.#context.random.fraction())) * meanMs;
  }
}

/** @param rate nits per 1,000 vB */
function paysEnough({ fee, vsize }: PooledTransaction, rate: Nits): boolean {
  return fee * 1_000n >= rate * BigInt(vsize);
}

/** Key of a txid that an inventory item names; undefined for items about blocks and what is not understood. */
export function transactionKey({ kind, hash }: Inventory): string | undefined {
  const isTransaction = kind === INVENTORY.transaction || kind === INVENTORY.witnessTransaction;
  return isTransaction ? hashKey(hash) : undefined;
}
