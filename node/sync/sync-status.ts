import type { BlockEntry } from '../chain/block-index.ts';
import type { ChainView } from './chain-view.ts';
import type { HeaderSync } from './header-sync.ts';
import type { SyncContext } from './sync-context.ts';

/**
 * Where a node stands against its peers:
 * - `waiting`: its chain has less work than the network's minimum, and no peer to get more from;
 * - `headers`: the first headers since the start are coming;
 * - `blocks`: a peer has a better branch, and more than a few blocks of it are missing;
 * - `synced`: no peer is known to have more, also where there is no peer.
 */
export type SyncPhase = 'waiting' | 'headers' | 'blocks' | 'synced';

/** What is told of synchronisation. */
export interface SyncStatus {
  readonly phase: SyncPhase;
  /** The node has not caught up with a peer since it started (Core: IsInitialBlockDownload). */
  readonly initialBlockDownload: boolean;
  /** Share of the work of the best header that is behind the tip: 0 to 1. */
  readonly verificationProgress: number;
}

/** Blocks a node may be behind without being called so: new ones take a moment to arrive. */
const FEW_BLOCKS = 6;

/** Says whether the node is catching up, and remembers whether it ever has. */
export class SyncProgress {
  readonly #context: SyncContext;
  readonly #headers: HeaderSync;
  #hasCaughtUp = false;

  constructor(context: SyncContext, headers: HeaderSync) {
    this.#context = context;
    this.#headers = headers;
  }

  get phase(): SyncPhase {
    const { chain, peers } = this.#context;
    const best = this.#bestOfPeers();
    if (best.height > chain.tip.height + FEW_BLOCKS) return 'blocks';
    if (chain.tip.chainWork < chain.profile.minimumChainWork) return peers.size > 0 ? 'headers' : 'waiting';
    if (!this.#hasCaughtUp && this.#headers.isWaiting) return 'headers';
    return 'synced';
  }

  /** Transactions and new blocks are not relayed meanwhile. */
  get isInitial(): boolean {
    return !this.#hasCaughtUp && this.phase !== 'synced';
  }

  get status(): SyncStatus {
    const { chain } = this.#context;
    return {
      phase: this.phase,
      initialBlockDownload: this.isInitial,
      verificationProgress: shareOfWork(chain),
    };
  }

  /** To be called after every event. */
  update(): void {
    this.#hasCaughtUp ||= this.#headers.isDone && this.phase === 'synced';
  }

  /** The best block that a peer has and that can be fetched; the tip, if none has a better one. */
  #bestOfPeers(): BlockEntry {
    const { chain, peers } = this.#context;
    let best = chain.tip;
    for (const { best: its } of peers.values()) {
      if (its !== undefined && its.status !== 'invalid' && its.chainWork > best.chainWork) best = its;
    }
    return best;
  }
}

function shareOfWork({ tip, bestHeader }: ChainView): number {
  if (bestHeader.chainWork <= tip.chainWork) return 1;
  // Big numbers first: their quotient may be far from what a double of each would give.
  return Number((tip.chainWork * 1_000_000_000n) / bestHeader.chainWork) / 1_000_000_000;
}
