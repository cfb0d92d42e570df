import type { Block } from '../../protocol/block.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Logger } from '../../service/log.ts';
import { asRuleError } from './acceptance.ts';
import type { ActiveChain } from './active-chain.ts';
import type { BlockEntry, BlockIndex, IndexedBlock } from './block-index.ts';
import type { Branches } from './branches.ts';
import { Crossing } from './crossing.ts';
import type { Followers } from './followers.ts';

/** A block that has just come, so that it need not be read back. */
export interface Fresh {
  readonly entry: IndexedBlock;
  readonly block: Block;
}

/** Moves the best chain to where it should be, step by step, and tells the followers of every step. */
export class Activation {
  readonly #index: BlockIndex;
  readonly #branches: Branches;
  readonly #active: ActiveChain;
  readonly #followers: Followers;
  readonly #log: Logger;
  readonly #crossing = new Crossing();

  constructor(parts: {
    index: BlockIndex;
    branches: Branches;
    active: ActiveChain;
    followers: Followers;
    log: Logger;
  }) {
    this.#index = parts.index;
    this.#branches = parts.branches;
    this.#active = parts.active;
    this.#followers = parts.followers;
    this.#log = parts.log;
  }

  /** Resolves when a reorganisation that is half-way has ended; undefined when the best chain stands. */
  get crossing(): Promise<void> | undefined {
    return this.#crossing.done;
  }

  /**
   * Makes the best branch the best chain. A branch that turns out to be invalid is marked, and the next best
   * one takes its place.
   * @param fresh a block that is at hand
   * @returns the blocks that broke a rule, with the rule
   */
  run(durable: boolean, fresh?: Fresh): Promise<ReadonlyMap<BlockEntry, RuleError>> {
    return this.#cross(() => this.#run(durable, false, fresh));
  }

  /** Steps back that `work` makes are seen only together with what follows them. */
  async #cross<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.#crossing.end();
    }
  }

  async #run(
    durable: boolean,
    hasMoved: boolean,
    fresh?: Fresh,
  ): Promise<ReadonlyMap<BlockEntry, RuleError>> {
    const failures = new Map<BlockEntry, RuleError>();
    let moved = hasMoved;
    for (let best = this.#branches.best(); best !== this.#index.tip; best = this.#branches.best()) {
      this.#branches.keepTip();
      if (await this.#moveTo(best, durable, fresh, failures)) moved = true;
    }
    this.#branches.settle();
    await this.write(durable);
    // Also where a branch failed and the tip is the old one again: followers were told of the way there and back.
    if (moved) await this.#followers.tell('tip', this.#index.tip);
    return failures;
  }

  /**
   * Takes a block, and all that stand on it, off the best chain for good, if it is there, and marks them.
   * The best of what is left becomes the best chain.
   */
  exclude(entry: IndexedBlock): Promise<void> {
    return this.#cross(() => this.#exclude(entry));
  }

  async #exclude(entry: IndexedBlock): Promise<void> {
    const wasActive = this.#index.isOnBestChain(entry);
    while (this.#index.isOnBestChain(entry)) await this.#stepBack(true);
    for (const marked of this.#branches.invalidate(entry)) this.#active.batch.changeBlock(marked);
    this.#branches.review();
    await this.#run(true, wasActive);
  }

  /** Takes back what is marked of a block, its ancestors and what stands on it, and tries the best branch. */
  async readmit(entry: IndexedBlock): Promise<void> {
    const doubted = this.#branches.doubted(entry);
    const wereActive = await this.#active.withUndo(doubted);
    for (const block of doubted) {
      block.status = wereActive.has(block) ? 'valid' : block.transactionCount > 0 ? 'stored' : 'header';
      this.#active.batch.changeBlock(block);
    }
    this.#branches.review();
    await this.run(true);
  }

  /** Counts a block as the first seen of its work, which may make it the tip. */
  async prefer(entry: IndexedBlock): Promise<void> {
    if (this.#branches.prefer(entry)) this.#active.batch.changeBlock(entry);
    await this.run(true);
  }

  /** Marks a block that breaks a rule, and all that stand on it. */
  invalidate(entry: IndexedBlock, error: RuleError): void {
    const { hash, height } = entry;
    this.#log.warn({ hash: displayHash(hash), height, reason: error.message }, 'a block breaks a rule');
    for (const marked of this.#branches.invalidate(entry)) this.#active.batch.changeBlock(marked);
  }

  /** Sees to it that what has changed is on the disk, or will be before too much of it has gathered. */
  async write(durable: boolean): Promise<void> {
    if (durable) await this.#active.commit();
    else if (this.#active.batch.isFull) await this.#active.beginCommit();
  }

  /** Goes back to the fork and forward to `target`, or as far as the rules allow; whether there was any step. */
  async #moveTo(
    target: IndexedBlock,
    durable: boolean,
    fresh: Fresh | undefined,
    failures: Map<BlockEntry, RuleError>,
  ): Promise<boolean> {
    const { tip } = this.#index;
    const path = this.#index.path(target);
    const depth = tip.height - (target.height - path.length);
    if (depth > 0) {
      const branches = { from: displayHash(tip.hash), to: displayHash(target.hash) };
      this.#log.info({ depth, length: path.length, ...branches }, 'reorganisation');
    }
    for (let back = 0; back < depth; back++) await this.#stepBack(durable);
    for (const entry of path) {
      const block = fresh?.entry === entry ? fresh.block : undefined;
      const step = await this.#active.connect(entry, durable, block).catch(asRuleError);
      if (step instanceof RuleError) {
        failures.set(entry, step);
        this.invalidate(entry, step);
        return depth > 0 || entry !== path[0];
      }
      await this.#followers.tell('connected', step);
    }
    return true;
  }

  async #stepBack(durable: boolean): Promise<void> {
    this.#crossing.begin();
    await this.#followers.tell('disconnected', await this.#active.disconnect(durable));
  }
}
