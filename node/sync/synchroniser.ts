import { RuleError } from '../../protocol/rules.ts';
import { totalSize, txid } from '../../protocol/transaction.ts';
import type { Stoppable } from '../../service/lifecycle.ts';
import type { Logger } from '../../service/log.ts';
import type { HeaderRefusal } from '../chain/acceptance.ts';
import type { Chain } from '../chain/chain.ts';
import type { Clock } from '../clock.ts';
import type { MempoolParts } from '../mempool/open-mempool.ts';
import type {
  PeerFacts,
  PeerId,
  PeerListener,
  PeerNetwork,
  PeerProgress,
  RelayedMessage,
} from '../peers/peer-network.ts';
import type { Random } from '../random.ts';
import { Answers } from './answers.ts';
import { BlockIntake } from './block-intake.ts';
import { ProgressLog } from './progress-log.ts';
import { Sync } from './sync.ts';
import type { SyncEffect, SyncEvent } from './sync-event.ts';
import type { SyncStatus } from './sync-status.ts';

const TICK_MS = 100;
/** How often what was accepted in passing is put on the disk. */
const SETTLE_MS = 1_000;
/** Transactions that are being checked may take up so much; then those who send more are not read. */
const MAX_TAKING_BYTES = 4 * 1024 * 1024;
/** Items a peer may have asked for while it owes us blocks; above it, it is not read either. */
const MAX_WAITING_ANSWERS = 1_000;

