import { type Block, decodeBlockSteps } from '../../protocol/block.ts';
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import { checkBlockContext, checkBlockSteps } from '../../protocol/check-block.ts';
import { checkHeader } from '../../protocol/check-header.ts';
import { verifyInputs } from '../../protocol/check-input.ts';
import { CodecError } from '../../protocol/codec.ts';
import { blockKeys, type Coin, createdCoins, type Undo } from '../../protocol/coins.ts';
import { planConnectionSteps } from '../../protocol/connect.ts';
import { blockHash } from '../../protocol/header.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { RuleError } from '../../protocol/rules.ts';
import type { Verify } from '../../protocol/signature.ts';
import { DatabaseError } from '../../service/database.ts';
import { inSlices, TimeSlice } from '../../service/time-slice.ts';
import type { BlockEntry } from './block-index.ts';

/** What of the chain is checked. Nothing of it may change meanwhile. */
export interface CheckedChain {
  readonly profile: NetworkProfile;
  readonly tip: BlockEntry;
  body(entry: BlockEntry): Promise<Uint8Array | undefined>;
  undo(entry: BlockEntry): Promise<Undo | undefined>;
  /** The unspent coins under these keys, in their order. */
  coins(keys: readonly string[]): Promise<(Coin | undefined)[]>;
  readonly verify: Verify;
}

/**
 * How thorough a check is; each level includes those before it (Bitcoin Core, `CVerifyDB::VerifyDB`):
 * 0 reads the blocks, 1 checks each by itself, 2 reads their undo data, 3 takes the blocks back in memory,
 * 4 connects them again, signatures included.
 */
export type CheckLevel = 0 | 1 | 2 | 3 | 4;

/** What a check found. */
export interface ChainCheck {
  /** Blocks looked at. */
  readonly blocks: number;
  /** Blocks that were taken back and, at level 4, connected again: those whose coins had room in memory. */
  readonly reconnected: number;
  /** What is wrong, naming the block; undefined if nothing is. */
  readonly fault: string | undefined;
}

/** Coins of undo data that are held at a time. Older blocks are not taken back beyond it, as in Bitcoin Core. */
const MAX_HELD_COINS = 500_000;

/** A block contradicts what is stored with it. */
class Fault extends Error {}

/**
 * Checks the last blocks of the best chain again, from the tip down and then up.
 * @param depth how many; those above the genesis block at most
 */
export async function verifyChain(
  chain: CheckedChain,
  { level, depth }: { readonly level: CheckLevel; readonly depth: number },
): Promise<ChainCheck> {
  const run = new Verification(chain);
  let entry = chain.tip;
  let blocks = 0;
  try {
    for (; blocks < depth && entry.parent !== undefined; entry = entry.parent) {
      await run.checkDown(entry, level);
      blocks += 1;
    }
    for (const each of level >= 4 ? [...run.takenBack].reverse() : []) {
      entry = each;
      await run.reconnect(each);
    }
    return { blocks, reconnected: run.takenBack.length, fault: undefined };
  } catch (error) {
    if (!isFault(error)) throw error;
    const fault = `block ${displayHash(entry.hash)} at height ${entry.height}: ${error.message}`;
    return { blocks, reconnected: 0, fault };
  }
}

/** Whether what was thrown tells of the stored data rather than of the machine. */
function isFault(error: unknown): error is Error {
  if (error instanceof DatabaseError) return error.code === 'DAMAGED';
  return error instanceof Fault || error instanceof RuleError || error instanceof CodecError;
}

class Verification {
  readonly #chain: CheckedChain;
  readonly #slice = new TimeSlice();
  /** What blocks that were taken back had spent, and no block below has made yet. */
  readonly #restored = new Map<string, Coin>();
  /** Coins that a block of those taken back makes and a later one spends. */
  readonly #spentLater = new Set<string>();
  /** The blocks that were taken back, the newest first. */
  readonly takenBack: BlockEntry[] = [];
  #isFull = false;

  constructor(chain: CheckedChain) {
    this.#chain = chain;
  }

