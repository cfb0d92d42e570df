import { hashKey } from '../../protocol/bytes.ts';
import { INVENTORY, type Inventory } from '../../protocol/peer-message.ts';
import { type Transaction, totalSize, txid as txidOf } from '../../protocol/transaction.ts';
import type { Clock } from '../clock.ts';
import { RecentKeys } from '../mempool/recent-keys.ts';
import type { PeerId, PeerProgress, RelayedMessage } from '../peers/peer-network.ts';
import type { Random } from '../random.ts';
import { BlockDownload } from './block-download.ts';
import { BlockRelay } from './block-relay.ts';
import type { ChainView } from './chain-view.ts';
import { HeaderSync } from './header-sync.ts';
import { Serving } from './serving.ts';
import { type Holding, SyncContext, type SyncPeer } from './sync-context.ts';
import type { MempoolView, SyncEffect, SyncEvent, TransactionOutcome } from './sync-event.ts';
import { SyncProgress, type SyncStatus } from './sync-status.ts';
import { TransactionRelay, transactionKey } from './transaction-relay.ts';
import { TransactionRequests } from './transaction-requests.ts';

const INVENTORY_BYTES = 36;
/** Confirmed transactions that are remembered at least. */
const CONFIRMED_REMEMBERED = 20_000;

/** What synchronisation reads, and its sources of time and chance. */
export interface SyncParts {
  readonly chain: ChainView;
  readonly mempool: MempoolView;
  readonly clock: Clock;

  readonly random: Pick<Random, 'fraction'>;
}

/**
 * What a node does as a member of the network, without any socket, disk or timer: every event gives the effects
 * that follow from it. Headers come first (`header-sync.ts`), then the blocks they name (`block-download.ts`);
 * new blocks and transactions are passed on (`block-relay.ts`, `transaction-relay.ts`), and others are served
 * (`serving.ts`). Splits heal by these rules alone: whoever hears of a branch with more work fetches it.
 */
export class Sync {
  readonly #context: SyncContext;
  readonly #headers: HeaderSync;
  readonly #blocks: BlockDownload;
  readonly #blockRelay: BlockRelay;
  readonly #transactions: TransactionRelay;
  readonly #requests: TransactionRequests;
  readonly #serving: Serving;
  readonly #progress: SyncProgress;
  /** Transactions of the last blocks: peers may still announce them. */
  readonly #recentlyConfirmed = new RecentKeys(CONFIRMED_REMEMBERED);

  constructor(parts: SyncParts) {
    const context = new SyncContext(parts);
    const transactions = new TransactionRelay(context);
    this.#context = context;
    this.#headers = new HeaderSync(context);
    this.#blocks = new BlockDownload(context);
    this.#blockRelay = new BlockRelay(context);
    this.#transactions = transactions;
    this.#requests = new TransactionRequests(context);
    this.#serving = new Serving(context, transactions.mayHave.bind(transactions));
    this.#progress = new SyncProgress(context, this.#headers);
  }

  get status(): SyncStatus {
    return this.#progress.status;
  }

  /** Whether it has not caught up with a peer since it started. */
  get isInitial(): boolean {
    return this.#progress.isInitial;
  }

  /** Whether many more blocks are expected. */
  get isCatchingUp(): boolean {
    return this.#progress.phase !== 'synced';
  }

  /** Whether a block was asked of a peer that has not come. */
  wantsBlock(peer: PeerId): boolean {
    return this.#blocks.wants(peer);
  }

  /** What is known of one peer, for `getpeerinfo`. */
  progress(id: PeerId): PeerProgress | undefined {
    const peer = this.#context.peers.get(id);
    if (peer === undefined) return undefined;
    const common = this.#blocks.common(id);
    return {
      presyncedHeaders: this.#headers.presyncHeight(id) ?? -1,
      syncedHeaders: peer.best?.height ?? -1,
      syncedBlocks: common?.height ?? -1,
      inflight: this.#blocks.askedHeights(id),
      feeFilter: peer.feeFilter,
    };
  }

  /** What it keeps for peers: nothing that they send lets any of it grow beyond its limit. */
  holdings(): Holding[] {
    const parts = [this.#headers, this.#blocks, this.#requests, this.#transactions];
    return parts.flatMap((part) => part.holdings());
  }

  /** @param nowMs when it happened, by a steady clock */
  handle(event: SyncEvent, nowMs: number): SyncEffect[] {
    this.#context.nowMs = nowMs;
    this.#dispatch(event);
    this.#progress.update();
    return this.#context.takeEffects();
  }

  #dispatch(event: SyncEvent): void {
    switch (event.type) {
      case 'peer-up':
        this.#peerUp(this.#context.addPeer(event.peer));
        break;
      case 'peer-down':
        this.#peerDown(event.peer);
        break;
      case 'message': {
        const peer = this.#context.peers.get(event.peer);
        if (peer !== undefined) this.#message(peer, event.message);
        break;
      }
      case 'headers-checked':
        this.#headers.checked(event.peer, event.last, event.after, event.refused);
        this.#blocks.askAll();
        break;
      case 'block-checked':
        this.#blocks.checked(event.peer, event.hash, event);
        break;
      case 'tip-changed':
        this.#blockRelay.tipChanged(this.#progress.isInitial);
        break;
      case 'transactions-confirmed':
        for (const id of event.txids) this.#confirmed(hashKey(id));
        break;
      case 'block-disconnected':
        this.#recentlyConfirmed.clear();
        break;
      case 'transaction-checked':
        this.#transactionChecked(event.peer, hashKey(event.txid), event.result);
        break;
      case 'transaction-entered':
        this.#requests.forget(event.entry.key);
        this.#transactions.entered(event.entry);
        break;
      case 'tick':
        this.#tick();
        break;
    }
  }

