/** A chain in memory that loses blocks, forgets what waits, breaks its line, and dies with the process that asks it. */
import assert from 'node:assert/strict';
import { displayHash, hashKey } from '../../../protocol/bytes.ts';
import type { NetworkProfile } from '../../../protocol/network.ts';
import { type OutPoint, outPointKey, type Transaction, txid } from '../../../protocol/transaction.ts';
import type { Hash } from '../../../protocol/units.ts';
import { UnreachableError } from '../../../service/rpc-client.ts';
import { type ChainState, PaymentRejectedError } from '../../../wallet/chain/backend.ts';
import { FakeChain } from '../fake-chain.ts';

/** The process is gone: whatever it was about to do does not happen. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
}

/** Where a transaction was once seen. */
interface Origin {
  readonly transaction: Transaction;
  /** Height of the block whose coinbase it is. */
  readonly coinbaseHeight: number | undefined;
}

export class ModelChain extends FakeChain {
  /** So deep nothing is taken back any more: no reorganisation of a model goes as far. */
  readonly settledDepth: number;
  /** Set: the process that asks has died. */
  isDead = false;
  /** The line breaks before or after the node has the next transaction. */
  lineBreaks: 'before' | 'after' | undefined;
  /** By `hashKey`: all transactions there ever were. */
  readonly #origins = new Map<string, Origin>();

  constructor(profile: NetworkProfile, settledDepth: number) {
    super(profile);
    this.settledDepth = settledDepth;
    this.#remember();
  }

  override async chain(): Promise<ChainState> {
    this.requireLife();
    return { ...(await super.chain()), tip: this.hashAt(this.height) };
  }

  override async blockHash(height: number): Promise<Hash | undefined> {
    this.requireLife();
    return height > this.height ? undefined : this.hashAt(height);
  }

  /** @throws CrashError */
  requireLife(): void {
    if (this.isDead) throw new CrashError('the process has died');
  }

  /** The process dies here. @throws CrashError */
  die(): never {
    this.isDead = true;
    throw new CrashError('the process dies');
  }

  override async broadcast(transaction: Transaction): Promise<void> {
    this.requireLife();
    const breaks = this.lineBreaks;
    this.lineBreaks = undefined;
    if (breaks !== 'before') await super.broadcast(transaction);
    if (breaks !== undefined) throw new UnreachableError('http://model', 'connection', 'the line broke');
  }

  override mine(count = 1, rewardTo?: string): void {
    super.mine(count, rewardTo);
    this.#remember();
  }

  /** A block with some of what waits: what it leaves out goes on waiting if it can. */
  async mineSome(isTaken: (transaction: Transaction) => boolean, rewardTo?: string): Promise<void> {
    const waiting = this.mempool;
    this.mempool = [];
    await this.#admit(waiting.filter(isTaken));
    this.mine(1, rewardTo);
    await this.#admit(waiting);
  }

  /** A block with exactly this transaction, whatever waits. @returns whether it may be mined */
  async mineAlone(transaction: Transaction): Promise<boolean> {
    const waiting = this.mempool;
    this.mempool = [];
    await this.#admit([transaction]);
    const isMined = this.mempool.length > 0;
    if (isMined) this.mine();
    await this.#admit(waiting);
    return isMined;
  }

  /** Another branch takes the place of the newest blocks, one block longer, with some of what they held. */
  async reorganise(depth: number, isTaken: (transaction: Transaction) => boolean): Promise<void> {
    assert.ok(depth < this.settledDepth, 'no reorganisation goes so deep');
    const least = Math.min(depth, this.height);
    for (let taken = 0; taken < least; taken++) this.unmine();
    const waiting = this.mempool;
    this.mempool = [];
    await this.#admit(waiting);
    for (let made = 0; made <= least; made++) await this.mineSome(isTaken);
  }

  /** The nodes forget what waits. */
  forget(isForgotten: (transaction: Transaction) => boolean): void {
    this.mempool = this.mempool.filter((transaction) => !isForgotten(transaction));
  }

