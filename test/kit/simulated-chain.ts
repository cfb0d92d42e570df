/** A chain in memory that keeps the rules for headers and lets a test say which blocks are invalid. */

import type { AcceptOutcome, HeadersResult } from '../../node/chain/acceptance.ts';
import { type BlockEntry, BlockIndex } from '../../node/chain/block-index.ts';
import { Branches } from '../../node/chain/branches.ts';
import { HeaderIntake } from '../../node/chain/header-intake.ts';
import type { Clock } from '../../node/clock.ts';
import type { ChainView } from '../../node/sync/chain-view.ts';
import { encodeBlock } from '../../protocol/block.ts';
import { hashKey } from '../../protocol/bytes.ts';
import type { Header } from '../../protocol/header.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { ChainKit, KitBlock } from './chain-kit.ts';

/** All blocks that a test has made, with their bytes: simulated nodes pass them around without decoding them. */
export class BlockStore {
  readonly kit: ChainKit;
  readonly #blocks = new Map<string, { readonly made: KitBlock; readonly bytes: Uint8Array }>();
  readonly #invalid = new Set<string>();

  constructor(kit: ChainKit) {
    this.kit = kit;
    this.add(kit.genesis);
  }

  add(made: KitBlock): KitBlock {
    this.#blocks.set(hashKey(made.hash), { made, bytes: encodeBlock(made.block) });
    return made;
  }

  /** Blocks on top of `parent`. */
  mine(parent: KitBlock, count: number): KitBlock[] {
    return this.kit.mineBlocks(parent, count).map((made) => this.add(made));
  }

  /** No chain accepts this block, though its header is good. */
  spoil(made: KitBlock): void {
    this.#invalid.add(hashKey(made.hash));
  }

  isSpoilt(hash: Hash): boolean {
    return this.#invalid.has(hashKey(hash));
  }

  has(hash: Hash): boolean {
    return this.#blocks.has(hashKey(hash));
  }

  get(hash: Hash): KitBlock {
    return this.#blocks.get(hashKey(hash))!.made;
  }

  bytes(hash: Hash): Uint8Array {
    return this.#blocks.get(hashKey(hash))!.bytes;
  }
}

/** The best chain of one simulated node. */
export class SimulatedChain implements ChainView {
  readonly profile: NetworkProfile;
  readonly #store: BlockStore;
  readonly #index = new BlockIndex();
  readonly #branches: Branches;
  readonly #headers: HeaderIntake;
  /** Blocks that joined the best chain and left it, in order. */
  readonly steps: { readonly joined: boolean; readonly entry: BlockEntry }[] = [];

  constructor(store: BlockStore, clock: Clock, profile: NetworkProfile = store.kit.profile) {
    this.profile = profile;
    this.#store = store;
    const genesis = this.#index.add(profile.genesis.header, {
      id: 1,
      status: 'valid',
      sequence: 1,
      transactionCount: 1,
    });
    this.#index.extend(genesis);
    this.#branches = new Branches(this.#index);
    const onNew = (entry: Parameters<Branches['addHeader']>[0]) => this.#branches.addHeader(entry);
    this.#headers = new HeaderIntake({ index: this.#index, profile, clock, onNew });
  }

  get tip(): BlockEntry {
    return this.#index.tip;
  }
  get bestHeader(): BlockEntry {
    return this.#branches.bestHeader;
  }
  get missingBlocks(): number {
    return this.#index.missing;
  }
  /** Headers that are known. */
  get size(): number {
    return this.#index.size;
  }
  entry(hash: Hash): BlockEntry | undefined {
    return this.#index.get(hash);
  }
  entryAt(height: Height): BlockEntry | undefined {
    return this.#index.at(height);
  }
  isOnBestChain(entry: BlockEntry): boolean {
    return this.#index.isOnBestChain(entry);
  }
  ancestor(entry: BlockEntry, height: Height): BlockEntry | undefined {
    return this.#index.ancestor(entry, height);
  }

  acceptHeaders(headers: readonly Header[]): HeadersResult {
    const entries: BlockEntry[] = [];
    for (const header of headers) {
      const result = this.#headers.accept(header);
      if (result.outcome !== 'stored' && result.outcome !== 'duplicate') {
        return { entries, stored: entries.length, refused: result };
      }
      entries.push(result.entry);
    }
    return { entries, stored: entries.length };
  }

  /** Takes in a block as `Chain.accept` does. */
  accept(hash: Hash): { readonly outcome: AcceptOutcome; readonly error?: RuleError } {
    const { block } = this.#store.get(hash);
    const known = this.#index.get(hash);
    if (known?.status === 'invalid') return { outcome: 'duplicate-invalid' };
    if (known !== undefined && known.transactionCount > 0) return { outcome: 'duplicate' };
    const { entries, refused } = this.acceptHeaders([block.header]);
    if (refused !== undefined) return refused.outcome === 'orphan' ? { outcome: 'orphan' } : invalid();
    const entry = this.#index.byId(entries[0]!.id)!;
    this.#branches.store(entry, block.transactions.length);
    const failed = this.#activate();
    if (this.isOnBestChain(entry)) return { outcome: 'connected' };
    if (entry.status !== 'invalid') return { outcome: 'side-branch' };
    return { outcome: 'invalid', error: new RuleError(failed === entry ? 'bad-cb-amount' : 'bad-prevblk') };
  }

  /** Returns the block that turned out to be invalid, if one did. */
  #activate(): BlockEntry | undefined {
    let failed: BlockEntry | undefined;
    for (let best = this.#branches.best(); best !== this.#index.tip; best = this.#branches.best()) {
      this.#branches.keepTip();
      const path = this.#index.path(best);
      const fork = best.height - path.length;
      while (this.tip.height > fork) {
        this.steps.push({ joined: false, entry: this.tip });
        this.#index.shrink();
      }
      for (const entry of path) {
        if (this.#store.isSpoilt(entry.hash)) {
          failed = entry;
          this.#branches.invalidate(entry);
          break;
        }
        entry.status = 'valid';
        this.#index.extend(entry);
        this.steps.push({ joined: true, entry });
      }
    }
    this.#branches.settle();
    return failed;
  }
}

function invalid(): { outcome: AcceptOutcome; error: RuleError } {
  return { outcome: 'invalid', error: new RuleError('bad-prevblk') };
}
