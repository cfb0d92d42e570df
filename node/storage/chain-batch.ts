import type { Block } from '../../protocol/block.ts';
import { blockKeys, type Coin, createdCoins, type Undo, undoCodec } from '../../protocol/coins.ts';
import { txid } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { Database, Statements } from '../../service/database.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import {
  type BlockBytes,
  insertBlocks,
  insertBodies,
  insertUndo,
  updateBlocks,
  updateTip,
} from './blocks-table.ts';
import { runWrites } from './bulk-write.ts';
import { type CoinChanges, deleteCoins, insertCoins } from './coins-table.ts';
import {
  type CreatedOutput,
  deleteOutputs,
  insertOutputs,
  type SpentOutput,
  spendOutputs,
  unspendOutputs,
} from './outputs-table.ts';
import { deleteTransactions, insertTransactions, type TransactionPlace } from './transactions-table.ts';

/** A block, its entry, and the coins it spends. */
interface Step {
  readonly block: Block;
  readonly entry: BlockEntry;
  readonly undo: Undo;
}

/** Limits of a batch: bytes of blocks and undo data, and new or connected blocks. A crash costs no more than that. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_BLOCKS = 1_000;

/**
 * What has happened to the chain since it was last written, gathered so that one transaction with a handful
 * of statements writes it: new blocks, then blocks taken back, then blocks connected. The coins, which live
 * in their cache, join at the end.
 */
export class ChainBatch {
  readonly #newBlocks = new Set<BlockEntry>();
  readonly #changedBlocks = new Set<BlockEntry>();
  readonly #bodies = new Map<string, BlockBytes>();
  readonly #undo = new Map<string, BlockBytes>();
  /** Scripts by outpoint: outputs that blocks taken back had spent, and had made. */
  readonly #unspent = new Map<string, Uint8Array>();
  readonly #deleted = new Map<string, Uint8Array>();
  readonly #left: BlockEntry[] = [];
  readonly #created = new Map<string, CreatedOutput>();
  readonly #spent = new Map<string, SpentOutput>();
  readonly #transactions: (TransactionPlace & { readonly txid: Hash })[] = [];
  #tip: BlockEntry | undefined;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#tip === undefined && this.#newBlocks.size === 0 && this.#changedBlocks.size === 0;
  }

  /** Whether blocks are in it that were connected: none may be taken back before it is written. */
  get hasConnected(): boolean {
    return this.#transactions.length > 0;
  }

  /** Whether it is time to write it even if nobody asks for that. */
  get isFull(): boolean {
    return this.#bytes > MAX_BYTES || this.#undo.size + this.#newBlocks.size > MAX_BLOCKS;
  }

  /** A header that has no row yet. What else changes about it until the batch is written is taken along. */
  addBlock(entry: BlockEntry): void {
    this.#newBlocks.add(entry);
  }

  /** An entry whose status, sequence or number of transactions has changed. */
  changeBlock(entry: BlockEntry): void {
    if (!this.#newBlocks.has(entry)) this.#changedBlocks.add(entry);
  }

  /** A block as it came over the wire. */
  addBody(entry: BlockEntry, bytes: Uint8Array): void {
    this.#bodies.set(entry.key, { hash: entry.hash, bytes });
    this.#bytes += bytes.length;
    this.changeBlock(entry);
  }

  /** The body of a block that is not written yet. */
  body(entry: BlockEntry): Uint8Array | undefined {
    return this.#bodies.get(entry.key)?.bytes;
  }

  /** What undoing a block takes, if that is not written yet. */
  undo(entry: BlockEntry): Uint8Array | undefined {
    return this.#undo.get(entry.key)?.bytes;
  }

  /** A block became the tip. */
  connect({ block, entry, undo }: Step): void {
    const bytes = undoCodec.encode(undo);
    this.#undo.set(entry.key, { hash: entry.hash, bytes });
    this.#bytes += bytes.length;
    this.#tip = entry;
    this.changeBlock(entry);
    const keys = blockKeys(block);
    for (const [position, transaction] of block.transactions.entries()) {
      this.#transactions.push({ height: entry.height, position, txid: txid(transaction) });
      this.#spend(keys.spent[position] ?? [], undo.spent[position - 1] ?? [], entry.height, position);
      const coins = createdCoins(transaction, keys.created[position] ?? [], entry.height, position === 0);
      this.#create(coins, entry.height, position);
    }
  }

  /** The genesis block became the first tip; `coins` is what can be spent of it. */
  begin(entry: BlockEntry, { transactions }: Block, coins: readonly [key: string, coin: Coin][]): void {
    this.#tip = entry;
    this.#create(coins, entry.height, 0);
    for (const [position, transaction] of transactions.entries()) {
      this.#transactions.push({ height: entry.height, position, txid: txid(transaction) });
    }
  }

  #spend(keys: readonly string[], coins: Undo['spent'][number], height: Height, position: number): void {
    for (const [index, key] of keys.entries()) {
      const coin = coins[index];
      if (coin === undefined) throw new Error(`undo data has no coin for input ${index}`);
      const spent = { height, position, index };
      const created = this.#created.get(key);
      if (created !== undefined) created.spent = spent;
      else this.#spent.set(key, { script: coin.script, spent });
    }
  }

  #create(coins: readonly [key: string, coin: Coin][], height: Height, position: number): void {
    for (const [key, { script, value }] of coins) {
      const index = Number(key.slice(key.indexOf(':') + 1));
      this.#created.set(key, { script, value, created: { height, position, index }, spent: undefined });
    }
  }

  /** The tip was taken back: its parent is the tip again. */
  disconnect({ block, entry, undo }: Step): void {
    if (this.hasConnected)
      throw new Error('a block is taken back before the batch that connects others is written');
    this.#tip = entry.parent;
    this.#left.push(entry);
    const keys = blockKeys(block);
    for (const [position, transaction] of block.transactions.entries()) {
      for (const [index, key] of (keys.spent[position] ?? []).entries()) {
        const coin = undo.spent[position - 1]?.[index];
        if (coin !== undefined) this.#unspent.set(key, coin.script);
      }
      for (const [key, { script }] of createdCoins(transaction, keys.created[position] ?? [], 0, false)) {
        this.#deleted.set(key, script);
      }
    }
  }

  /** Writes everything; the rows are durable when the transaction of `statements` is. */
  async write(database: Database, statements: Pick<Statements, 'run'>, coins: CoinChanges): Promise<void> {
    const tip = this.#tip;
    await runWrites(database, statements, [
      () => insertBlocks([...this.#newBlocks]),
      () => updateBlocks([...this.#changedBlocks]),
      () => insertBodies([...this.#bodies.values()]),
      () => insertUndo([...this.#undo.values()]),
      () => unspendOutputs(this.#unspent),
      () => deleteOutputs(this.#deleted),
      ...this.#left.map((entry) => () => deleteTransactions(entry.height, entry.transactionCount)),
      () => insertOutputs(this.#created),
      () => spendOutputs(this.#spent),
      () => insertTransactions(this.#transactions),
      () => deleteCoins(coins),
      () => insertCoins(coins),
      () => tip && updateTip(tip),
    ]);
  }
}
