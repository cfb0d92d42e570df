/**
 * A network of nodes in one thread and in no time: the reducers of `node/sync` with chains in memory, connected
 * by links with latency and loss, on a clock that jumps from event to event. Hundreds of nodes run for minutes
 * of their time within seconds of ours, and the same seed gives the same run.
 */
import type { PeerFacts, PeerId, PeerKind, RelayedMessage } from '../../node/peers/peer-network.ts';
import { Sync } from '../../node/sync/sync.ts';
import type {
  MempoolView,
  PooledTransaction,
  ServedItem,
  SyncEffect,
  SyncEvent,
  TransactionOutcome,
} from '../../node/sync/sync-event.ts';
import { hashKey } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import { type Transaction, txid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { type KitBlock, TestClock } from './chain-kit.ts';
import { type BlockStore, SimulatedChain } from './simulated-chain.ts';

const TICK_MS = 100;
/** What a chain takes to look at a block or a batch of headers. */
const CHECK_MS = 1;
/** What a lost packet costs: it is sent again. */
const RETRANSMISSION_MS = 200;

/** Something that peers can talk to. */
export interface Endpoint {
  /** The height it tells when a connection begins. */
  readonly height: number;
  up(peer: PeerFacts, link: Link): void;
  down(peer: PeerId): void;
  message(peer: PeerId, message: RelayedMessage): void;
}

export interface LinkOptions {
  readonly latencyMs?: number;
  /** Share of messages that come only after a retransmission. */
  readonly loss?: number;
  /** How the dialling side sees the other one; that one sees an inbound peer. */
  readonly kind?: PeerKind;
}

/** One connection. Messages of one direction arrive in their order. */
export class Link {
  readonly #network: SimulatedNetwork;
  readonly #options: Required<LinkOptions>;
  readonly #ends: readonly { readonly endpoint: Endpoint; readonly peer: PeerId }[];
  readonly #arrivesMs = [0, 0];
  isOpen = true;

  /** @param ends who sees the other side under which id */
  constructor(
    network: SimulatedNetwork,
    options: Required<LinkOptions>,
    ends: readonly { readonly endpoint: Endpoint; readonly peer: PeerId }[],
  ) {
    this.#network = network;
    this.#options = options;
    this.#ends = ends;
  }

  /** Sends a message to the side that sees its peer under another id than `from`. */
  send(from: PeerId, message: RelayedMessage): void {
    const to = this.#ends[0]!.peer === from ? 1 : 0;
    const { endpoint, peer } = this.#ends[to]!;
    const { latencyMs, loss } = this.#options;
    const delayMs = latencyMs + (this.#network.random() < loss ? RETRANSMISSION_MS : 0);
    const arrivesMs = Math.max(this.#arrivesMs[to]!, this.#network.nowMs + delayMs);
    this.#arrivesMs[to] = arrivesMs;
    this.#network.sent += 1;
    this.#network.at(arrivesMs, () => {
      if (this.isOpen) endpoint.message(peer, message);
    });
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const { endpoint, peer } of this.#ends) endpoint.down(peer);
  }
}

/** Virtual time and the links between nodes. */
export class SimulatedNetwork {
  readonly store: BlockStore;
  nowMs = 0;
  /** Messages so far. */
  sent = 0;
  readonly #due: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;
  #seed: number;
  #lastPeer = 0;

  constructor(store: BlockStore, seed = 1) {
    this.store = store;
    this.#seed = seed;
  }

  /** From 0 up to 1, the same every time (mulberry32). */
  readonly random = (): number => {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** Runs something at a time; what is due at the same time runs in the order it was asked for. */
  at(atMs: number, run: () => void): void {
    const due = this.#due;
    let at = due.push({ atMs, order: this.#order++, run }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(due[at]!, due[parent]!)) break;
      [due[at], due[parent]] = [due[parent]!, due[at]!];
      at = parent;
    }
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  /** Opens a connection; both sides hear of it at once. */
  connect(dialler: Endpoint, listener: Endpoint, options: LinkOptions = {}): Link {
    const { latencyMs = 20, loss = 0, kind = 'outbound' } = options;
    const ids = [++this.#lastPeer, ++this.#lastPeer] as const;
    const ends = [
      { endpoint: dialler, peer: ids[0] },
      { endpoint: listener, peer: ids[1] },
    ];
    const link = new Link(this, { latencyMs, loss, kind }, ends);
    const facts = [
      factsOf(ids[0], kind, listener.height),
      factsOf(ids[1], 'inbound', dialler.height),
    ] as const;
    dialler.up(facts[0], link);
    listener.up(facts[1], link);
    return link;
  }

  /** Lets so much time pass. */
  run(forMs: number): void {
    const endMs = this.nowMs + forMs;
    while (this.#due[0] !== undefined && this.#due[0].atMs <= endMs) this.#step();
    this.nowMs = endMs;
  }

  /** Lets time pass until something holds; returns how much. @throws Error when it takes longer than `limitMs` */
  runUntil(holds: () => boolean, limitMs = 60_000): number {
    const startMs = this.nowMs;
    while (!holds()) {
      if (this.nowMs - startMs > limitMs || this.#due.length === 0) {
        throw new Error(`it does not hold after ${this.nowMs - startMs} simulated ms`);
      }
      this.#step();
    }
    return this.nowMs - startMs;
  }

  #step(): void {
    const due = this.#due;
    const next = due[0]!;
    const last = due.pop()!;
    if (due.length > 0) {
      due[0] = last;
      for (let at = 0; ; ) {
        let least = at;
        for (const child of [2 * at + 1, 2 * at + 2]) {
          if (child < due.length && isBefore(due[child]!, due[least]!)) least = child;
        }
        if (least === at) break;
        [due[at], due[least]] = [due[least]!, due[at]!];
        at = least;
      }
    }
    this.nowMs = next.atMs;
    next.run();
  }
}

function isBefore(a: { atMs: number; order: number }, b: { atMs: number; order: number }): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function factsOf(id: PeerId, kind: PeerKind, startHeight: number): PeerFacts {
  return {
    id,
    kind,
    address: `203.0.113.${id % 250}:5001`,
    loopback: false,
    version: 70_016,
    services: 9n,
    userAgent: '/simulated/',
    startHeight,
    relay: true,
  };
}

/** Why a node ended a connection. */
export interface Complaint {
  readonly peer: PeerId;
  readonly rule: string;
  readonly discourage: boolean;
}

/** A node: the project's reducer with a chain and a mempool in memory. */
export class SimulatedNode implements Endpoint {
  readonly chain: SimulatedChain;
  readonly mempool: SimulatedMempool;
  readonly sync: Sync;
  /** Stands still until a test moves it: headers alone look at it. */
  readonly clock: TestClock;
  readonly complaints: Complaint[] = [];
  /** Everything the reducer wanted done, for tests that look at it. */
  readonly log: SyncEffect[] | undefined;
  readonly #network: SimulatedNetwork;
  readonly #links = new Map<PeerId, Link>();
  /** Blocks one after the other, as a real chain takes them. */
  #busyUntilMs = 0;

  constructor(network: SimulatedNetwork, options: { profile?: NetworkProfile; log?: boolean } = {}) {
    const { store } = network;
    const clock = new TestClock(store.kit.clock.seconds);
    this.#network = network;
    this.clock = clock;
    this.chain = new SimulatedChain(store, clock, options.profile);
    this.mempool = new SimulatedMempool();
    this.log = options.log ? [] : undefined;
    const { chain, mempool } = this;
    this.sync = new Sync({ chain, mempool, clock, random: { fraction: network.random } });
    // Not all at the same time.
    network.after(network.random() * TICK_MS, () => this.#tick());
  }

  get peers(): readonly PeerId[] {
    return [...this.#links.keys()];
  }

  get height(): number {
    return this.chain.tip.height;
  }

  up(peer: PeerFacts, link: Link): void {
    this.#links.set(peer.id, link);
    this.#handle({ type: 'peer-up', peer });
  }

  down(peer: PeerId): void {
    if (this.#links.delete(peer)) this.#handle({ type: 'peer-down', peer });
  }

  message(peer: PeerId, message: RelayedMessage): void {
    this.#handle({ type: 'message', peer, message });
  }

  /** A block that was mined here. */
  take(made: KitBlock): void {
    this.#accept(made.hash);
  }

  /** Starts with these blocks, before anybody is connected. */
  load(blocks: readonly KitBlock[]): this {
    for (const made of blocks) this.take(made);
    return this;
  }

  /** A payment that was handed in here. */
  pay(transaction: Transaction): TransactionOutcome {
    const { result, entered } = this.mempool.take(transaction);
    for (const entry of entered) this.#handle({ type: 'transaction-entered', entry });
    return result;
  }

  #tick(): void {
    this.#handle({ type: 'tick' });
    this.#network.after(TICK_MS, () => this.#tick());
  }

  #handle(event: SyncEvent): void {
    for (const effect of this.sync.handle(event, this.#network.nowMs)) {
      this.log?.push(effect);
      this.#run(effect);
    }
  }

  #run(effect: SyncEffect): void {
    switch (effect.type) {
      case 'send':
        this.#links.get(effect.peer)?.send(effect.peer, effect.message);
        break;
      case 'misbehaved': {
        const { peer, rule, discourage } = effect;
        this.complaints.push({ peer, rule, discourage });
        this.#links.get(peer)?.close();
        break;
      }
      case 'store-headers':
        this.#later(() => {
          const { entries, refused } = this.chain.acceptHeaders(effect.headers);
          const error = refused && (refused.error ?? new RuleError('bad-prevblk'));
          const { peer, after } = effect;
          this.#handle({ type: 'headers-checked', peer, last: entries.at(-1), after, refused: error });
        });
        break;
      case 'take-block':
        this.#later(() => {
          const { peer, hash } = effect;
          this.#handle({ type: 'block-checked', peer, hash, ...this.#accept(hash) });
        });
        break;
      case 'take-transaction':
        this.#later(() => {
          const { peer, transaction } = effect;
          const result = this.pay(transaction);
          this.#handle({ type: 'transaction-checked', peer, txid: txid(transaction), result });
        });
        break;
      case 'serve':
        for (const served of effect.items) {
          const message = this.#served(served);
          if (message !== undefined) this.#links.get(effect.peer)?.send(effect.peer, message);
        }
        break;
      case 'delivered':
        break;
    }
  }

  #served(served: ServedItem): RelayedMessage | undefined {
    if (served.kind === 'message') return served.message;
    const { hash } = served.item;
    if (served.kind === 'block') return { type: 'block', bytes: this.#network.store.bytes(hash) };
    const entry = this.mempool.get(hashKey(hash));
    return entry && { type: 'tx', transaction: entry.transaction };
  }

  #accept(hash: Hash): ReturnType<SimulatedChain['accept']> {
    const before = this.chain.steps.length;
    const result = this.chain.accept(hash);
    const steps = this.chain.steps.slice(before);
    for (const { joined, entry } of steps) {
      const { transactions } = this.#network.store.get(entry.hash).block;
      if (joined) {
        this.mempool.confirm(transactions);
        this.#handle({ type: 'transactions-confirmed', txids: transactions.map(txid) });
      } else {
        this.#handle({ type: 'block-disconnected' });
        for (const entered of this.mempool.restore(transactions)) {
          this.#handle({ type: 'transaction-entered', entry: entered });
        }
      }
    }
    if (steps.length > 0) this.#handle({ type: 'tip-changed' });
    return result;
  }

  #later(run: () => void): void {
    this.#busyUntilMs = Math.max(this.#busyUntilMs, this.#network.nowMs) + CHECK_MS;
    this.#network.at(this.#busyUntilMs, run);
  }
}