  /** Where a transaction is in the best chain: its block and the depth of it. */
  placeOf(id: Hash): { readonly block: Hash; readonly depth: number } | undefined {
    for (const [height, block] of this.blocks.entries()) {
      if (!block.some((transaction) => idOf(transaction) === hashKey(id))) continue;
      return { block: this.hashAt(height), depth: this.height - height + 1 };
    }
    return undefined;
  }

  hashAt(height: number): Hash {
    const block = this.blocks[height];
    assert.ok(block !== undefined);
    let hash = this.#hashes.get(block);
    if (hash === undefined) {
      hash = new Uint8Array(32);
      new DataView(hash.buffer).setUint32(0, ++this.#hashed);
      this.#hashes.set(block, hash);
    }
    return hash;
  }
  readonly #hashes = new WeakMap<Transaction[], Hash>();
  #hashed = 0;

  /** An output of the best chain that nothing in it spends. */
  unspent({ txid: id, index }: OutPoint) {
    const key = outPointKey({ txid: id, index });
    let found: { value: bigint; script: Uint8Array; height: number; isCoinbase: boolean } | undefined;
    for (const [height, block] of this.blocks.entries()) {
      for (const transaction of block) {
        if (transaction.inputs.some(({ previous }) => outPointKey(previous) === key)) return undefined;
        const output = idOf(transaction) === hashKey(id) ? transaction.outputs[index] : undefined;
        if (output !== undefined) found = { ...output, height, isCoinbase: isCoinbase(transaction) };
      }
    }
    return found;
  }

  /** Whether a transaction can be mined on no chain that is to come: a settled block has spent or lost what it spends. */
  isOutOfReach(transaction: Transaction): boolean {
    return transaction.inputs.some(({ previous }) => this.#isLost(previous, transaction));
  }

  #isLost(coin: OutPoint, by: Transaction): boolean {
    const key = outPointKey(coin);
    for (const block of this.blocks.slice(0, this.height - this.settledDepth + 2)) {
      for (const other of block) {
        if (!other.inputs.some(({ previous }) => outPointKey(previous) === key)) continue;
        if (idOf(other) !== idOf(by)) return true;
      }
    }
    if (this.placeOf(coin.txid) !== undefined) return false;
    const origin = this.#origins.get(hashKey(coin.txid));
    assert.ok(origin !== undefined, `nobody made the coin ${displayHash(coin.txid)}`);
    if (origin.coinbaseHeight === undefined) return this.isOutOfReach(origin.transaction);
    return this.height - origin.coinbaseHeight + 1 >= this.settledDepth;
  }

  /** Takes what can wait for a block, in its order. */
  async #admit(transactions: readonly Transaction[]): Promise<void> {
    for (const transaction of transactions) {
      try {
        await super.broadcast(transaction);
      } catch (error) {
        if (!(error instanceof PaymentRejectedError)) throw error;
      }
    }
    this.#remember();
  }

  /** A signed transaction that the node may never see. */
  note(transaction: Transaction): void {
    this.#origins.set(idOf(transaction), { transaction, coinbaseHeight: undefined });
  }

  #remember(): void {
    for (const [height, block] of this.blocks.entries()) {
      for (const transaction of block) {
        const coinbaseHeight = isCoinbase(transaction) ? height : undefined;
        this.#origins.set(idOf(transaction), { transaction, coinbaseHeight });
      }
    }
  }
}

function isCoinbase({ inputs }: Transaction): boolean {
  return inputs.every(({ previous }) => previous.index === 0xffff_ffff);
}

/** By `hashKey`; transactions are hashed once, every question goes through the whole chain. */
const KNOWN_IDS = new WeakMap<Transaction, string>();

function idOf(transaction: Transaction): string {
  const known = KNOWN_IDS.get(transaction) ?? hashKey(txid(transaction));
  KNOWN_IDS.set(transaction, known);
  return known;
}
