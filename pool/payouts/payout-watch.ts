/** Looks after payouts until they are settled: hands them in again, raises fees, sees what the chain makes of them. */
import { displayHash, equalBytes, hashKey } from '../../protocol/bytes.ts';
import { decodeTransaction, vsize } from '../../protocol/transaction.ts';
import type { Height } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { type FeeRate, MAXIMUM_FEE_RATE } from '../../wallet/payments/fee.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import type { ChainMove } from '../accounting/chain-follower.ts';
import type { NodeChain, TransactionPlace } from '../accounting/node-chain.ts';
import type { Clock } from '../clock.ts';
import type { PayoutBook, PayoutRecord } from '../ledger/payout-book.ts';
import type { PayoutInput, PayoutTransaction } from '../ledger/payout-rows.ts';
import type { OperatorWallet } from './operator-wallet.ts';
import { isSameProgress, nextPayoutProgress, type PayoutFacts, type PayoutProgress } from './payout-state.ts';

export interface PayoutWatchOptions {
  readonly book: PayoutBook;
  readonly wallet: OperatorWallet;
  readonly chain: NodeChain;
  readonly maturity: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A payout that no block took for so long gets a higher fee. */
const RAISE_AFTER_BLOCKS = 6;
const RAISE_FACTOR = 2n;

export class PayoutWatch {
  readonly #options: PayoutWatchOptions;
  /** What the node last said against a payout: told once. */
  readonly #refusals = new Map<number, string>();
  /** Height at which the block with a payout was lost: since then it waits for another. */
  readonly #lostAt = new Map<number, Height>();

  constructor(options: PayoutWatchOptions) {
    this.#options = options;
  }

  /** Lets the wallet know of the payouts under way: after a crash it may not. */
  async remind(): Promise<void> {
    const { book, wallet } = this.#options;
    for (const { progress, transactions } of await book.toWatch(Number.MAX_SAFE_INTEGER)) {
      const newest = transactions.at(-1);
      if (newest === undefined || progress.state !== 'sending') continue;
      await wallet.keep({ txid: newest.txid, transaction: decodeTransaction(newest.raw) });
    }
  }

