import { type Block, blockTotalSize, encodeBlock } from '../../protocol/block.ts';
import { equalBytes } from '../../protocol/bytes.ts';
import { checkBlockContext, checkBlockSteps } from '../../protocol/check-block.ts';
import { checkHeaderContext } from '../../protocol/check-header.ts';
import type { Coin, Undo } from '../../protocol/coins.ts';
import type { IsVerified } from '../../protocol/connect.ts';
import { blockHash, type Header } from '../../protocol/header.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { nextBits } from '../../protocol/retarget.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Verify } from '../../protocol/signature.ts';
import { type OutPoint, outPointKey } from '../../protocol/transaction.ts';
import type { Bits, Hash, Height } from '../../protocol/units.ts';
import type { Database } from '../../service/database.ts';
import type { Logger } from '../../service/log.ts';
import { inSlices } from '../../service/time-slice.ts';
import type { Clock } from '../clock.ts';
import { LocalSignatureChecks, type SignatureChecks } from '../signatures/signature-checks.ts';
import { findTransaction } from '../storage/transactions-table.ts';
import {
  type AcceptOptions,
  type AcceptResult,
  asRuleError,
  type HeaderResult,
  type HeadersResult,
} from './acceptance.ts';
import { Activation } from './activation.ts';
import { ActiveChain } from './active-chain.ts';
import type { BlockEntry, BlockIndex, IndexedBlock } from './block-index.ts';
import { Branches } from './branches.ts';
import { type ChainTip, chainTips } from './chain-tips.ts';
import { CoinsCache } from './coins-cache.ts';
import { type ChainEvents, type ChainListener, Followers } from './followers.ts';
import { HeaderIntake } from './header-intake.ts';
import { HeldBlocks } from './held-blocks.ts';
import { Lock } from './lock.ts';
import { openIndex } from './stored-chain.ts';
import { type ChainCheck, type CheckLevel, verifyChain } from './verify-chain.ts';

export { IdentityError } from '../storage/identity.ts';
export type {
  AcceptOptions,
  AcceptOutcome,
  AcceptResult,
  HeaderResult,
  HeadersResult,
} from './acceptance.ts';
export type { BlockEntry, BlockStatus } from './block-index.ts';
export type { ChainTip } from './chain-tips.ts';
export type { ChainEvents, ChainListener, ChainStep } from './followers.ts';

export interface ChainOptions {
  /** From `openNodeDatabase`; the chain does not close it. */
  readonly database: Database;
  readonly profile: NetworkProfile;
  readonly verify: Verify;
  /** Who checks the signatures of blocks; default: this thread, with `verify`. */
  readonly signatures?: SignatureChecks;
  /** Transactions whose signatures are known to be right, as of those the mempool took. */
  readonly isVerified?: IsVerified;
  readonly clock: Clock;
  readonly log: Logger;
  /** Memory for coins and database pages, in MB; three quarters of it are for coins. */
  readonly dbCacheMb: number;
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
  readonly #activation: Activation;
  readonly #headers: HeaderIntake;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #followers: Followers;
  readonly #verify: Verify;
  readonly #held = new HeldBlocks();
  readonly #lock = new Lock();
  #heldTimer: NodeJS.Timeout | undefined;
  /** Why no change is made any more. */
  #failure: unknown;

  private constructor(options: ChainOptions, index: BlockIndex) {
    const { database, profile, verify, isVerified, clock, dbCacheMb } = options;
    const log = options.log.child({ name: 'chain' });
    const branches = new Branches(index);
    const followers = new Followers(log);
    const cache = new CoinsCache(dbCacheMb * COIN_BYTES_PER_MB);
    const signatures = options.signatures ?? new LocalSignatureChecks(verify);
    const active = new ActiveChain({ database, index, cache, profile, signatures, isVerified });
    this.profile = profile;
    this.#index = index;
    this.#branches = branches;
    this.#active = active;
    this.#activation = new Activation({ index, branches, active, followers, log });
    this.#headers = new HeaderIntake({ index, profile, clock, onNew: (entry) => this.#onNewHeader(entry) });
    this.#database = database;
    this.#clock = clock;
    this.#log = log;
    this.#followers = followers;
    this.#verify = verify;
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
    await chain.#lock.run(() => chain.#alter(() => chain.#activation.run(true)));
    return chain;
  }

  /** The last block of the best chain. */
  get tip(): BlockEntry {
    return this.#index.tip;
  }

  /**
   * Resolves when a reorganisation that is half-way has ended; undefined when the best chain stands. Who answers
   * others waits for it, so that they never see a tip of less work than the one before.
   */
  get crossing(): Promise<void> | undefined {
    return this.#activation.crossing;
  }

  /**
   * The header with the most work of those that are not known to be invalid. Where it is not on the best
   * chain, blocks are missing: those between with a `transactionCount` of 0.
   */
  get bestHeader(): BlockEntry {
    return this.#branches.bestHeader;
  }

