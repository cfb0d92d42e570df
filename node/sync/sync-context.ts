import type { RuleError } from '../../protocol/rules.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { Clock } from '../clock.ts';
import type { PeerFacts, PeerId, RelayedMessage } from '../peers/peer-network.ts';
import type { Random } from '../random.ts';
import { type ChainView, isOnBranch } from './chain-view.ts';
import type { MempoolView, SyncEffect } from './sync-event.ts';
import { TrafficMeter } from './traffic-meter.ts';

/** What every part of synchronisation knows of a peer; what one part alone needs stays there. */
export interface SyncPeer {
  readonly facts: PeerFacts;
  /** The best block it is known to have. */
  best: BlockEntry | undefined;
  /** The last block it announced whose header is not known here. */
  unknown: Hash | undefined;
  /** The last header we sent it. */
  sentHeader: BlockEntry | undefined;
  /** The last of the block hashes it was given, if there are more: when it asks for this block, it is told so. */
  lastOfHashes: BlockEntry | undefined;
  /** It wants new blocks announced by their headers (BIP 130). */
  prefersHeaders: boolean;
  /** The lowest fee rate it wants to hear of, in nits per 1,000 vB (BIP 133). */
  feeFilter: Nits;
  /** What it sends unasked. */
  readonly meter: TrafficMeter;
}

/** How much of something is kept for peers, and how much it may be. */
export interface Holding {
  readonly what: string;
  readonly count: number;
  readonly limit: number;
}

/** What the parts read and where they say what is to be done. One event is handled at a time. */
export class SyncContext {
  readonly chain: ChainView;
  readonly mempool: MempoolView;
  readonly clock: Clock;

  readonly random: Pick<Random, 'fraction'>;
  readonly peers = new Map<PeerId, SyncPeer>();
  /** When the event that is being handled happened; a steady clock. */
  nowMs = 0;
  #effects: SyncEffect[] = [];

  constructor(parts: {
    chain: ChainView;
    mempool: MempoolView;
    clock: Clock;
    random: Pick<Random, 'fraction'>;
  }) {
    this.chain = parts.chain;
    this.mempool = parts.mempool;
    this.clock = parts.clock;
    this.random = parts.random;
  }

  addPeer(facts: PeerFacts): SyncPeer {
    const peer: SyncPeer = {
      facts,
      best: undefined,
      unknown: undefined,
      sentHeader: undefined,
      lastOfHashes: undefined,
      prefersHeaders: false,
      feeFilter: 0n,
      meter: new TrafficMeter(this.nowMs),
    };
    this.peers.set(facts.id, peer);
    return peer;
  }

  emit(effect: SyncEffect): void {
    this.#effects.push(effect);
  }

  send(peer: SyncPeer, message: RelayedMessage): void {
    this.#effects.push({ type: 'send', peer: peer.facts.id, message });
  }

  /** Ends the connection because of something that need not be ill will. */
  drop(peer: SyncPeer, rule: string, detail: string): void {
    this.emit({ type: 'misbehaved', peer: peer.facts.id, rule, detail, discourage: false });
  }

  /** Ends the connection if the broken rule says that the sender must know better. */
  blame(peer: PeerId, { code, detail, action }: RuleError): void {
    if (action === 'ban') this.emit({ type: 'misbehaved', peer, rule: code, detail, discourage: true });
  }

  /** Something came that was not asked for: it is ignored, and counted. */
  unrequested(peer: SyncPeer, what: string, bytes: number): void {
    if (peer.meter.spend(bytes, this.nowMs)) return;
    this.drop(peer, 'unrequested-data', `${peer.meter.messages} messages, the last with ${what}`);
  }

  /** Notes that a peer has a block, and so all blocks below it. */
  learn(peer: SyncPeer, entry: BlockEntry): void {
    const known = peer.best;
    if (entry.status === 'invalid') return;
    if (known === undefined || known.status === 'invalid' || entry.chainWork >= known.chainWork)
      peer.best = entry;
  }

  /** Whether a peer has the header of a block, by what it said or what we sent it (Core: PeerHasHeader). */
  hasHeader(peer: SyncPeer, entry: BlockEntry): boolean {
    return isOnBranch(this.chain, peer.best, entry) || isOnBranch(this.chain, peer.sentHeader, entry);
  }

  /** What was asked to be done since the last call. */
  takeEffects(): SyncEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
