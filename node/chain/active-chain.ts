import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Block, decodeBlockSteps } from '../../protocol/block.ts';
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import { checkBlockSteps } from '../../protocol/check-block.ts';
import { CodecError } from '../../protocol/codec.ts';
import {
  blockKeys,
  blockKeysSteps,
  type Coin,
  type CoinView,
  type Undo,
  undoCodec,
} from '../../protocol/coins.ts';
import {
  applyConnectionSteps,
  type Connection,
  disconnectBlockSteps,
  type IsVerified,
  planConnectionSteps,
} from '../../protocol/connect.ts';
import { blockHash } from '../../protocol/header.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Database } from '../../service/database.ts';
import { inSlices, TimeSlice } from '../../service/time-slice.ts';
import type { Spend } from '../signatures/signature-batch.ts';
import type { SignatureChecks } from '../signatures/signature-checks.ts';
import { findUndo, readBody, readUndo } from '../storage/blocks-table.ts';
import { ChainBatch, type Verdict } from '../storage/chain-batch.ts';
import {
  type CoinChange,
  type CoinChanges,
  findCoins,
  type PlacedCoin,
  placeCoin,
  rowOf,
  transactionKey,
} from '../storage/coins-table.ts';
import { damaged } from '../storage/node-database.ts';
import { findPositions } from '../storage/transactions-table.ts';
import type { BlockIndex, IndexedBlock } from './block-index.ts';
import type { CoinsCache } from './coins-cache.ts';
import type { ChainStep } from './followers.ts';

interface Plan {
  readonly connection: Connection;
  /** What `connection` is to be applied to. */
  readonly staged: StagedCoins;
  /** The coins it spends, and the positions of all transactions they or new ones are made by. */
  readonly coins: ReadonlyMap<string, PlacedCoin>;
  readonly positions: ReadonlyMap<string, number>;
}

/** A block that breaks no rule. */
interface Judged extends Verdict {
  /** Those of the coins that it changes that are there before it. */
  readonly before: ReadonlyMap<string, PlacedCoin>;
  /** What becomes of the coins, once `coins` has worked it out. */
  readonly changes: CoinChanges;
}

/** Coins that are looked up together: unpacking more of them would hold the event loop for too long. */
const KEYS_PER_LOOK = 4_000;

/**
 * The best chain on disk and the coins as of its tip: moves one block forward or back at a time. A durable
 * step is on disk before anybody can see it; other steps gather and are written together, in order. Either
 * way the file always holds one whole state, so a crash costs at most the steps that were not durable.
 *
 * Not for use by two at once: the chain's lock is around it.
 */
export class ActiveChain {
  readonly #database: Database;
  readonly #index: BlockIndex;
  readonly #cache: CoinsCache;
  readonly #profile: NetworkProfile;
  readonly #signatures: SignatureChecks;
  readonly #isVerified: IsVerified | undefined;
  #batch = new ChainBatch();
  /** What is being written while the next batch gathers. */
  #writing: { readonly batch: ChainBatch; readonly done: Promise<void> } | undefined;

  constructor(parts: {
    database: Database;
    index: BlockIndex;
    cache: CoinsCache;
    profile: NetworkProfile;
    signatures: SignatureChecks;
    isVerified: IsVerified | undefined;
  }) {
    this.#database = parts.database;
    this.#index = parts.index;
    this.#cache = parts.cache;
    this.#profile = parts.profile;
    this.#signatures = parts.signatures;
    this.#isVerified = parts.isVerified;
  }

  /** Where changes of entries and new blocks are put down, to be written with the next step. */
  get batch(): ChainBatch {
    return this.#batch;
  }

  /**
   * Checks a block against the coins as if it were to follow the tip; nothing is changed.
   * @throws RuleError
   */
  async check(block: Block): Promise<void> {
    await this.#plan(block, this.#index.tip.height + 1);
  }

