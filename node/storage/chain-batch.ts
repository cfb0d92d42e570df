import type { Block } from '../../protocol/block.ts';
import { blockKeys, type Coin, type Undo, undoCodec } from '../../protocol/coins.ts';
import { isUnspendable } from '../../protocol/script.ts';
import { ITEMS_PER_STEP, type Steps } from '../../protocol/steps.ts';
import { type OutPoint, type Transaction, type TxInput, txid } from '../../protocol/transaction.ts';
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
  DELETE_DELTAS,
  INSERT_RECEIVED,
  INSERT_SPENT,
  inputPlace,
  packDeltaKey,
  packReceived,
  packSpent,
} from './deltas-table.ts';
import { PackedParts } from './packed-rows.ts';
import type { Place } from './place.ts';
import { DELETE_TRANSACTIONS, INSERT_TRANSACTIONS, packTransaction, packTxid } from './transactions-table.ts';

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
  /** Inputs, outputs and transactions of blocks that were taken back. */
  readonly #undone = new PackedParts();
  readonly #left = new PackedParts();
  /** Outputs, inputs and transactions of connected blocks. */
  readonly #received = new PackedParts();
  readonly #spent = new PackedParts();
  readonly #transactions = new PackedParts();
  #tip: BlockEntry | undefined;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#tip === undefined && this.#newBlocks.size === 0 && this.#changedBlocks.size === 0;
  }

  /** Whether blocks are in it that were connected: none may be taken back before it is written. */
  get hasConnected(): boolean {
    return !this.#transactions.isEmpty;
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
    for (const [position, transaction] of block.transactions.entries()) {
      const place = { height: entry.height, position, txid: txid(transaction) };
      packTransaction(this.#transactions.open, place);
      for (const [index, output] of transaction.outputs.entries()) {
        if (isUnspendable(output.script)) continue;
        packReceived(this.#received.open, place, index, output);
        if (index % ITEMS_PER_STEP === 0) yield;
      }
      for (const [index, { previous }] of spendingInputs(transaction, position)) {
        const { output, created } = spentOutput(step, position, index, previous);
        packSpent(this.#spent.open, place, index, output, created);
        if (index % ITEMS_PER_STEP === 0) yield;
      }
    }
  }

  /** The genesis block became the first tip; `coins` is what can be spent of it. */
  begin(entry: BlockEntry, { transactions }: Block, coins: readonly [key: string, coin: Coin][]): void {
    this.#tip = entry;
    for (const [position, transaction] of transactions.entries()) {
      const place = { height: entry.height, position, txid: txid(transaction) };
      packTransaction(this.#transactions.open, place);
      for (const [key, coin] of coins) packReceived(this.#received.open, place, outputIndex(key), coin);
    }
  }

  /** The tip was taken back: its parent is the tip again. Done only after the last step. */
  *disconnect(step: Step): Steps<void> {
    if (this.hasConnected) throw new Error('a block is taken back before what was connected is written');
    const { block, entry, undo } = step;
    const { height } = entry;
    this.#tip = entry.parent;
    for (const [position, transaction] of block.transactions.entries()) {
      packTxid(this.#left.open, txid(transaction));
      for (const [index] of spendingInputs(transaction, position)) {
        const { script } = spentCoin(undo, position, index);
        packDeltaKey(this.#undone.open, inputPlace({ height, position, index }), script);
        if (index % ITEMS_PER_STEP === 0) yield;
      }
      for (const [index, { script }] of transaction.outputs.entries()) {
        if (isUnspendable(script)) continue;
        packDeltaKey(this.#undone.open, { height, position, index }, script);
        if (index % ITEMS_PER_STEP === 0) yield;
      }
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
    yield* this.#undone.writes(DELETE_DELTAS);
    yield* this.#left.writes(DELETE_TRANSACTIONS);
    yield* this.#received.writes(INSERT_RECEIVED);
    yield* this.#spent.writes(INSERT_SPENT);
    yield* this.#transactions.writes(INSERT_TRANSACTIONS);
    const changes = [...coins];
    yield* inParts(changes, deleteCoins);
    yield* inParts(changes, insertCoins);
    yield () => tip && updateTip(tip);
  }
}

/** The inputs of a transaction that spend something: those of the coinbase, the first, do not. */
function spendingInputs({ inputs }: Transaction, position: number): Iterable<[number, TxInput]> {
  return position === 0 ? [] : inputs.entries();
}

/** What an input of a block spends, and where that was made. */
function spentOutput(
  { block, undo, positions }: Step,
  position: number,
  input: number,
  { index }: OutPoint,
): { readonly output: Coin; readonly created: Place } {
  const key = blockKeys(block).spent[position]?.[input] ?? '';
  const output = spentCoin(undo, position, input);
  const madeAt = positions.get(transactionKey(key));
  if (madeAt === undefined) throw new Error(`nothing is known of the transaction of coin ${key}`);
  return { output, created: { height: output.height, position: madeAt, index } };
}

function spentCoin({ spent }: Undo, position: number, input: number): Coin {
  const coin = spent[position - 1]?.[input];
  if (coin === undefined) throw new Error(`nothing is known of what input ${input} of ${position} spends`);
  return coin;
}