/** Takes every transaction whose parents are confirmed, in it, or nothing it has ever heard of but "outside". */
export class SimulatedMempool implements MempoolView {
  readonly #entries = new Map<string, PooledTransaction>();
  readonly #confirmed = new Set<string>();
  readonly #orphans = new Map<string, Transaction>();
  /** Ids that count as unknown parents; all others that are not here are taken for old coins. */
  readonly unknown = new Set<string>();
  minFeeRate = 1_000n;
  #arrivals = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): PooledTransaction | undefined {
    return this.#entries.get(key);
  }

  has(transaction: Transaction): boolean {
    return this.#entries.has(hashKey(txid(transaction)));
  }

  entries(): Iterable<PooledTransaction> {
    return this.#entries.values();
  }

  take(transaction: Transaction): { result: TransactionOutcome; entered: PooledTransaction[] } {
    const key = hashKey(txid(transaction));
    if (this.#entries.has(key) || this.#confirmed.has(key))
      return { result: { outcome: 'known' }, entered: [] };
    const parents = transaction.inputs
      .map(({ previous }) => previous.txid)
      .filter((id) => this.unknown.has(hashKey(id)) && !this.#isHere(hashKey(id)));
    if (parents.length > 0) {
      this.#orphans.set(key, transaction);
      return { result: { outcome: 'orphan', parents }, entered: [] };
    }
    const entered = [this.#enter(transaction)];
    for (const [orphanKey, orphan] of this.#orphans) {
      this.#orphans.delete(orphanKey);
      entered.push(...this.take(orphan).entered);
    }
    return { result: { outcome: 'accepted' }, entered };
  }

  confirm(transactions: readonly Transaction[]): void {
    for (const transaction of transactions) {
      const key = hashKey(txid(transaction));
      this.#entries.delete(key);
      this.#confirmed.add(key);
    }
  }

  restore(transactions: readonly Transaction[]): PooledTransaction[] {
    for (const transaction of transactions) this.#confirmed.delete(hashKey(txid(transaction)));
    return transactions.slice(1).map((transaction) => this.#enter(transaction));
  }

  #isHere(key: string): boolean {
    return this.#entries.has(key) || this.#confirmed.has(key);
  }

  #enter(transaction: Transaction): PooledTransaction {
    const id = txid(transaction);
    const entry = {
      transaction,
      txid: id,
      key: hashKey(id),
      fee: 1_000n,
      vsize: 200,
      arrival: ++this.#arrivals,
    };
    this.#entries.set(entry.key, entry);
    return entry;
  }
}