  /**
   * One look at all payouts that are not settled, and at those that a reorganisation may have moved.
   * @throws ChainMovedError when a block came meanwhile
   */
  async look({ tip, forkHeight }: ChainMove): Promise<void> {
    for (const payout of await this.#options.book.toWatch(forkHeight)) {
      const places = await this.#placesOf(payout);
      const next = nextPayoutProgress(payout.progress, await this.#factsOf(payout, places, tip));
      if (!isSameProgress(payout.progress, next)) {
        await this.#options.book.advance(payout.id, next);
        this.#tell(payout, next);
        if (next.state !== 'sending') this.#lostAt.delete(payout.id);
        else if (payout.progress.state !== 'sending') this.#lostAt.set(payout.id, tip.height);
      }
      if (next.state !== 'sending') continue;
      await this.#handIn(payout, places);
      // A node that holds to an older transaction takes no newer one: another would not be taken either.
      const isNewestTaken = places.at(-1)?.state === 'waiting' || places.every(isUnknown);
      if (isNewestTaken && next.impossibleSince === undefined)
        await this.#raiseIfDue({ ...payout, progress: next }, tip);
    }
  }

  #placesOf({ transactions }: PayoutRecord): Promise<TransactionPlace[]> {
    return Promise.all(transactions.map(({ txid }) => this.#options.chain.transaction(txid)));
  }

  async #factsOf(
    { progress, transactions }: PayoutRecord,
    places: readonly TransactionPlace[],
    tip: ChainMove['tip'],
  ): Promise<PayoutFacts> {
    const { chain, maturity } = this.#options;
    const inBlock = places.flatMap((place, index) => {
      const txid = transactions[index]?.txid;
      if (place.state !== 'in-block' || txid === undefined) return [];
      return [{ hash: place.block, height: tip.height - place.confirmations + 1, txid }];
    })[0];
    const isImpossible = inBlock === undefined && (await this.#areAllImpossible(transactions, tip));
    const { impossibleSince } = progress;
    const there = impossibleSince && (await chain.hashesAt([impossibleSince.height]));
    const standing = impossibleSince && there?.get(impossibleSince.height);
    await chain.requireTip(tip);
    return {
      tip,
      maturity,
      inBlock,
      isImpossible,
      doesEvidenceStand: standing !== undefined && equalBytes(standing, impossibleSince?.hash ?? standing),
    };
  }

  /** Whether none of the transactions can be mined on the chain as it is. */
  async #areAllImpossible(
    transactions: readonly PayoutTransaction[],
    tip: ChainMove['tip'],
  ): Promise<boolean> {
    for (const { inputs } of transactions) {
      if (!(await this.#isOneGone(inputs, tip))) return false;
    }
    return true;
  }

  async #isOneGone(inputs: readonly PayoutInput[], tip: ChainMove['tip']): Promise<boolean> {
    for (const input of inputs) if (await this.#isGone(input, tip)) return true;
    return false;
  }

  /** Whether the best chain has spent a coin on something else, or has lost the coinbase that made it. */
  async #isGone({ txid, index, coinbase }: PayoutInput, tip: ChainMove['tip']): Promise<boolean> {
    const { chain, book } = this.#options;
    if ((await chain.coin({ txid, index }, tip)) !== undefined) return false;
    // Spent by another transaction if the block that made it is in the chain, and lost with it if another block
    // stands in its place. A chain that is not as high yet says nothing.
    if (coinbase !== undefined) return tip.height >= coinbase.height;
    const parent = await chain.transaction(txid);
    if (parent.state === 'in-block') return true;
    // The transaction that made it may be mined again, unless it was a payout of ours that never can be.
    const payout = await book.with(txid);
    if (payout === undefined) return false;
    const isAnotherMined = payout.inBlock !== undefined && !equalBytes(payout.inBlock.txid, txid);
    return payout.state === 'returned' || isAnotherMined;
  }

  /** Hands the newest transaction in, and older ones where the node takes no newer. */
  async #handIn({ id, transactions }: PayoutRecord, places: readonly TransactionPlace[]): Promise<void> {
    for (let index = transactions.length - 1; index >= 0; index--) {
      const transaction = transactions[index];
      if (transaction === undefined || places[index]?.state === 'waiting') return;
      const answer = await this.#options.chain.send(transaction.raw);
      if (answer.accepted) {
        this.#refusals.delete(id);
        return;
      }
      this.#tellRefusal(id, answer.reason);
    }
  }

  async #raiseIfDue(payout: PayoutRecord, tip: ChainMove['tip']): Promise<void> {
    const newest = payout.transactions.at(-1);
    if (newest === undefined) return;
    const sinceHeight = Math.max(newest.height, this.#lostAt.get(payout.id) ?? 0);
    if (tip.height - sinceHeight < RAISE_AFTER_BLOCKS) return;
    const size = BigInt(vsize(decodeTransaction(newest.raw)));
    const feeRate: FeeRate = ((newest.fee * 1_000n) / size + 1n) * RAISE_FACTOR;
    if (feeRate > MAXIMUM_FEE_RATE || (await this.#hasSuccessor(payout))) return;
    const { book, wallet, clock, chain, log } = this.#options;
    try {
      const rules = { spent: await book.spentCoins(), payouts: await book.confirmedTxids() };
      const payment = await wallet.signReplacement(payout.items, newest, feeRate, rules);
      const record = await wallet.record(payment, tip, clock.wallMs());
      await book.replace(payout.id, record);
      await wallet.keep(payment);
      await chain.send(record.raw);
      log.warn(
        { payoutId: payout.id, txid: displayHash(payment.txid), fee: payment.fee.toString() },
        'no block took the payout: its fee was raised',
      );
    } catch (error) {
      if (!(error instanceof WalletError)) throw error;
      this.#tellRefusal(payout.id, `the fee cannot be raised: ${error.message}`);
    }
  }

  /** Whether another payout under way spends what this one makes: replacing it would take that away. */
  async #hasSuccessor({ transactions }: PayoutRecord): Promise<boolean> {
    const made = new Set(transactions.map(({ txid }) => hashKey(txid)));
    const spent = await this.#options.book.spentCoins();
    return [...spent].some((key) => made.has(key.split(':')[0] ?? ''));
  }

  #tell({ id, progress }: PayoutRecord, next: PayoutProgress): void {
    const { log } = this.#options;
    if (next.state === 'returned')
      log.warn({ payoutId: id }, 'payout can never be mined: its debts are open again');
    else if (next.impossibleSince !== undefined && progress.impossibleSince === undefined) {
      log.warn({ payoutId: id }, 'a coin of this payout is gone; its debts return if that lasts');
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

function isUnknown({ state }: TransactionPlace): boolean {
  return state === 'unknown';
}
