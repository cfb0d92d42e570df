import type { Block } from '../../protocol/block.ts';
import { blockKeys, type Coin, createdCoinsSteps, type Undo, undoCodec } from '../../protocol/coins.ts';
import { atOnce, eachInSteps, type Steps } from '../../protocol/steps.ts';
import { txid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
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
import { inParts, type PreparedWrite, runWrites } from './bulk-write.ts';
import { type CoinChanges, deleteCoins, insertCoins, outputIndex, transactionKey } from './coins-table.ts';
import {
  type CreatedOutput,
  deleteOutputs,
  insertOutputs,
  type OutputKey,
  type SpentOutput,
  spendOutputs,
  unspendOutputs,
} from './outputs-table.ts';
import type { TransactionPlace } from './place.ts';
import { deleteTransactions, insertTransactions, type PlacedTransaction } from './transactions-table.ts';

/** A block that became the tip or was the tip. */
export interface Step {
  readonly block: Block;
  readonly entry: BlockEntry;
  readonly undo: Undo;
  /** The position in its block of every transaction of this block and of those it spends from, by `hashKey`. */
  readonly positions: ReadonlyMap<string, number>;
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
  /** What blocks that were taken back had spent, had made, and had in them. */
  readonly #unspent: OutputKey[] = [];
  readonly #deleted: OutputKey[] = [];
  readonly #left: Hash[] = [];
  readonly #created: CreatedOutput[] = [];
  readonly #spent: SpentOutput[] = [];
  readonly #transactions: PlacedTransaction[] = [];
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

  /** A block became the tip. Done only after the last step. */
  *connect(step: Step): Steps<void> {
    const { block, entry, undo } = step;
    const bytes = undoCodec.encode(undo);
    this.#undo.set(entry.key, { hash: entry.hash, bytes });
    this.#bytes += bytes.length;
    this.#tip = entry;
    this.changeBlock(entry);
    const { created } = blockKeys(block);
    for (const [position, transaction] of block.transactions.entries()) {
      const place = { height: entry.height, position, txid: txid(transaction) };
      this.#transactions.push(place);
      const keys = created[position] ?? [];
      const coins = yield* createdCoinsSteps(transaction, keys, entry.height, position === 0);
      yield* this.#create(coins, place);
      yield* eachSpentOutput(step, position, (output, index) => {
        this.#spent.push({ ...output, spent: { ...place, index } });
      });
      yield;
    }
  }

  /** The genesis block became the first tip; `coins` is what can be spent of it. */
  begin(entry: BlockEntry, { transactions }: Block, coins: readonly [key: string, coin: Coin][]): void {
    this.#tip = entry;
    for (const [position, transaction] of transactions.entries()) {
      const place = { height: entry.height, position, txid: txid(transaction) };
      this.#transactions.push(place);
      atOnce(this.#create(coins, place));
    }
  }

  *#create(coins: readonly [key: string, coin: Coin][], place: PlacedTransaction): Steps<void> {
    yield* eachInSteps(coins, ([key, { script, value }]) => {
      this.#created.push({ script, value, txid: place.txid, created: outputPlace(place, key) });
    });
  }

  /** The tip was taken back: its parent is the tip again. Done only after the last step. */
  *disconnect(step: Step): Steps<void> {
    if (this.hasConnected) throw new Error('a block is taken back before what was connected is written');
    const { block, entry } = step;
    this.#tip = entry.parent;
    const { created } = blockKeys(block);
    for (const [position, transaction] of block.transactions.entries()) {
      this.#left.push(txid(transaction));
      yield* eachSpentOutput(step, position, (output) => this.#unspent.push(output));
      const place = { height: entry.height, position };
      const keys = created[position] ?? [];
      const coins = yield* createdCoinsSteps(transaction, keys, entry.height, false);
      yield* eachInSteps(coins, ([key, { script }]) => {
        this.#deleted.push({ script, created: outputPlace(place, key) });
      });
      yield;
    }
  }

  /** Writes everything; the rows are durable when the transaction of `statements` is. */
  write(database: Database, statements: Pick<Statements, 'run'>, coins: CoinChanges): Promise<void> {
    return runWrites(database, statements, this.#writes(coins));
  }

  *#writes(coins: CoinChanges): Iterable<PreparedWrite> {
    const tip = this.#tip;
    yield () => insertBlocks([...this.#newBlocks]);
    yield () => updateBlocks([...this.#changedBlocks]);
    yield () => insertBodies([...this.#bodies.values()]);
    yield () => insertUndo([...this.#undo.values()]);
    yield* inParts(this.#unspent, unspendOutputs);
    yield* inParts(this.#deleted, deleteOutputs);
    yield* inParts(this.#left, deleteTransactions);
    yield* inParts(this.#created, insertOutputs);
    yield* inParts(this.#spent, spendOutputs);
    yield* inParts(this.#transactions, insertTransactions);
    const changes = [...coins];
    yield* inParts(changes, deleteCoins);
    yield* inParts(changes, insertCoins);
    yield () => tip && updateTip(tip);
  }
}

/** The outputs that a transaction of a block spends, in the order of its inputs. */
function* eachSpentOutput(
  { block, undo, positions }: Step,
  position: number,
  work: (output: OutputKey, index: number) => void,
): Steps<void> {
  const coins = undo.spent[position - 1] ?? [];
  yield* eachInSteps(blockKeys(block).spent[position] ?? [], (key, index) => {
    const coin = coins[index];
    const madeAt = positions.get(transactionKey(key));
    if (coin === undefined || madeAt === undefined) throw new Error(`nothing is known of the coin ${key}`);
    const created = outputPlace({ height: coin.height, position: madeAt }, key);
    work({ script: coin.script, created }, index);
  });
}

function outputPlace({ height, position }: TransactionPlace, key: string): OutputKey['created'] {
  return { height, position, index: outputIndex(key) };
}