  #peerUp(peer: SyncPeer): void {
    this.#context.send(peer, { type: 'sendheaders' });
    this.#blocks.peerUp(peer);
    this.#requests.peerUp(peer);
    this.#transactions.peerUp(peer);
    this.#headers.peerUp(peer);
  }

  #peerDown(id: PeerId): void {
    if (!this.#context.peers.delete(id)) return;
    this.#headers.peerDown(id);
    this.#requests.peerDown(id);
    this.#transactions.peerDown(id);
    this.#blocks.peerDown(id);
  }

  #message(peer: SyncPeer, message: RelayedMessage): void {
    switch (message.type) {
      case 'sendheaders':
        peer.prefersHeaders = true;
        break;
      case 'feefilter':
        peer.feeFilter = message.rate;
        break;
      case 'headers':
        this.#headers.headers(peer, message.headers);
        this.#blocks.ask(peer.facts.id);
        break;
      case 'block':
        this.#blocks.block(peer, message.bytes);
        break;
      case 'tx':
        this.#transaction(peer, message.transaction);
        break;
      case 'inv':
        this.#announced(peer, message.items);
        break;
      case 'notfound':
        this.#notFound(peer, message.items);
        break;
      case 'getheaders':
        this.#serving.headers(peer, message);
        break;
      case 'getblocks':
        this.#serving.blockHashes(peer, message);
        break;
      case 'getdata':
        this.#serving.data(peer, message.items);
        break;
    }
  }

  #announced(peer: SyncPeer, items: readonly Inventory[]): void {
    const blocks = items.filter(({ kind }) => kind === INVENTORY.block).map(({ hash }) => hash);
    if (blocks.length > 0) {
      this.#headers.announced(peer, blocks);
      this.#blocks.ask(peer.facts.id);
    }
    for (const item of items) {
      const key = transactionKey(item);
      if (key === undefined) continue;
      this.#transactions.peerHas(peer.facts.id, key);
      const isHere = this.#context.mempool.get(key) !== undefined || this.#recentlyConfirmed.has(key);
      if (!isHere) this.#requests.announced(peer.facts.id, item.hash);
    }
    this.#askForTransactions();
  }

  /** What was announced while the node catches up is asked for when it has. */
  #askForTransactions(): void {
    if (!this.#progress.isInitial) this.#requests.tick();
  }

  #transaction(peer: SyncPeer, transaction: Transaction): void {
    const key = hashKey(txidOf(transaction));
    this.#transactions.peerHas(peer.facts.id, key);
    if (this.#requests.received(peer.facts.id, key)) {
      this.#context.emit({ type: 'take-transaction', peer: peer.facts.id, transaction });
    } else this.#context.unrequested(peer, 'a transaction', totalSize(transaction));
  }

  #confirmed(key: string): void {
    this.#recentlyConfirmed.add(key);
    this.#requests.forget(key);
  }

  #transactionChecked(id: PeerId, key: string, result: TransactionOutcome): void {
    this.#requests.checked(id, key);
    switch (result.outcome) {
      case 'accepted':
        this.#context.emit({ type: 'delivered', peer: id, what: 'transaction' });
        break;
      case 'orphan':
        // Whoever has the child has its parents.
        for (const parent of result.parents) this.#requests.announced(id, parent, true);
        this.#askForTransactions();
        break;
      case 'refused':
        this.#context.blame(id, result.error);
        break;
      case 'known':
        break;
    }
  }

  #notFound(peer: SyncPeer, items: readonly Inventory[]): void {
    let blocks = 0;
    let transactions = 0;
    for (const item of items) {
      const key = transactionKey(item);
      if (key !== undefined && this.#requests.notFound(peer.facts.id, key)) transactions += 1;
      if (key === undefined && this.#blocks.notFound(peer, item.hash)) blocks += 1;
    }
    if (blocks > 0) this.#blocks.askAll();
    if (transactions > 0) this.#askForTransactions();
    if (blocks + transactions < items.length || items.length === 0) {
      this.#context.unrequested(peer, 'notfound', items.length * INVENTORY_BYTES);
    }
  }

  #tick(): void {
    this.#headers.tick();
    this.#blocks.tick();
    this.#askForTransactions();
    this.#transactions.tick(this.#progress.isInitial);
  }
}