  /** Number of blocks of which only the header is known. */
  get missingBlocks(): number {
    return this.#index.missing;
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

  /** The block at `height` of the branch that ends in `entry`, found in few steps however far down. */
  ancestor(entry: BlockEntry, height: Height): BlockEntry | undefined {
    return this.#index.ancestor(entry, height);
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
  acceptHeader(header: Header, { durable = true }: AcceptOptions = {}): Promise<HeaderResult> {
    return this.#lock.run(() =>
      this.#alter(async () => {
        const result = this.#headers.accept(header);
        await this.#activation.write(durable);
        return result;
      }),
    );
  }

  /**
   * Takes in headers one after the other, each of which may follow the one before it, until one is refused.
   * The event loop turns in between.
   */
  acceptHeaders(headers: readonly Header[], { durable = true }: AcceptOptions = {}): Promise<HeadersResult> {
    return this.#lock.run(() =>
      this.#alter(async () => {
        const result = await this.#headers.acceptAll(headers);
        await this.#activation.write(durable);
        return result;
      }),
    );
  }

  /**
   * Treats a block as if it broke a rule: it and all that stand on it leave the best chain and do not come
   * back before `reconsider`, also after a restart. Source: Bitcoin Core, Chainstate::InvalidateBlock.
   * @throws RangeError for the genesis block
   */
  invalidate(entry: BlockEntry): Promise<void> {
    return this.#change(entry, async (block) => {
      if (block.parent === undefined) throw new RangeError('the genesis block cannot be invalid');
      await this.#alter(() => this.#activation.exclude(block));
    });
  }

  /**
   * Forgets that a block, its ancestors and what stands on it were found or said to be invalid; what of them
   * is the best branch is tried again. Source: Bitcoin Core, Chainstate::ResetBlockFailureFlags.
   */
  reconsider(entry: BlockEntry): Promise<void> {
    return this.#change(entry, (block) => this.#alter(() => this.#activation.readmit(block)));
  }

  /**
   * Prefers a block to others of the same work, as if it had been seen before them, until another one is
   * preferred. Source: Bitcoin Core, Chainstate::PreciousBlock; here it outlives a restart.
   */
  prefer(entry: BlockEntry): Promise<void> {
    return this.#change(entry, (block) => this.#alter(() => this.#activation.prefer(block)));
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
      await inSlices(checkBlockSteps(block));
      checkBlockContext(block, tip.height + 1, tip.medianTime, this.profile);
      await this.#active.check(block);
    });
  }

  /**
   * Checks the last `depth` blocks again as they are stored, and logs what is wrong (`verifychain`). No block is
   * taken in meanwhile; reading goes on.
   */
  async recheck(options: { readonly level: CheckLevel; readonly depth: number }): Promise<ChainCheck> {
    const check = await this.#lock.run(() =>
      verifyChain(
        {
          profile: this.profile,
          tip: this.tip,
          verify: this.#verify,
          body: ({ hash }) => this.readBlock(hash),
          undo: ({ hash }) => this.readUndo(hash),
          coins: (keys) => this.#active.coins(keys),
        },
        options,
      ),
    );
    if (check.fault !== undefined) this.#log.error({ fault: check.fault }, 'the stored chain is damaged');
    return check;
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
    const junk = this.#headers.junk(header);
    if (junk !== undefined) return { outcome: 'invalid', error: junk };
    const parent = this.#index.get(header.previous);
    if (parent === undefined) return { outcome: 'orphan' };

    const wrongHeader = known === undefined ? this.#headers.misplaced(header, parent) : undefined;
    if (wrongHeader !== undefined && wrongHeader.code !== 'time-too-new') {
      return { outcome: 'invalid', error: wrongHeader };
    }
    const wrongBody = await this.#bodyFault(block, parent);
    // A bad delivery is not a bad block: nothing is remembered of it.
    if (wrongBody?.mutated) return { outcome: 'invalid', error: wrongBody };
    if (wrongHeader !== undefined) {
      if (wrongBody !== undefined) return { outcome: 'invalid', error: wrongBody };
      this.#hold(block);
      return { outcome: 'held', error: wrongHeader };
    }
    return this.#alter(async () => {
      const entry = known ?? this.#headers.add(header);
      if (wrongBody === undefined) return this.#store(entry, block, durable, bytes);
      this.#activation.invalidate(entry, wrongBody);
      await this.#activation.write(durable);
      return { outcome: 'invalid', error: wrongBody, entry };
    });
  }

  /** Why a block with this parent is invalid whatever coins there are, if it is. */
  async #bodyFault(block: Block, parent: BlockEntry): Promise<RuleError | undefined> {
    try {
      await inSlices(checkBlockSteps(block));
      checkBlockContext(block, parent.height + 1, parent.medianTime, this.profile);
      return undefined;
    } catch (error) {
      return asRuleError(error);
    }
  }

  #onNewHeader(entry: IndexedBlock): void {
    this.#branches.addHeader(entry);
    this.#active.batch.addBlock(entry);
  }

  #change(entry: BlockEntry, work: (block: IndexedBlock) => Promise<void>): Promise<void> {
    return this.#lock.run(async () => {
      const block = this.#index.byId(entry.id);
      if (block !== entry) throw new Error('an entry of another chain');
      await work(block);
    });
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
    const failures = await this.#activation.run(durable, { entry, block });
    if (this.#index.isOnBestChain(entry)) return { outcome: 'connected', entry };
    // Trying its branch may have shown that the block, or one below it, is invalid.
    if (entry.status !== 'invalid') return { outcome: 'side-branch', entry };
    const error = failures.get(entry) ?? new RuleError('bad-prevblk', 'a block below it is invalid');
    return { outcome: 'invalid', error, entry };
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
      void this.#followers.tell('failed', error);
      throw error;
    }
  }
}