export interface SynchroniserParts
  extends Pick<MempoolParts, 'mempool' | 'mempoolCapacity' | 'intake' | 'orphans'> {
  readonly chain: Chain;
  readonly network: PeerNetwork;
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
  /** A steady clock. */
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Runs the reducer of `sync.ts`: brings it what happens, and does what follows from it. */
export class Synchroniser implements PeerListener, Stoppable {
  readonly #parts: SynchroniserParts;
  readonly #sync: Sync;
  readonly #blocks: BlockIntake;
  readonly #answers: Answers;
  readonly #log: Logger;
  readonly #progressLog: ProgressLog;
  /** Transactions that are being checked, and the last of them. */
  #takingBytes = 0;
  #lastTaken: Promise<void> | undefined;
  /** Peers that are up. */
  readonly #present = new Set<PeerId>();
  readonly #stopping: (() => void)[] = [];
  #isStopped = false;

  constructor(parts: SynchroniserParts) {
    const { chain, clock, random, network, mempool, mempoolCapacity } = parts;
    const log = parts.log.child({ name: 'sync' });
    const onError = (error: unknown): void => log.error({ err: error }, 'a peer could not be answered');
    this.#parts = parts;
    this.#log = log;
    this.#progressLog = new ProgressLog(log);
    const view = {
      get: mempool.get.bind(mempool),
      get size() {
        return mempool.size;
      },
      entries: () => mempool.entries(),
      get minFeeRate() {
        return mempoolCapacity.minFeeRate;
      },
    };
    this.#sync = new Sync({ chain, mempool: view, clock, random });
    this.#answers = new Answers({ chain, mempool: view, network, onError });
    this.#blocks = new BlockIntake({
      chain,
      isCatchingUp: () => this.#sync.isCatchingUp,
      onChecked: (checked) => this.#handle({ type: 'block-checked', ...checked }),
      log,
    });
  }

  get status(): SyncStatus {
    return this.#sync.status;
  }

  /** Whether many more blocks are expected. */
  get isCatchingUp(): boolean {
    return this.#sync.isCatchingUp;
  }

  /** Follows the chain, the mempool and the time until it is stopped. */
  start(): void {
    const { chain, mempool, intake } = this.#parts;
    intake.onOrphan((peer, transaction, result) => {
      this.#handle({ type: 'transaction-checked', peer, txid: txid(transaction), result });
    });
    mempool.listen({
      added: (entry) => this.#handle({ type: 'transaction-entered', entry }),
      removed: () => undefined,
    });
    const ticks = setInterval(() => this.#handle({ type: 'tick' }), TICK_MS);
    const settling = setInterval(() => this.#settle(), SETTLE_MS);
    this.#stopping.push(
      chain.on('connected', ({ block }) => {
        if (this.#sync.isInitial) return;
        this.#handle({ type: 'transactions-confirmed', txids: block.transactions.map(txid) });
      }),
      chain.on('disconnected', () => this.#handle({ type: 'block-disconnected' })),
      chain.on('tip', () => this.#handle({ type: 'tip-changed' })),
      () => clearInterval(ticks),
      () => clearInterval(settling),
    );
  }

  /** Resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const stop of this.#stopping.splice(0)) stop();
    await this.#blocks.stop();
  }

  up(peer: PeerFacts): void {
    this.#present.add(peer.id);
    this.#handle({ type: 'peer-up', peer });
  }

  down(peer: PeerId): void {
    this.#present.delete(peer);
    this.#answers.forget(peer);
    this.#parts.orphans.forget(peer);
    this.#handle({ type: 'peer-down', peer });
  }

  /** The peer is read on when there is room for what it sends and it has been answered. */
  message(peer: PeerId, message: RelayedMessage): void | Promise<void> {
    this.#handle({ type: 'message', peer, message });
    if (message.type === 'block') return this.#blocks.room;
    if (message.type === 'tx') return this.#takingBytes > MAX_TAKING_BYTES ? this.#lastTaken : undefined;
    // Two nodes that ask each other for blocks must both go on reading.
    const mayGoOn = this.#sync.wantsBlock(peer) && this.#answers.waiting(peer) < MAX_WAITING_ANSWERS;
    return mayGoOn ? undefined : this.#answers.under(peer);
  }

  wantsBlock(peer: PeerId): boolean {
    return this.#sync.wantsBlock(peer);
  }

  progress(peer: PeerId): PeerProgress | undefined {
    return this.#sync.progress(peer);
  }

  #settle(): void {
    const { chain, nowMs } = this.#parts;
    const { phase } = this.status;
    const headers = chain.bestHeader.height;
    this.#progressLog.look({ phase, height: chain.tip.height, headers }, nowMs());
    void this.#blocks.settle();
  }

  #handle(event: SyncEvent): void {
    if (this.#isStopped) return;
    for (const effect of this.#sync.handle(event, this.#parts.nowMs())) this.#run(effect);
  }

  #run(effect: SyncEffect): void {
    const { network } = this.#parts;
    switch (effect.type) {
      case 'send':
        this.#send(effect);
        break;
      case 'misbehaved':
        network.disconnect(effect.peer, effect.rule, effect);
        break;
      case 'store-headers':
        void this.#unawaited(this.#storeHeaders(effect), 'headers could not be stored');
        break;
      case 'take-block':
        this.#blocks.add(effect);
        break;
      case 'take-transaction':
        this.#lastTaken = this.#unawaited(
          this.#takeTransaction(effect),
          'a transaction could not be checked',
        );
        break;
      case 'serve':
        if (this.#present.has(effect.peer)) this.#answers.add(effect.peer, effect.items);
        break;
      case 'delivered':
        network.delivered(effect.peer, effect.what);
        break;
    }
  }

  /** What finds the peer's queue full goes out when it has read: a new block must not go untold. */
  #send({ peer, message }: SyncEffect & { type: 'send' }): void {
    if (this.#parts.network.send(peer, message) || !this.#present.has(peer)) return;
    if (this.#answers.waiting(peer) < MAX_WAITING_ANSWERS)
      this.#answers.add(peer, [{ kind: 'message', message }]);
  }

  async #storeHeaders({ peer, headers, after }: SyncEffect & { type: 'store-headers' }): Promise<void> {
    const { entries, refused } = await this.#parts.chain.acceptHeaders(headers, { durable: false });
    this.#handle({ type: 'headers-checked', peer, last: entries.at(-1), after, refused: reasonOf(refused) });
  }

  async #takeTransaction({ peer, transaction }: SyncEffect & { type: 'take-transaction' }): Promise<void> {
    const bytes = totalSize(transaction);
    this.#takingBytes += bytes;
    try {
      const result = await this.#parts.intake.take(transaction, peer);
      this.#handle({ type: 'transaction-checked', peer, txid: txid(transaction), result });
    } finally {
      this.#takingBytes -= bytes;
    }
  }

  #unawaited(work: Promise<void>, failure: string): Promise<void> {
    return work.catch((error: unknown) => {
      if (!this.#isStopped) this.#log.error({ err: error }, failure);
    });
  }
}

/** A header that follows, or is, a block that was found invalid before, says the same as one that does now. */
function reasonOf(refusal: HeaderRefusal | undefined): RuleError | undefined {
  if (refusal === undefined) return undefined;
  switch (refusal.outcome) {
    case 'invalid':
      return refusal.error;
    case 'duplicate-invalid':
      return new RuleError('bad-prevblk', 'the block was found invalid before');
    case 'orphan':
      return new RuleError('prev-blk-not-found');
  }
}
