import { type Block, decodeBlock } from '../../protocol/block.ts';
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import { checkBlock } from '../../protocol/check-block.ts';
import { CodecError } from '../../protocol/codec.ts';
import { blockKeys, type Coin, type CoinView, type Undo, undoCodec } from '../../protocol/coins.ts';
import {
  applyConnection,
  disconnectBlock,
  type IsVerified,
  planConnection,
  verifySpends,
} from '../../protocol/connect.ts';
import { blockHash } from '../../protocol/header.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Verify } from '../../protocol/signature.ts';
import type { Database } from '../../service/database.ts';
import { readBody, readUndo } from '../storage/blocks-table.ts';
import { ChainBatch } from '../storage/chain-batch.ts';
import { type CoinChange, type CoinChanges, findCoins } from '../storage/coins-table.ts';
import { damaged } from '../storage/node-database.ts';
import type { BlockIndex, IndexedBlock } from './block-index.ts';
import type { CoinsCache } from './coins-cache.ts';
import type { ChainStep } from './followers.ts';

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
  readonly #verify: Verify;
  readonly #isVerified: IsVerified | undefined;
  #batch = new ChainBatch();

  constructor(parts: {
    database: Database;
    index: BlockIndex;
    cache: CoinsCache;
    profile: NetworkProfile;
    verify: Verify;
    isVerified: IsVerified | undefined;
  }) {
    this.#database = parts.database;
    this.#index = parts.index;
    this.#cache = parts.cache;
    this.#profile = parts.profile;
    this.#verify = parts.verify;
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
    const { undo, changes } = await this.#plan(whole, entry.height);
    if (durable) await this.#commitCoins();
    const step = { block: whole, entry, undo };
    entry.status = 'valid';
    this.#batch.connect(step);
    await this.#step(changes, durable, () => this.#index.extend(entry));
    return step;
  }

  /** Makes the parent of the tip the tip. */
  async disconnect(durable: boolean): Promise<ChainStep> {
    const entry = this.#index.tip;
    // The block may be one of those that are not written yet.
    if (this.#batch.hasConnected) await this.commit();
    const block = await this.#readBlock(entry);
    const undo = await this.undo(entry);
    const coins = new StagedCoins(NO_COINS);
    disconnectBlock(block, undo, coins);
    if (durable) await this.#commitCoins();
    const step = { block, entry, undo };
    this.#batch.disconnect(step);
    await this.#step(coins.changes, durable, () => this.#index.shrink());
    return step;
  }

  /** Writes what has gathered; resolves when it is on disk. */
  async commit(): Promise<void> {
    if (this.#batch.isEmpty) return;
    await this.#write(this.#cache.changes);
    this.#cache.written();
  }

  /** A block as it came over the wire. @throws DatabaseError if it is stored and missing */
  async body(entry: IndexedBlock): Promise<Uint8Array | undefined> {
    if (entry.transactionCount === 0) return undefined;
    return this.#batch.body(entry) ?? readBody(this.#database, entry);
  }

  /** The coins that a block spent when it was connected. @throws DatabaseError if they are missing */
  async undo(entry: IndexedBlock): Promise<Undo> {
    const bytes = this.#batch.undo(entry) ?? (await readUndo(this.#database, entry));
    try {
      return undoCodec.decode(bytes);
    } catch (error) {
      if (error instanceof CodecError) throw this.#damagedBlock(entry, error);
      throw error;
    }
  }

  /** The coins of these outpoints as of the tip: from memory, the rest with one query. */
  async coins(keys: readonly string[]): Promise<(Coin | undefined)[]> {
    const { get, read } = await this.#look(keys);
    this.#cache.remember(read);
    return keys.map(get);
  }

  async #plan(block: Block, height: number): Promise<{ undo: Undo; changes: CoinChanges }> {
    const { spent, created } = blockKeys(block);
    const own = new Set(created.flat());
    const coins = new StagedCoins(await this.#look(spent.flat().filter((key) => !own.has(key))));
    const connection = planConnection(block, height, coins, this.#profile);
    verifySpends(block, connection.undo, this.#verify, this.#isVerified);
    applyConnection(connection, coins);
    return { undo: connection.undo, changes: coins.changes };
  }

  /** Looks coins up, in the table where they are not in memory. The answer holds until the tip moves. */
  async #look(keys: readonly string[]): Promise<{ get: CoinView['get']; read: ReadonlyMap<string, Coin> }> {
    for (;;) {
      const { version } = this.#cache;
      const read = new Map<string, Coin>();
      const asked = new Set<string>();
      const unknown = () => keys.filter((key) => !asked.has(key) && !this.#cache.has(key));
      // Usually one round: another one is needed only if what was in memory had to make room meanwhile.
      for (let missing = unknown(); missing.length > 0; missing = unknown()) {
        for (const key of missing) asked.add(key);
        for (const [key, coin] of await findCoins(this.#database, missing)) read.set(key, coin);
      }
      if (version === this.#cache.version)
        return { get: (key) => this.#cache.get(key) ?? read.get(key), read };
    }
  }

  async #step(changes: CoinChanges, durable: boolean, move: () => void): Promise<void> {
    if (durable) {
      await this.#write(changes);
      this.#cache.changeWritten(changes);
      move();
    } else {
      this.#cache.change(changes);
      move();
      if (this.#cache.isFull || this.#batch.isFull) await this.commit();
    }
  }

  /** Before a durable step the coins in memory are those on disk. */
  async #commitCoins(): Promise<void> {
    if (this.#cache.changes.size > 0) await this.commit();
  }

  async #write(coins: CoinChanges): Promise<void> {
    const batch = this.#batch;
    await this.#database.transaction((statements) => batch.write(this.#database, statements, coins));
    this.#batch = new ChainBatch();
  }

  /** A stored block, checked once more by itself: a disk that forgets must not look like a broken rule. */
  async #readBlock(entry: IndexedBlock): Promise<Block> {
    const bytes = this.#batch.body(entry) ?? (await readBody(this.#database, entry));
    try {
      const block = decodeBlock(bytes);
      if (!equalBytes(blockHash(block.header), entry.hash)) throw new CodecError('its header is another one');
      checkBlock(block);
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

const NO_COINS: Pick<CoinView, 'get'> = { get: () => undefined };

/** What one block does to the coins, before it is known whether it will be done. */
class StagedCoins implements CoinView {
  readonly #base: Pick<CoinView, 'get'>;
  readonly changes = new Map<string, CoinChange>();

  constructor(base: Pick<CoinView, 'get'>) {
    this.#base = base;
  }

  get(key: string): Coin | undefined {
    return this.#base.get(key);
  }

  add(key: string, coin: Coin): void {
    this.changes.set(key, { coin, onDisk: false });
  }

  spend(key: string): void {
    this.changes.set(key, { coin: undefined, onDisk: true });
  }
}
