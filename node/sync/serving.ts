import { hashKey } from '../../protocol/bytes.ts';
import { INVENTORY, type Inventory, type LocatorPayload, MAX_HEADERS } from '../../protocol/peer-message.ts';
import type { Hash } from '../../protocol/units.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import { forkOfLocator, isStored } from './chain-view.ts';
import type { SyncContext, SyncPeer } from './sync-context.ts';
import type { ServedItem } from './sync-event.ts';

/** Hashes of one answer to getblocks. Source: Bitcoin Core, ProcessMessage "getblocks". */
const MAX_BLOCK_HASHES = 500;

/** Answers peers that ask for headers, blocks and transactions. */
export class Serving {
  readonly #context: SyncContext;
  /** Whether a peer may be given this transaction of the mempool. */
  readonly #mayHave: (peer: SyncPeer, arrival: number) => boolean;

  constructor(context: SyncContext, mayHave: (peer: SyncPeer, arrival: number) => boolean) {
    this.#context = context;
    this.#mayHave = mayHave;
  }

  /**
   * The headers that follow what the peer has. Where our own chain has too little work to be worth anything,
   * none. Source: Bitcoin Core, ProcessMessage "getheaders".
   */
  headers(peer: SyncPeer, { locator, stop }: LocatorPayload): void {
    const { chain } = this.#context;
    if (chain.tip.chainWork < chain.profile.minimumChainWork) {
      this.#context.send(peer, { type: 'headers', headers: [] });
      return;
    }
    const entries = locator.length === 0 ? this.#headerAt(stop) : this.#following(locator, stop, MAX_HEADERS);
    peer.sentHeader = entries.at(-1) ?? chain.tip;
    this.#context.send(peer, { type: 'headers', headers: entries.map(({ header }) => header) });
  }

  /**
   * The hashes of the blocks that follow what the peer has, for nodes that do not ask for headers first. There may
   * be more of them: such a node asks again when it hears of a block that it cannot connect, so it is told of the
   * tip once it has asked for the last of these. Source: Bitcoin Core, m_continuation_block.
   */
  blockHashes(peer: SyncPeer, { locator, stop }: LocatorPayload): void {
    const entries = this.#following(locator, stop, MAX_BLOCK_HASHES);
    if (entries.length === 0) return;
    if (entries.length === MAX_BLOCK_HASHES) peer.lastOfHashes = entries.at(-1);
    const items = entries.map(({ hash }) => ({ kind: INVENTORY.block, hash }));
    this.#context.send(peer, { type: 'inv', items });
  }

  /**
   * Blocks and transactions by their hashes; what is not at hand is named in `notfound`. They come with their
   * witnesses also where these were not asked for (BIP 144): nobody can check a spend here without.
   */
  data(peer: SyncPeer, requested: readonly Inventory[]): void {
    const items: ServedItem[] = [];
    const notFound: Inventory[] = [];
    for (const item of requested) {
      const served = this.#served(peer, item);
      if (served === undefined) notFound.push(item);
      else items.push(served);
      if (served?.kind === 'block' && this.#isLastOfHashes(peer, item)) items.push(this.#tipAnnounced());
    }
    if (notFound.length > 0) items.push({ kind: 'message', message: { type: 'notfound', items: notFound } });
    if (items.length > 0) this.#context.emit({ type: 'serve', peer: peer.facts.id, items });
  }

  #served(peer: SyncPeer, item: Inventory): ServedItem | undefined {
    switch (item.kind) {
      case INVENTORY.block:
      case INVENTORY.witnessBlock: {
        const entry = this.#context.chain.entry(item.hash);
        return entry && this.#mayServe(entry) ? { kind: 'block', item } : undefined;
      }
      case INVENTORY.transaction:
      case INVENTORY.witnessTransaction: {
        const entry = this.#context.mempool.get(hashKey(item.hash));
        if (entry === undefined || !this.#mayHave(peer, entry.arrival)) return undefined;
        return { kind: 'transaction', item };
      }
      default:
        return undefined;
    }
  }

  #isLastOfHashes(peer: SyncPeer, { hash }: Inventory): boolean {
    if (peer.lastOfHashes?.key !== hashKey(hash)) return false;
    peer.lastOfHashes = undefined;
    return true;
  }

  #tipAnnounced(): ServedItem {
    const items = [{ kind: INVENTORY.block, hash: this.#context.chain.tip.hash }];
    return { kind: 'message', message: { type: 'inv', items } };
  }

  /** Blocks that are or were on the best chain: what was never tried may be junk, and tells who we are. */
  #mayServe(entry: BlockEntry): boolean {
    return isStored(entry) && (entry.status === 'valid' || this.#context.chain.isOnBestChain(entry));
  }

  #headerAt(hash: Hash): BlockEntry[] {
    const entry = this.#context.chain.entry(hash);
    return entry !== undefined && this.#mayServe(entry) ? [entry] : [];
  }

  #following(locator: readonly Hash[], stop: Hash, most: number): BlockEntry[] {
    const { chain } = this.#context;
    const stopKey = hashKey(stop);
    const entries: BlockEntry[] = [];
    const first = forkOfLocator(chain, locator).height + 1;
    for (let height = first; height < first + most; height++) {
      const entry = chain.entryAt(height);
      if (entry === undefined) break;
      entries.push(entry);
      if (entry.key === stopKey) break;
    }
    return entries;
  }
}
