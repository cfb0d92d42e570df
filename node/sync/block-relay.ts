import { INVENTORY } from '../../protocol/peer-message.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import { branchBetween, forkOf } from './chain-view.ts';
import type { SyncContext, SyncPeer } from './sync-context.ts';

/** Blocks that are announced one by one; of more the last alone is (Core: MAX_BLOCKS_TO_ANNOUNCE). */
const MAX_ANNOUNCED_BLOCKS = 8;

/** Tells peers of new blocks: by headers those that want it so (BIP 130), the others by the hash of the tip. */
export class BlockRelay {
  readonly #context: SyncContext;
  /** The tip as it was when blocks were announced last. */
  #announced: BlockEntry;

  constructor(context: SyncContext) {
    this.#context = context;
    this.#announced = context.chain.tip;
  }

  /** @param isQuiet nothing is announced, as while catching up; what comes later does not include it */
  tipChanged(isQuiet: boolean): void {
    const { chain, peers } = this.#context;
    const { tip } = chain;
    const before = this.#announced;
    this.#announced = tip;
    if (isQuiet || before === tip) return;
    const fork = forkOf(chain, before);
    const fresh = branchBetween(
      chain,
      tip,
      Math.max(fork.height, tip.height - MAX_ANNOUNCED_BLOCKS),
      tip.height,
    );
    const skipped = tip.height - fork.height > fresh.length;
    for (const peer of peers.values()) this.#announce(peer, fresh, skipped);
  }

  #announce(peer: SyncPeer, fresh: readonly BlockEntry[], skipped: boolean): void {
    const tip = fresh.at(-1);
    if (tip === undefined || this.#context.hasHeader(peer, tip)) return;
    const unknown = fresh.slice(fresh.findIndex((entry) => !this.#context.hasHeader(peer, entry)));
    const parent = unknown[0]?.parent;
    // Headers that do not follow what it has would make it ask for those between, so the hash does as well.
    const connects = parent !== undefined && this.#context.hasHeader(peer, parent);
    if (peer.prefersHeaders && connects && !(skipped && unknown.length === fresh.length)) {
      peer.sentHeader = tip;
      this.#context.send(peer, { type: 'headers', headers: unknown.map(({ header }) => header) });
    } else {
      this.#context.send(peer, { type: 'inv', items: [{ kind: INVENTORY.block, hash: tip.hash }] });
    }
  }
}