  /**
   * Makes a child of the tip the tip.
   * @param block the child's, if it is at hand
   * @throws RuleError when the block breaks a rule; nothing is changed then
   */
  async connect(entry: IndexedBlock, durable: boolean, block?: Block): Promise<ChainStep> {
    const whole = block ?? (await this.#readBlock(entry));
    return durable ? this.#connectOnDisk(entry, whole) : this.#connectInMemory(entry, whole);
  }

  /** To be written later. */
  async #connectInMemory(entry: IndexedBlock, block: Block): Promise<ChainStep> {
    const { step, before, coins } = await this.#judge(entry, block);
    const changes = await coins();
    await inSlices(this.#batch.connect(step));
    await this.#step(changes, before, false, () => this.#index.extend(entry));
    return step;
  }

  /** Checks and writes side by side: a broken rule takes the transaction back. */
  async #connectOnDisk(entry: IndexedBlock, block: Block): Promise<ChainStep> {
    await this.#settleCoins();
    const judging = this.#judge(entry, block);
    // A broken rule is not lost: the write waits for it and throws it.
    judging.catch(() => undefined);
    let cached: Promise<void> | undefined;
    await this.#database.transaction(async (statements) => {
      await this.#batch.writeWith(this.#database, statements, { block, entry }, judging);
      const { before, changes } = await judging;
      this.#cache.beginStep(changes, before);
      // Begins once the commit, which takes longer, is on its way to the disk.
      cached = nextTurn().then(() => inSlices(this.#cache.written(changes)));
    });
    await cached;
    this.#batch = new ChainBatch();
    this.#cache.endStep();
    this.#index.extend(entry);
    return (await judging).step;
  }

