import { type Coin, undoCodec } from '../../protocol/coins.ts';
import { isUnspendable } from '../../protocol/script.ts';
import { ITEMS_PER_STEP, type Steps } from '../../protocol/steps.ts';
import { txid } from '../../protocol/transaction.ts';
import type { Database, Statements } from '../../service/database.ts';
import { inSlices } from '../../service/time-slice.ts';
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
import { type CoinChanges, deleteCoins, insertCoins } from './coins-table.ts';
import { ConnectedRows, type NextBlock, type Step, spendingInputs, spentCoin } from './connected-rows.ts';
import { DELETE_DELTAS, inputPlace, packDeltaKey } from './deltas-table.ts';
import { PackedParts } from './packed-rows.ts';
import { DELETE_TRANSACTIONS, packTxid } from './transactions-table.ts';

/** What is known of the next block when it breaks no rule. */
export interface Verdict {
  readonly step: Step;
  /** Works out what becomes of the coins. Asked once. */
  readonly coins: () => Promise<CoinChanges>;
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
  readonly #connected = new ConnectedRows();
  #tip: BlockEntry | undefined;
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#tip === undefined && this.#newBlocks.size === 0 && this.#changedBlocks.size === 0;
  }

  /** Whether blocks are in it that were connected: none may be taken back before it is written. */
  get hasConnected(): boolean {
    return !this.#connected.isEmpty;
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
    const { entry, undo } = step;
    const bytes = undoCodec.encode(undo);
    this.#undo.set(entry.key, { hash: entry.hash, bytes });
    this.#bytes += bytes.length;
    this.#tip = entry;
    this.changeBlock(entry);
    yield* this.#connected.packMade(step);
    yield* this.#connected.packSpent(step);
  }

  /** The genesis block became the first tip; `coins` is what can be spent of it. */
  begin(genesis: NextBlock, coins: readonly [key: string, coin: Coin][]): void {
    this.#tip = genesis.entry;
    this.#connected.packGenesis(genesis, coins);
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

  /**
   * Writes everything, and the next block as the tip: its rows are packed while others are being written, and its
   * outputs are written while its rules are still being checked. Nothing changes in the batch.
   * @throws what `verdict` is rejected with; the transaction must not be committed then
   */
  writeWith(
    database: Database,
    statements: Pick<Statements, 'run'>,
    next: NextBlock,
    verdict: Promise<Verdict>,
  ): Promise<void> {
    return runWrites(database, statements, this.#writesWith(next, verdict));
  }

  *#writes(coins: CoinChanges): Iterable<PreparedWrite> {
    const tip = this.#tip;
    yield* this.#gathered();
    yield* coinWrites(coins);
    yield () => tip && updateTip(tip);
  }

  async *#writesWith(next: NextBlock, verdict: Promise<Verdict>): AsyncIterable<PreparedWrite> {
    const rows = new ConnectedRows();
    yield* this.#gathered();
    await inSlices(rows.packMade(next));
    yield* rows.outputWrites();
    const { step, coins } = await verdict;
    // Not before: a block that repeats a transaction breaks a rule, and would contradict the row of the first.
    yield* rows.transactionWrites();
    await inSlices(rows.packSpent(step));
    const changes = await coins();
    yield* rows.inputWrites();
    yield () => insertUndo([{ hash: step.entry.hash, bytes: undoCodec.encode(step.undo) }]);
    yield* coinWrites(changes);
    yield () => updateBlocks([step.entry]);
    yield () => updateTip(step.entry);
  }

  /** Everything but the coins and the tip. */
  *#gathered(): Iterable<PreparedWrite> {
    yield () => insertBlocks([...this.#newBlocks]);
    yield () => updateBlocks([...this.#changedBlocks]);
    yield () => insertBodies([...this.#bodies.values()]);
    yield () => insertUndo([...this.#undo.values()]);
    yield* this.#undone.writes(DELETE_DELTAS);
    yield* this.#left.writes(DELETE_TRANSACTIONS);
    yield* this.#connected.outputWrites();
    yield* this.#connected.inputWrites();
    yield* this.#connected.transactionWrites();
  }
}

function* coinWrites(coins: CoinChanges): Iterable<PreparedWrite> {
  const changes = [...coins];
  yield* inParts(changes, deleteCoins);
  yield* inParts(changes, insertCoins);
}
