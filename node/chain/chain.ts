import { type Block, blockTotalSize, encodeBlock } from '../../protocol/block.ts';
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import { checkBlock, checkBlockContext } from '../../protocol/check-block.ts';
import { checkHeader, checkHeaderContext } from '../../protocol/check-header.ts';
import type { Coin, Undo } from '../../protocol/coins.ts';
import type { IsVerified } from '../../protocol/connect.ts';
import { blockHash, encodeHeader, type Header } from '../../protocol/header.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { nextBits } from '../../protocol/retarget.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Verify } from '../../protocol/signature.ts';
import { type OutPoint, outPointKey } from '../../protocol/transaction.ts';
import type { Bits, Hash, Height } from '../../protocol/units.ts';
import type { Database } from '../../service/database.ts';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';
import { findTransaction } from '../storage/transactions-table.ts';
import {
  type AcceptOptions,
  type AcceptResult,
  asRuleError,
  faultOf,
  type HeaderResult,
} from './acceptance.ts';
import { ActiveChain } from './active-chain.ts';
import type { BlockEntry, BlockIndex, IndexedBlock } from './block-index.ts';
import { Branches } from './branches.ts';
import { type ChainTip, chainTips } from './chain-tips.ts';
import { CoinsCache } from './coins-cache.ts';
import { type ChainEvents, type ChainListener, Followers } from './followers.ts';
import { HeldBlocks } from './held-blocks.ts';
import { Lock } from './lock.ts';
import { openIndex } from './stored-chain.ts';

export { IdentityError } from '../storage/identity.ts';
export type { AcceptOptions, AcceptOutcome, AcceptResult, HeaderResult } from './acceptance.ts';
export type { BlockEntry, BlockStatus } from './block-index.ts';
export type { ChainTip } from './chain-tips.ts';
export type { ChainEvents, ChainListener, ChainStep } from './followers.ts';

export interface ChainOptions {
  /** From `openNodeDatabase`; the chain does not close it. */
  readonly database: Database;
  readonly profile: NetworkProfile;
  readonly verify: Verify;
  /** Transactions whose signatures are known to be right, as of those the mempool took. */
  readonly isVerified?: IsVerified;
  readonly clock: Clock;
  readonly log: Logger;
  /** Memory for coins and database pages, in MB; three quarters of it are for coins. */
  readonly dbCacheMb: number;
}

/** A block that has just come, so that it need not be read back. */
interface Fresh {
  readonly entry: IndexedBlock;
  readonly block: Block;
}

const COIN_BYTES_PER_MB = 0.75 * 1024 * 1024;
/** How often blocks from the future are looked at. */
const HELD_INTERVAL_MS = 1_000;

/**
 * The chain of blocks: takes blocks in whatever order they come, keeps the branch with the most work as the
 * best chain, and tells its followers of every step. One change at a time; reading never waits for a change.
 */
export class Chain {
  readonly profile: NetworkProfile;
  readonly #index: BlockIndex;
  readonly #branches: Branches;
  readonly #active: ActiveChain;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #followers: Followers;
  readonly #held = new HeldBlocks();
  readonly #lock = new Lock();
  #heldTimer: NodeJS.Timeout | undefined;
  /** Why no change is made any more. */
  #failure: unknown;

  private constructor(options: ChainOptions, index: BlockIndex) {
    const { database, profile, verify, isVerified, dbCacheMb } = options;
    this.profile = profile;
    this.#index = index;
    this.#branches = new Branches(index);
    const cache = new CoinsCache(dbCacheMb * COIN_BYTES_PER_MB);
    this.#active = new ActiveChain({ database, index, cache, profile, verify, isVerified });
    this.#database = database;
    this.#clock = options.clock;
    this.#log = options.log.child({ name: 'chain' });
    this.#followers = new Followers(this.#log);
  }

