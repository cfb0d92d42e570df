/** Looks after payouts until they are settled: hands them in again, raises fees, sees what the chain makes of them. */
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import { decodeTransaction, vsize } from '../../protocol/transaction.ts';
import type { Height } from '../../protocol/units.ts';
import type { Clock } from '../../service/clock.ts';
import type { Logger } from '../../service/log.ts';
import { type FeeRate, MAXIMUM_FEE_RATE } from '../payments/fee.ts';
import { WalletError } from '../wallet-error.ts';
import {
  isSigned,
  type Owed,
  OwedChangedError,
  type PayoutBook,
  type PayoutInput,
  type PayoutRecord,
  type PayoutTransaction,
} from './payout.ts';
import type { PayoutChain, TransactionPlace } from './payout-chain.ts';
import { deliver, type PayoutStep, signWritten, writable } from './payout-delivery.ts';
import {
  type BlockPlace,
  isSameProgress,
  NO_OBSTACLE,
  nextPayoutProgress,
  type Obstacle,
  type PayoutBlock,
  type PayoutProgress,
} from './payout-state.ts';
import { coinRules, type ServiceWallet } from './service-wallet.ts';

export interface PayoutWatchOptions<D extends Owed, I extends PayoutInput> {
  readonly book: PayoutBook<D, I>;
  readonly wallet: ServiceWallet;
  readonly chain: PayoutChain<I>;
  /** So deep a payout is out of reach of any reorganisation worth the name, in blocks. */
  readonly settledDepth: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after each step of a transaction that is signed here: a test ends the process here. */
  readonly onStep?: ((step: PayoutStep) => Promise<void>) | undefined;
}

/** A payout that no block took for so long gets a higher fee. */
const RAISE_AFTER_BLOCKS = 6;
const RAISE_FACTOR = 2n;

/** Where the transactions of a payout stand, in their order. */
type Places = readonly TransactionPlace[];

/**
 * What came of handing a payout in.
 * - `taken`: one of its transactions waits for a block
 * - `refused`: none does at present, and each may yet
 * - `conflicting`: a coin of each may be gone for good
 * - `unsignable`: none was ever signed, and this wallet has not the keys: its owner changed it after a crash
 */
type HandIn = 'taken' | 'refused' | 'conflicting' | 'unsignable';

/** Nobody can have a signature of it: it is gone at once. */
const NEVER_SIGNED: Obstacle = { depth: Number.POSITIVE_INFINITY, since: undefined };

export class PayoutWatch<D extends Owed, I extends PayoutInput> {
  readonly #options: PayoutWatchOptions<D, I>;
  /** What was last said against a payout: told once. */
  readonly #refusals = new Map<number, string>();
  /** Height at which the block with a payout was lost: since then it waits for another. */
  readonly #lostAt = new Map<number, Height>();

  constructor(options: PayoutWatchOptions<D, I>) {
    this.#options = options;
  }

  /** Lets the wallet know of the payouts on their way: after a crash it may not. Does not need the chain. */
  async remind(payouts: readonly PayoutRecord<D, I>[]): Promise<void> {
    for (const { progress, transactions } of payouts) {
      const at = transactions.findLastIndex(isSigned);
      const newest = transactions[at];
      if (newest === undefined || progress.state !== 'sending') continue;
      await this.#options.wallet.keep(newest, transactions.slice(0, at));
    }
  }

  /**
   * One look at some payouts.
   * @returns those that are in another state now
   * @throws ChainMovedError when a block came meanwhile and that matters
   */
  async look(payouts: readonly PayoutRecord<D, I>[], tip: BlockPlace): Promise<PayoutRecord<D, I>[]> {
    const txids = payouts.flatMap(({ transactions }) => transactions.map(({ txid }) => txid));
    const found = await this.#options.chain.places(txids, tip);
    const changed: PayoutRecord<D, I>[] = [];
    let at = 0;
    for (const payout of payouts) {
      const places = found.slice(at, at + payout.transactions.length);
      at += places.length;
      const next = await this.#lookAt(payout, places, tip);
      if (next.state !== payout.progress.state) changed.push(payout);
    }
    return changed;
  }