  /** @throws RuleError when the block breaks a rule; nothing is changed then */
  async #judge(entry: IndexedBlock, block: Block): Promise<Judged> {
    const { connection, staged, coins, positions } = await this.#plan(block, entry.height);
    entry.status = 'valid';
    return {
      step: { block, entry, undo: connection.undo, positions },
      before: coins,
      changes: staged.changes,
      coins: async () => {
        await inSlices(applyConnectionSteps(connection, staged));
        return staged.changes;
      },
    };
  }

  /** Makes the parent of the tip the tip. */
  async disconnect(durable: boolean): Promise<ChainStep> {
    const entry = this.#index.tip;
    // What is read here must be on disk: the block may have been connected a moment ago.
    await (this.#batch.hasConnected ? this.commit() : this.#written());
    const block = await this.#readBlock(entry);
    const undo = await this.undo(entry);
    const { spent, created } = await inSlices(blockKeysSteps(block));
    const sources = new Set(spent.flat().map(transactionKey));
    const positions = await findPositions(this.#database, [...sources]);
    for (const [key, position] of ownPositions(block)) positions.set(key, position);
    const coins = await this.#look(created.flat());
    const staged = new StagedCoins(coins, positions);
    await inSlices(disconnectBlockSteps(block, undo, staged));
    if (durable) await this.#settleCoins();
    const step = { block, entry, undo, positions };
    await inSlices(this.#batch.disconnect(step));
    await this.#step(staged.changes, coins, durable, () => this.#index.shrink());
    return step;
  }

  /** Writes what has gathered; resolves when it is on disk. */
  async commit(): Promise<void> {
    await this.beginCommit();
    await this.#written();
  }

  /** Begins to write what has gathered, once what is being written is on disk. */
  async beginCommit(): Promise<void> {
    await this.#written();
    if (this.#batch.isEmpty) return;
    const batch = this.#batch;
    this.#batch = new ChainBatch();
    const done = this.#write(batch, this.#cache.beginWrite()).then(() => inSlices(this.#cache.endWrite()));
    // A failure is not lost: the next write, `commit` included, waits for `done` first and throws it.
    done.catch(() => undefined);
    this.#writing = { batch, done };
  }

  async #written(): Promise<void> {
    await this.#writing?.done;
    this.#writing = undefined;
  }

  /** A block as it came over the wire. @throws DatabaseError if it is stored and missing */
  async body(entry: IndexedBlock): Promise<Uint8Array | undefined> {
    return entry.transactionCount === 0 ? undefined : this.#body(entry);
  }

  /** The coins that a block spent when it was connected. @throws DatabaseError if they are missing */
  async undo(entry: IndexedBlock): Promise<Undo> {
    const pending = this.#batch.undo(entry) ?? this.#writing?.batch.undo(entry);
    const bytes = pending ?? (await readUndo(this.#database, entry));
    try {
      return undoCodec.decode(bytes);
    } catch (error) {
      if (error instanceof CodecError) throw this.#damagedBlock(entry, error);
      throw error;
    }
  }

  /** Those of these blocks that were connected before, as the undo data on disk shows. */
  async withUndo(entries: readonly IndexedBlock[]): Promise<ReadonlySet<IndexedBlock>> {
    await this.commit();
    const ids = await findUndo(
      this.#database,
      entries.map(({ id }) => id),
    );
    return new Set(entries.filter(({ id }) => ids.has(id)));
  }

  /** The coins of these outpoints: from memory, the rest with one query. Up to `KEYS_PER_LOOK` as of one tip. */
  async coins(keys: readonly string[]): Promise<(Coin | undefined)[]> {
    const coins = await this.#look(keys);
    this.#cache.remember(coins);
    return keys.map((key) => coins.get(key));
  }

  /** What a block would do to the coins. @throws RuleError */
  async #plan(block: Block, height: number): Promise<Plan> {
    const { spent } = await inSlices(blockKeysSteps(block));
    const positions = ownPositions(block);
    const coins = await this.#look(spent.flat().filter((key) => !positions.has(transactionKey(key))));
    for (const [key, { position }] of coins) positions.set(transactionKey(key), position);
    const staged = new StagedCoins(coins, positions);
    const connection = await inSlices(planConnectionSteps(block, height, staged, this.#profile));
    await this.#checkSignatures(block, connection.undo);
    return { connection, staged, coins, positions };
  }

  /** As `verifySpends`, which throws for the first transaction whose signatures are wrong. */
  async #checkSignatures(block: Block, undo: Undo): Promise<void> {
    const spends: Spend[] = [];
    for (const [index, coins] of undo.spent.entries()) {
      const transaction = block.transactions[index + 1];
      if (transaction === undefined) throw new Error('more spends than transactions');
      if (this.#isVerified?.(transaction) !== true) spends.push({ transaction, coins });
    }
    const fault = (await this.#signatures.faultsOf(spends)).find((each) => each !== undefined);
    if (fault !== undefined) throw fault;
  }

  /** Looks coins up, in the table where they are not in memory: those that are unspent. */
  async #look(keys: readonly string[]): Promise<Map<string, PlacedCoin>> {
    if (keys.length <= KEYS_PER_LOOK) return this.#lookAtOnce(keys);
    const coins = new Map<string, PlacedCoin>();
    const slice = new TimeSlice();
    for (let start = 0; start < keys.length; start += KEYS_PER_LOOK) {
      const part = await this.#lookAtOnce(keys.slice(start, start + KEYS_PER_LOOK));
      for (const [key, coin] of part) coins.set(key, coin);
      if (slice.isUsedUp) await slice.renew();
    }
    return coins;
  }

  /** The same as of one moment. */
  async #lookAtOnce(keys: readonly string[]): Promise<Map<string, PlacedCoin>> {
    const read = new Map<string, PlacedCoin | undefined>();
    const watch = this.#cache.watch();
    try {
      for (;;) {
        for (const key of watch.take()) read.delete(key);
        // A second round is needed only for coins that changed, or had to make room, while the query ran.
        const missing = keys.filter((key) => !read.has(key) && !this.#cache.has(key));
        if (missing.length === 0) break;
        const found = await findCoins(this.#database, missing);
        for (const key of missing) read.set(key, found.get(key));
      }
    } finally {
      watch.end();
    }
    const coins = new Map<string, PlacedCoin>();
    for (const key of keys) {
      const coin = this.#cache.get(key) ?? read.get(key);
      if (coin !== undefined) coins.set(key, coin);
    }
    return coins;
  }

  /** @param before those of the changed coins that are there before the step */
  async #step(
    changes: CoinChanges,
    before: ReadonlyMap<string, PlacedCoin>,
    durable: boolean,
    move: () => void,
  ): Promise<void> {
    this.#cache.beginStep(changes, before);
    if (durable) {
      await this.#write(this.#batch, changes);
      this.#batch = new ChainBatch();
      await inSlices(this.#cache.written(changes));
    } else {
      await inSlices(this.#cache.change(changes));
    }
    this.#cache.endStep();
    move();
    if (!durable && (this.#cache.isFull || this.#batch.isFull)) await this.beginCommit();
  }

  /** Before a durable step the coins in memory are those on disk. */
  async #settleCoins(): Promise<void> {
    if (this.#cache.isDirty) await this.commit();
  }

  #write(batch: ChainBatch, coins: CoinChanges): Promise<void> {
    return this.#database.transaction((statements) => batch.write(this.#database, statements, coins));
  }

  async #body(entry: IndexedBlock): Promise<Uint8Array> {
    const pending = this.#batch.body(entry) ?? this.#writing?.batch.body(entry);
    return pending ?? readBody(this.#database, entry);
  }

  /** A stored block, checked once more by itself: a disk that forgets must not look like a broken rule. */
  async #readBlock(entry: IndexedBlock): Promise<Block> {
    const bytes = await this.#body(entry);
    try {
      const block = await inSlices(decodeBlockSteps(bytes));
      if (!equalBytes(blockHash(block.header), entry.hash)) throw new CodecError('its header is another one');
      await inSlices(checkBlockSteps(block));
      return block;
    } catch (error) {
      if (error instanceof CodecError || error instanceof RuleError) throw this.#damagedBlock(entry, error);
      throw error;
    }
  }

  #damagedBlock({ hash, height }: IndexedBlock, cause: Error): Error {
    return damaged(
      this.#database,
      `block ${displayHash(hash)} at height ${height} is not as stored: ${cause.message}`,
    );
  }
}

/** The positions of a block's transactions, by the keys of their txids. */
function ownPositions(block: Block): Map<string, number> {
  const positions = new Map<string, number>();
  for (const [position, [key]] of blockKeys(block).created.entries()) {
    if (key !== undefined) positions.set(transactionKey(key), position);
  }
  return positions;
}

/** What one block does to the coins, before it is known whether it will be done. */
class StagedCoins implements CoinView {
  readonly #base: ReadonlyMap<string, PlacedCoin>;
  readonly #positions: ReadonlyMap<string, number>;
  readonly changes = new Map<string, CoinChange>();

  /**
   * @param base the coins there are, as far as the block touches them
   * @param positions of the transactions that make its coins
   */
  constructor(base: ReadonlyMap<string, PlacedCoin>, positions: ReadonlyMap<string, number>) {
    this.#base = base;
    this.#positions = positions;
  }

  get(key: string): Coin | undefined {
    return this.#base.get(key);
  }

  /** With a copy of the script, so that a coin in memory does not keep all of the transaction that made it. */
  add(key: string, coin: Coin): void {
    const position = this.#positions.get(transactionKey(key));
    if (position === undefined) throw new Error(`the transaction of coin ${key} has no place`);
    this.changes.set(key, { coin: placeCoin(coin, position, coin.script.slice()), onDisk: undefined });
  }

  spend(key: string): void {
    const coin = this.#base.get(key);
    if (coin === undefined) throw new Error(`coin ${key} is not there`);
    this.changes.set(key, { coin: undefined, onDisk: rowOf(coin) });
  }
}