  /**
   * Opens the chain of a database, beginning it with the genesis block if the database is new. A change that
   * a crash interrupted between two steps is carried on.
   * @throws IdentityError when the database holds the chain of another network
   * @throws DatabaseError when it is damaged; the message says what and what to do
   */
  static async open(options: ChainOptions): Promise<Chain> {
    const index = await openIndex(options.database, options.profile);
    const chain = new Chain(options, index);
    await chain.#lock.run(() => chain.#alter(() => chain.#activate(true)));
    return chain;
  }

  /** The last block of the best chain. */
  get tip(): BlockEntry {
    return this.#index.tip;
  }

  /** What is known of a block on whatever branch. */
  entry(hash: Hash): BlockEntry | undefined {
    return this.#index.get(hash);
  }

  /** The block of the best chain at a height. */
  entryAt(height: Height): BlockEntry | undefined {
    return this.#index.at(height);
  }

  isOnBestChain(entry: BlockEntry): boolean {
    return this.#index.isOnBestChain(entry);
  }

  /** The ends of all branches, the best chain's first (`getchaintips`). */
  tips(): ChainTip[] {
    return chainTips(this.#index);
  }

  /** Bits a block with this time on the tip must have. */
  nextBits(timeSeconds: number): Bits {
    return nextBits(this.#index.window(this.#index.tip), this.profile, timeSeconds);
  }

  /** A block as it came over the wire, if its transactions are known. */
  async readBlock(hash: Hash): Promise<Uint8Array | undefined> {
    const entry = this.#index.get(hash);
    return entry && this.#active.body(entry);
  }

  /** The coins a block spent, if it is or was on the best chain; the genesis block spends none. */
  async readUndo(hash: Hash): Promise<Undo | undefined> {
    const entry = this.#index.get(hash);
    return entry?.status === 'valid' && entry.height > 0 ? this.#active.undo(entry) : undefined;
  }

  /** An unspent coin of the best chain. */
  async coin(outPoint: OutPoint): Promise<Coin | undefined> {
    return (await this.coins([outPoint]))[0];
  }

  /** The unspent coins at these outpoints, in their order: one query for all that are not in memory. */
  coins(outPoints: readonly OutPoint[]): Promise<(Coin | undefined)[]> {
    return this.#active.coins(outPoints.map(outPointKey));
  }

  /** Where a transaction stands on the best chain, as of the tip that was written last. */
  async transactionBlock(
    txid: Hash,
  ): Promise<{ blockHash: Hash; height: Height; position: number } | undefined> {
    const place = await findTransaction(this.#database, txid);
    if (place === undefined) return undefined;
    const { tipId, height, position } = place;
    const tip = this.#index.byId(tipId);
    const block = tip && this.#index.ancestor(tip, height);
    return block && { blockHash: block.hash, height, position };
  }

  /**
   * Adds a follower. It is told in order and waited for while the chain is locked, so it may read the chain
   * but must not wait for a change of it. Returns the function that removes it.
   */
  on<Name extends keyof ChainEvents>(name: Name, listener: ChainListener<Name>): () => void {
    return this.#followers.on(name, listener);
  }

  /**
   * Takes in a block: checks it, stores it, and moves the best chain if that is due. Calls are worked off one
   * after the other.
   * @throws DatabaseError when the disk fails; the chain refuses all changes from then on
   */
  accept(block: Block, options: AcceptOptions = {}): Promise<AcceptResult> {
    return this.#lock.run(() => this.#accept(block, options));
  }

  /** Takes in a header without its transactions: its block can join the best chain once they have come. */
  acceptHeader(header: Header, options: AcceptOptions = {}): Promise<HeaderResult> {
    return this.#lock.run(async () => {
      const known = this.#index.get(blockHash(header));
      if (known !== undefined) {
        return { outcome: known.status === 'invalid' ? 'duplicate-invalid' : 'duplicate', entry: known };
      }
      const junk = faultOf(() => checkHeader(header, this.profile));
      if (junk !== undefined) return { outcome: 'invalid', error: junk };
      const parent = this.#index.get(header.previous);
      if (parent === undefined) return { outcome: 'orphan' };
      const error = this.#misplaced(header, parent);
      if (error !== undefined) return { outcome: 'invalid', error };
      return this.#alter(async () => {
        const entry = this.#addHeader(header);
        await this.#write(options.durable ?? true);
        return { outcome: 'stored', entry };
      });
    });
  }

  /**
   * Checks a block as if it came now and followed the tip, all but its proof of work; nothing is stored
   * (`getblocktemplate` in proposal mode, Core's `TestBlockValidity`).
   * @throws RuleError
   */
  proposal(block: Block): Promise<void> {
    return this.#lock.run(async () => {
      const { tip } = this.#index;
      if (!equalBytes(block.header.previous, tip.hash)) {
        throw new RuleError('prev-blk-not-found', 'the proposed block does not follow the tip');
      }
      checkHeaderContext(block.header, this.#index.window(tip), this.profile, this.#clock.nowSeconds());
      checkBlock(block);
      checkBlockContext(block, tip.height + 1, tip.medianTime, this.profile);
      await this.#active.check(block);
    });
  }

  /** Tries the blocks again that were held because of their time, as far as the clock allows by now. */
  async retryHeld(): Promise<AcceptResult[]> {
    const due = this.#held.takeUntil(this.#clock.nowSeconds() + this.profile.futureLimitSeconds);
    const results: AcceptResult[] = [];
    for (const block of due) results.push(await this.accept(block));
    return results;
  }

  /** Writes what was accepted without being durable; resolves when it is on disk. */
  flush(): Promise<void> {
    return this.#lock.run(() => this.#alter(() => this.#active.commit()));
  }

  /** Finishes what is under way, writes the rest and refuses every change from then on. */
  async close(): Promise<void> {
    clearInterval(this.#heldTimer);
    await this.#lock.run(async () => {
      if (this.#failure === undefined) await this.#alter(() => this.#active.commit());
      this.#failure ??= new Error('the chain is closed');
    });
  }

  async #accept(block: Block, { durable = true, bytes }: AcceptOptions): Promise<AcceptResult> {
    if (bytes !== undefined && bytes.length !== blockTotalSize(block)) {
      throw new RangeError('the bytes are not those of the block');
    }
    const { header } = block;
    const known = this.#index.get(blockHash(header));
    if (known?.status === 'invalid') return { outcome: 'duplicate-invalid', entry: known };
    if (known !== undefined && known.transactionCount > 0) return { outcome: 'duplicate', entry: known };
    const junk = faultOf(() => checkHeader(header, this.profile));
    if (junk !== undefined) return { outcome: 'invalid', error: junk };
    const parent = this.#index.get(header.previous);
    if (parent === undefined) return { outcome: 'orphan' };

    const wrongHeader = known === undefined ? this.#misplaced(header, parent) : undefined;
    if (wrongHeader !== undefined && wrongHeader.code !== 'time-too-new') {
      return { outcome: 'invalid', error: wrongHeader };
    }
    const wrongBody = faultOf(() => {
      checkBlock(block);
      checkBlockContext(block, parent.height + 1, parent.medianTime, this.profile);
    });
    // A bad delivery is not a bad block: nothing is remembered of it.
    if (wrongBody?.mutated) return { outcome: 'invalid', error: wrongBody };
    if (wrongHeader !== undefined) {
      if (wrongBody !== undefined) return { outcome: 'invalid', error: wrongBody };
      this.#hold(block);
      return { outcome: 'held', error: wrongHeader };
    }
    return this.#alter(async () => {
      const entry = known ?? this.#addHeader(header);
      if (wrongBody === undefined) return this.#store(entry, block, durable, bytes);
      this.#invalidate(entry, wrongBody);
      await this.#write(durable);
      return { outcome: 'invalid', error: wrongBody, entry };
    });
  }

  /** Why a header cannot follow this parent, if it cannot. What fails up to here is never stored: junk fills no disk. */
  #misplaced(header: Header, parent: IndexedBlock): RuleError | undefined {
    if (parent.status === 'invalid') return new RuleError('bad-prevblk');
    const window = this.#index.window(parent);
    return faultOf(() => checkHeaderContext(header, window, this.profile, this.#clock.nowSeconds()));
  }

  #addHeader(header: Header): IndexedBlock {
    const facts = { id: this.#index.nextId, status: 'header', sequence: 0, transactionCount: 0 } as const;
    const entry = this.#index.add(encodeHeader(header), facts);
    this.#active.batch.addBlock(entry);
    return entry;
  }

  async #store(
    entry: IndexedBlock,
    block: Block,
    durable: boolean,
    bytes: Uint8Array = encodeBlock(block),
  ): Promise<AcceptResult> {
    const linked = this.#branches.store(entry, block.transactions.length);
    this.#active.batch.addBody(entry, bytes);
    for (const each of linked) this.#active.batch.changeBlock(each);
    const failures = await this.#activate(durable, { entry, block });
    if (this.#index.isOnBestChain(entry)) return { outcome: 'connected', entry };
    // Trying its branch may have shown that the block, or one below it, is invalid.
    if (entry.status !== 'invalid') return { outcome: 'side-branch', entry };
    const error = failures.get(entry) ?? new RuleError('bad-prevblk', 'a block below it is invalid');
    return { outcome: 'invalid', error, entry };
  }

  /**
   * Makes the best branch the best chain, step by step. A branch that turns out to be invalid is marked, and
   * the next best one takes its place.
   * @param fresh a block that is at hand
   * @returns the blocks that broke a rule, with the rule
   */
  async #activate(durable: boolean, fresh?: Fresh): Promise<ReadonlyMap<BlockEntry, RuleError>> {
    const failures = new Map<BlockEntry, RuleError>();
    let moved = false;
    for (let best = this.#branches.best(); best !== this.#index.tip; best = this.#branches.best()) {
      this.#branches.keepTip();
      if (await this.#moveTo(best, durable, fresh, failures)) moved = true;
    }
    this.#branches.settle();
    await this.#write(durable);
    // Also where a branch failed and the tip is the old one again: followers were told of the way there and back.
    if (moved) await this.#followers.tell('tip', this.#index.tip);
    return failures;
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
    for (let back = 0; back < depth; back++) {
      await this.#followers.tell('disconnected', await this.#active.disconnect(durable));
    }
    for (const entry of path) {
      const block = fresh?.entry === entry ? fresh.block : undefined;
      const step = await this.#active.connect(entry, durable, block).catch(asRuleError);
      if (step instanceof RuleError) {
        failures.set(entry, step);
        this.#invalidate(entry, step);
        return depth > 0 || entry !== path[0];
      }
      await this.#followers.tell('connected', step);
    }
    return true;
  }

  #invalidate(entry: IndexedBlock, error: RuleError): void {
    const { hash, height } = entry;
    this.#log.warn({ hash: displayHash(hash), height, reason: error.message }, 'a block breaks a rule');
    for (const marked of this.#branches.invalidate(entry)) this.#active.batch.changeBlock(marked);
  }

  async #write(durable: boolean): Promise<void> {
    if (durable) await this.#active.commit();
    else if (this.#active.batch.isFull) await this.#active.beginCommit();
  }

  #hold(block: Block): void {
    this.#held.add(block);
    this.#heldTimer ??= setInterval(() => {
      this.retryHeld().catch((error: unknown) => {
        this.#log.error({ err: error }, 'held blocks could not be tried again');
      });
    }, HELD_INTERVAL_MS).unref();
  }

  /** Runs what changes the chain. If it fails half-way, memory and disk may differ: no change is made after it. */
  async #alter<T>(change: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await change();
    } catch (error) {
      this.#failure = error;
      this.#log.fatal({ err: error }, 'the chain stands still: restart the node when the cause is gone');
      throw error;
    }
  }
}