  async #lookAt(payout: PayoutRecord<D, I>, places: Places, tip: BlockPlace): Promise<PayoutProgress> {
    const { book, chain, settledDepth } = this.#options;
    const inBlock = blockOf(payout, places, tip);
    const handIn = inBlock === undefined ? await this.#handIn(payout, places) : 'taken';
    const found = handIn === 'conflicting' ? await chain.obstacleTo(payout, tip) : NO_OBSTACLE;
    const obstacle = handIn === 'unsignable' ? NEVER_SIGNED : found;
    const next = nextPayoutProgress({ tipHeight: tip.height, inBlock, obstacle }, settledDepth);
    if (!isSameProgress(payout.progress, next)) {
      await book.advance(payout.id, next);
      this.#tell(payout, next);
      if (next.state !== 'sending') this.#lostAt.delete(payout.id);
      else if (payout.progress.state !== 'sending') this.#lostAt.set(payout.id, tip.height);
    }
    // A node that holds to an older transaction takes no newer one: another would not be taken either.
    const isNewestTaken = places.at(-1)?.state === 'waiting' || places.every(isUnknown);
    const mayBeTaken = handIn === 'taken' || handIn === 'refused';
    if (next.state === 'sending' && mayBeTaken && isNewestTaken)
      await this.#raiseIfDue({ ...payout, progress: next }, tip);
    return next;
  }

  /** Hands the newest transaction in, and older ones where the node takes no newer. */
  async #handIn({ id, transactions }: PayoutRecord<D, I>, places: Places): Promise<HandIn> {
    let mayBeTaken = false;
    let isEverSigned = false;
    for (let index = transactions.length - 1; index >= 0; index--) {
      const transaction = transactions[index];
      if (transaction === undefined || places[index]?.state === 'waiting') return 'taken';
      const signed = await this.#signed(id, transaction, transactions.slice(0, index));
      if (signed === undefined) continue;
      isEverSigned = true;
      const answer = await this.#options.chain.send(signed.raw);
      if (answer.accepted) {
        this.#refusals.delete(id);
        return 'taken';
      }
      this.#tellRefusal(id, answer.reason);
      mayBeTaken ||= !answer.conflicts;
    }
    if (!isEverSigned) return 'unsignable';
    return mayBeTaken ? 'refused' : 'conflicting';
  }

  /** The transaction with its signatures, made now where a crash came before them; undefined without the keys. */
  async #signed(
    payoutId: number,
    transaction: PayoutTransaction<I>,
    earlier: readonly PayoutTransaction<I>[],
  ): Promise<PayoutTransaction<I> | undefined> {
    if (isSigned(transaction)) return transaction;
    try {
      return await signWritten({ payoutId, transaction, earlier }, this.#options);
    } catch (error) {
      const hasNoKeys =
        error instanceof WalletError && (error.code === 'coins-gone' || error.code === 'watch-only');
      if (!hasNoKeys) throw error;
      this.#tellRefusal(payoutId, `it cannot be signed: ${error.message}`);
      return undefined;
    }
  }

  async #raiseIfDue(payout: PayoutRecord<D, I>, tip: BlockPlace): Promise<void> {
    const newest = payout.transactions.at(-1);
    if (newest === undefined || !isSigned(newest)) return;
    const sinceHeight = Math.max(newest.height, this.#lostAt.get(payout.id) ?? 0);
    if (tip.height - sinceHeight < RAISE_AFTER_BLOCKS) return;
    const size = BigInt(vsize(decodeTransaction(newest.raw)));
    const feeRate: FeeRate = ((newest.fee * 1_000n) / size + 1n) * RAISE_FACTOR;
    if (feeRate > MAXIMUM_FEE_RATE || (await this.#hasSuccessor(payout))) return;
    try {
      await this.#raise(payout, newest, feeRate, tip);
    } catch (error) {
      if (!(error instanceof WalletError || error instanceof OwedChangedError)) throw error;
      this.#tellRefusal(payout.id, `the fee cannot be raised: ${error.message}`);
    }
  }

  /** @throws WalletError, OwedChangedError, ChainMovedError */
  async #raise(
    { id, items, transactions }: PayoutRecord<D, I>,
    newest: PayoutTransaction<I>,
    feeRate: FeeRate,
    tip: BlockPlace,
  ): Promise<void> {
    const { book, wallet, log, onStep } = this.#options;
    const rules = await coinRules(book, tip.height);
    const payment = await wallet.prepareReplacement(items, newest, feeRate, rules);
    const transaction = await writable(payment, tip, this.#options);
    await book.replace(id, transaction);
    await onStep?.('written');
    await deliver({ payoutId: id, transaction, earlier: transactions }, this.#options);
    await onStep?.('sent');
    log.warn(
      { payoutId: id, txid: displayHash(payment.txid), fee: payment.fee.toString() },
      'no block took the payout: its fee was raised',
    );
  }

  /** Whether another payout under way spends what this one makes: replacing it would take that away. */
  async #hasSuccessor({ transactions }: PayoutRecord<D, I>): Promise<boolean> {
    const made = new Set(transactions.map(({ txid }) => hashKey(txid)));
    const spent = await this.#options.book.spentCoins();
    return [...spent].some((key) => made.has(key.split(':')[0] ?? ''));
  }

  #tell({ id, progress }: PayoutRecord<D, I>, next: PayoutProgress): void {
    const { log } = this.#options;
    if (next.state === 'returned')
      log.warn({ payoutId: id }, 'payout can never be mined: what it paid is owed again');
    else if (next.impossibleSince !== undefined && progress.impossibleSince === undefined) {
      log.warn({ payoutId: id }, 'a coin of this payout is gone; what it pays is owed again if that lasts');
    } else if (next.state === 'sending' && progress.state !== 'sending') {
      log.warn({ payoutId: id }, 'the block with this payout was lost: sending it again');
    } else if (next.state !== progress.state) log.info({ payoutId: id }, `payout ${next.state}`);
  }

  #tellRefusal(id: number, reason: string): void {
    if (this.#refusals.get(id) === reason) return;
    this.#refusals.set(id, reason);
    this.#options.log.warn({ payoutId: id, reason }, 'payout not taken by the node yet');
  }
}

function blockOf({ transactions }: PayoutRecord, places: Places, tip: BlockPlace): PayoutBlock | undefined {
  for (const [index, { txid }] of transactions.entries()) {
    const place = places[index];
    if (place?.state !== 'in-block') continue;
    return { height: tip.height - place.confirmations + 1, txid, hash: place.block };
  }
  return undefined;
}

function isUnknown({ state }: TransactionPlace): boolean {
  return state === 'unknown';
}
