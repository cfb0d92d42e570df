import type { Block } from '../../protocol/block.ts';
import { blockKeys, type Coin, type Undo } from '../../protocol/coins.ts';
import { isUnspendable } from '../../protocol/script.ts';
import { ITEMS_PER_STEP, type Steps } from '../../protocol/steps.ts';
import { type OutPoint, type Transaction, type TxInput, txid } from '../../protocol/transaction.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { PreparedWrite } from './bulk-write.ts';
import { outputIndex, transactionKey } from './coins-table.ts';
import { INSERT_RECEIVED, INSERT_SPENT, packReceived, packSpent } from './deltas-table.ts';
import { PackedParts } from './packed-rows.ts';
import type { Place } from './place.ts';
import { INSERT_TRANSACTIONS, packTransaction } from './transactions-table.ts';

/** A block that follows the tip. */
export interface NextBlock {
  readonly block: Block;
  readonly entry: BlockEntry;
}

/** A block that became the tip or was the tip. */
export interface Step extends NextBlock {
  readonly undo: Undo;
  /** The position in its block of every transaction of this block and of those it spends from, by `hashKey`. */
  readonly positions: ReadonlyMap<string, number>;
}

/** The rows that connected blocks add to the index of transactions and to that of addresses. */
export class ConnectedRows {
  readonly #transactions = new PackedParts();
  readonly #received = new PackedParts();
  readonly #spent = new PackedParts();

  get isEmpty(): boolean {
    return this.#transactions.isEmpty;
  }

  /** What a block makes: its transactions and their outputs. Done only after the last step. */
  *packMade({ block, entry }: NextBlock): Steps<void> {
    for (const [position, transaction] of block.transactions.entries()) {
      const place = { height: entry.height, position, txid: txid(transaction) };
      packTransaction(this.#transactions.open, place);
      for (const [index, output] of transaction.outputs.entries()) {
        if (isUnspendable(output.script)) continue;
        packReceived(this.#received.open, place, index, output);
        if (index % ITEMS_PER_STEP === 0) yield;
      }
    }
  }

  /** What it spends. Done only after the last step. */
  *packSpent(step: Step): Steps<void> {
    const { block, entry } = step;
    for (const [position, transaction] of block.transactions.entries()) {
      const place = { height: entry.height, position, txid: txid(transaction) };
      for (const [index, { previous }] of spendingInputs(transaction, position)) {
        const { output, created } = spentOutput(step, position, index, previous);
        packSpent(this.#spent.open, place, index, output, created);
        if (index % ITEMS_PER_STEP === 0) yield;
      }
    }
  }

  /** What the genesis block makes; `coins` is what can be spent of it. */
  packGenesis({ block, entry }: NextBlock, coins: readonly [key: string, coin: Coin][]): void {
    for (const [position, transaction] of block.transactions.entries()) {
      const place = { height: entry.height, position, txid: txid(transaction) };
      packTransaction(this.#transactions.open, place);
      for (const [key, coin] of coins) packReceived(this.#received.open, place, outputIndex(key), coin);
    }
  }

  transactionWrites(): Iterable<PreparedWrite> {
    return this.#transactions.writes(INSERT_TRANSACTIONS);
  }

  outputWrites(): Iterable<PreparedWrite> {
    return this.#received.writes(INSERT_RECEIVED);
  }

  inputWrites(): Iterable<PreparedWrite> {
    return this.#spent.writes(INSERT_SPENT);
  }
}

/** The inputs of a transaction that spend something: those of the coinbase, the first, do not. */
export function spendingInputs(
  { inputs }: Transaction,
  position: number,
): Iterable<[index: number, input: TxInput]> {
  return position === 0 ? [] : inputs.entries();
}

/** The coin that an input of a block spends. */
export function spentCoin({ spent }: Undo, position: number, input: number): Coin {
  const coin = spent[position - 1]?.[input];
  if (coin === undefined) throw new Error(`nothing is known of what input ${input} of ${position} spends`);
  return coin;
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