  async checkDown(entry: BlockEntry, level: CheckLevel): Promise<void> {
    const block = await this.#read(entry);
    if (level >= 1) await this.#checkAlone(block, entry);
    if (this.#slice.isUsedUp) await this.#slice.renew();
    if (level < 2) return;
    const undo = await this.#readUndo(entry, block);
    if (level < 3 || this.#isFull) return;
    await this.#takeBack(entry, block, undo);
    this.#isFull = this.#restored.size + this.#spentLater.size > MAX_HELD_COINS;
  }

  async #read(entry: BlockEntry): Promise<Block> {
    const bytes = await this.#chain.body(entry);
    if (bytes === undefined) throw new Fault('it is not there');
    const block = await inSlices(decodeBlockSteps(bytes));
    if (!equalBytes(blockHash(block.header), entry.hash)) throw new Fault('another block is in its place');
    return block;
  }

  async #checkAlone(block: Block, { height, parent }: BlockEntry): Promise<void> {
    checkHeader(block.header, this.#chain.profile);
    await inSlices(checkBlockSteps(block));
    checkBlockContext(block, height, parent?.medianTime ?? 0, this.#chain.profile);
  }

  async #readUndo(entry: BlockEntry, { transactions }: Block): Promise<Undo> {
    const undo = await this.#chain.undo(entry);
    if (undo === undefined) throw new Fault('its undo data is not there');
    const inputs = transactions.slice(1).map((transaction) => transaction.inputs.length);
    const coins = undo.spent.map((spent) => spent.length);
    if (inputs.join() !== coins.join()) throw new Fault('its undo data is that of another block');
    return undo;
  }

  /** Takes a block back: each coin it made must be there, unless a later block has spent it. */
  async #takeBack(entry: BlockEntry, block: Block, undo: Undo): Promise<void> {
    const keys = blockKeys(block);
    for (const [index, coins] of undo.spent.entries()) {
      for (const [input, coin] of coins.entries()) {
        const key = keys.spent[index + 1]?.[input] ?? '';
        if (this.#restored.has(key)) throw new Fault(`${key} is spent again by a later block`);
        this.#restored.set(key, coin);
      }
    }
    const unspent: [key: string, coin: Coin][] = [];
    for (const [index, transaction] of block.transactions.entries()) {
      const made = createdCoins(transaction, keys.created[index] ?? [], entry.height, index === 0);
      for (const [key, coin] of made) {
        const spent = this.#restored.get(key);
        if (spent === undefined) unspent.push([key, coin]);
        else if (!isSameCoin(spent, coin)) throw new Fault(`undo data says otherwise of ${key}`);
        else this.#spentLater.add(key);
        this.#restored.delete(key);
      }
      if (this.#slice.isUsedUp) await this.#slice.renew();
    }
    const stored = await this.#chain.coins(unspent.map(([key]) => key));
    for (const [index, [key, coin]] of unspent.entries()) {
      const found = stored[index];
      if (found === undefined) throw new Fault(`its coin ${key} is neither there nor spent`);
      if (!isSameCoin(found, coin)) throw new Fault(`its coin ${key} is not what the block made`);
    }
    this.takenBack.push(entry);
  }

  /** Connects a block to the coins as they were before it, by all rules. */
  async reconnect(entry: BlockEntry): Promise<void> {
    const block = await this.#read(entry);
    const view = { get: (key: string) => this.#restored.get(key), ...READ_ONLY };
    const { spent, created, undo } = await inSlices(
      planConnectionSteps(block, entry.height, view, this.#chain.profile),
    );
    for (const [index, coins] of undo.spent.entries()) {
      const transaction = block.transactions[index + 1];
      if (transaction) verifyInputs(transaction, coins, this.#chain.verify);
      if (this.#slice.isUsedUp) await this.#slice.renew();
    }
    for (const key of spent) this.#restored.delete(key);
    for (const [key, coin] of created) if (this.#spentLater.has(key)) this.#restored.set(key, coin);
  }
}

/** Planning reads and changes nothing. */
const READ_ONLY = {
  add: (): never => {
    throw new Error('a coin was added to a view that is for reading');
  },
  spend: (): never => {
    throw new Error('a coin was spent in a view that is for reading');
  },
};

function isSameCoin(a: Coin, b: Coin): boolean {
  const isSameOrigin = a.height === b.height && a.coinbase === b.coinbase;
  return isSameOrigin && a.value === b.value && equalBytes(a.script, b.script);
}
