import type { Block } from './block.ts';
import { hashKey } from './bytes.ts';
import { array, type Codec, codec, struct, u64, varBytes, varint } from './codec.ts';
import type { NetworkProfile } from './network.ts';
import { isP2wpkh, isUnspendable, MAX_SCRIPT_SIZE } from './script.ts';
import { atOnce, type Steps } from './steps.ts';
import { outPointKey, type Transaction, txid } from './transaction.ts';
import type { Height, Nits } from './units.ts';

/** An output that is not spent yet, and where it comes from. */
export interface Coin {
  readonly value: Nits;
  readonly script: Uint8Array;
  /** Of the block that made it. */
  readonly height: Height;
  readonly coinbase: boolean;
}

/**
 * The coins of a branch, under their `outPointKey`. Changed by `applyConnection` and `disconnectBlock` alone.
 * An implementation over a slow store loads what a block needs beforehand: see `blockKeys`.
 */
export interface CoinView {
  get(key: string): Coin | undefined;
  add(key: string, coin: Coin): void;
  spend(key: string): void;
}

/** All coins in memory. Adding what is there or spending what is not is a broken assumption, not a broken rule. */
export class MemoryCoins implements CoinView {
  readonly #coins = new Map<string, Coin>();

  get size(): number {
    return this.#coins.size;
  }

  get(key: string): Coin | undefined {
    return this.#coins.get(key);
  }

  add(key: string, coin: Coin): void {
    if (this.#coins.has(key)) throw new Error(`coin ${key} is there already`);
    this.#coins.set(key, coin);
  }

  spend(key: string): void {
    if (!this.#coins.delete(key)) throw new Error(`coin ${key} is not there`);
  }

  /** All coins with their keys, in no order that means anything. */
  entries(): IterableIterator<[string, Coin]> {
    return this.#coins.entries();
  }
}

const scriptCodec = varBytes(MAX_SCRIPT_SIZE);

/** A coin as it is stored: twice the height, plus one for a coinbase; the value; the script. */
export const coinCodec: Codec<Coin> = codec(
  'coin',
  10,
  (reader) => {
    const origin = reader.varint();
    return {
      value: u64.read(reader),
      script: scriptCodec.read(reader),
      height: Math.floor(origin / 2),
      coinbase: origin % 2 === 1,
    };
  },
  (writer, coin) => {
    varint.write(writer, 2 * coin.height + (coin.coinbase ? 1 : 0));
    u64.write(writer, coin.value);
    scriptCodec.write(writer, coin.script);
  },
);

/** What it takes to take a block back: the coins each transaction after the coinbase spent, in input order. */
export interface Undo {
  readonly spent: readonly (readonly Coin[])[];
}

/** A block has fewer inputs than it has bytes. */
const MAX_SPENT = 4_000_000;

export const undoCodec: Codec<Undo> = struct<Undo>({ spent: array(array(coinCodec, MAX_SPENT), MAX_SPENT) });

/** The keys a block's transactions spend and create, per transaction; those of the coinbase's input are left out. */
export interface BlockKeys {
  readonly spent: readonly (readonly string[])[];
  readonly created: readonly (readonly string[])[];
}

const keysOfBlocks = new WeakMap<Block, BlockKeys>();

/** `BlockKeys` of a block, made once per block object. */
export function blockKeys(block: Block): BlockKeys {
  return atOnce(blockKeysSteps(block));
}

/** `blockKeys` in steps. */
export function* blockKeysSteps(block: Block): Steps<BlockKeys> {
  const known = keysOfBlocks.get(block);
  if (known !== undefined) return known;
  const spent: string[][] = [];
  const created: string[][] = [];
  for (const [index, transaction] of block.transactions.entries()) {
    spent.push(index === 0 ? [] : inputKeys(transaction));
    created.push(outputKeys(transaction));
    yield;
  }
  const keys = { spent, created };
  keysOfBlocks.set(block, keys);
  return keys;
}

/** Keys of the outputs a transaction spends. */
export function inputKeys(transaction: Transaction): string[] {
  return transaction.inputs.map((input) => outPointKey(input.previous));
}

/** Keys of a transaction's own outputs. */
export function outputKeys(transaction: Transaction): string[] {
  const hash = hashKey(txid(transaction));
  return transaction.outputs.map((_, index) => `${hash}:${index}`);
}

/** The coins that a transaction at this height makes, under their keys; unspendable outputs make none. */
export function createdCoins(
  transaction: Transaction,
  keys: readonly string[],
  height: Height,
  coinbase: boolean,
): [key: string, coin: Coin][] {
  const created: [string, Coin][] = [];
  for (const [index, { value, script }] of transaction.outputs.entries()) {
    const key = keys[index];
    if (key === undefined) throw new Error(`output ${index} has no key`);
    if (!isUnspendable(script)) created.push([key, { value, script, height, coinbase }]);
  }
  return created;
}

/**
 * The coins a chain starts with: those P2WPKH outputs of its genesis block. The genesis block of
 * `bitcoin-regtest` pays a bare key, which nobody can spend there either, so it makes none.
 */
export function genesisCoins({ genesis }: NetworkProfile): [key: string, coin: Coin][] {
  return genesis.transactions.flatMap((transaction) =>
    createdCoins(transaction, outputKeys(transaction), 0, true).filter(([, coin]) => isP2wpkh(coin.script)),
  );
}
