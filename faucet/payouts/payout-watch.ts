/** Looks after payouts until they are settled: hands them in again, raises fees, sees what the chain makes of them. */
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import { decodeTransaction, vsize } from '../../protocol/transaction.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import type { Clock } from '../../service/clock.ts';
import type { Logger } from '../../service/log.ts';
import {
  type ChainBackend,
  type ChainState,
  type ChainTransaction,
  PaymentRejectedError,
} from '../../wallet/chain/backend.ts';
import { type FeeRate, MAXIMUM_FEE_RATE } from '../../wallet/payments/fee.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import { ClaimsChangedError } from '../store/claims-changed.ts';
import type { FaucetStore } from '../store/faucet-store.ts';
import type { PayoutRecord } from '../store/payout-book.ts';
import { coinRules } from './payer.ts';
import { isSameProgress, nextPayoutProgress, type PayoutFacts, type PayoutProgress } from './payout-state.ts';
import { type Purse, recordOf } from './purse.ts';
import type { RivalSearch } from './rival-search.ts';

export interface PayoutWatchOptions {
  readonly store: FaucetStore;
  readonly purse: Purse;
  readonly backend: ChainBackend;
  readonly rivals: RivalSearch;
  /** So deep a payout is out of reach of any reorganisation worth the name, in blocks. */
  readonly settledDepth: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A payout that no block took for so long gets a higher fee. */
const RAISE_AFTER_BLOCKS = 6;
const RAISE_FACTOR = 2n;
/** Most reorganisations go no deeper: payouts below are looked at again only before they are settled. */
const SHALLOW_BLOCKS = 6;

/** Where the transactions of a payout stand, in their order; undefined where the backend does not know one. */
type Places = readonly (ChainTransaction | undefined)[];

export class PayoutWatch {
  readonly #options: PayoutWatchOptions;
  /** What was last said against a payout: told once. */
  readonly #refusals = new Map<number, string>();
  /** Height at which the block with a payout was lost: since then it waits for another. */
  readonly #lostAt = new Map<number, Height>();

  constructor(options: PayoutWatchOptions) {
    this.#options = options;
  }

  /** Lets the wallet know of the payouts under way: after a crash it may not. */
  async remind(): Promise<void> {
    const { store, purse } = this.#options;
    for (const { progress, transactions } of await store.payouts.toWatch({
      above: Number.MAX_SAFE_INTEGER,
      upTo: -1,
    })) {
      const newest = transactions.at(-1);
      if (newest === undefined || progress.state !== 'sending') continue;
      await purse.keep({ txid: newest.txid, transaction: decodeTransaction(newest.raw) });
    }
  }

  /**
   * One look at the payouts on their way and at those that a reorganisation may have moved.
   * @param isThorough all that are not settled: the chain may have changed far back
   * @returns the ids of the claims that are in another state now
   */
  async look({ height }: ChainState, isThorough: boolean): Promise<string[]> {
    const { store, backend, settledDepth } = this.#options;
    const payouts = await store.payouts.toWatch({
      above: isThorough ? -1 : height - SHALLOW_BLOCKS,
      upTo: height - settledDepth + 1,
    });
    const txids = payouts.flatMap(({ transactions }) => transactions.map(({ txid }) => txid));
    const found = await backend.transactions(txids);
    const places = new Map(txids.map((txid, index) => [hashKey(txid), found[index]]));
    const changed: string[] = [];
    for (const payout of payouts) {
      const standing = payout.transactions.map(({ txid }) => places.get(hashKey(txid)));
      const next = await this.#lookAt(payout, standing, height);
      if (next.state !== payout.progress.state) changed.push(...payout.claims.map(({ id }) => id));
    }
    return changed;
  }

  async #lookAt(payout: PayoutRecord, places: Places, height: Height): Promise<PayoutProgress> {
    const { store, settledDepth } = this.#options;
    const inBlock = inBlockOf(payout, places);
    const isTaken = inBlock !== undefined || (await this.#handIn(payout, places));
    const impossibleDepth = isTaken ? 0 : await this.#impossibleDepth(payout);
    const facts: PayoutFacts = { tipHeight: height, inBlock, impossibleDepth };
    const next = nextPayoutProgress(facts, settledDepth);
    if (!isSameProgress(payout.progress, next)) {
      await store.payouts.advance(payout.id, next);
      this.#tell(payout, next);
      if (next.state !== 'sending') this.#lostAt.delete(payout.id);
      else this.#lostAt.set(payout.id, height);
    }
    // A node that holds to an older transaction takes no newer one: another would not be taken either.
    const isNewestTaken = isTaken && (places.at(-1) !== undefined || places.every((place) => !place));
    if (next.state === 'sending' && isNewestTaken) await this.#raiseIfDue(payout, height);
    return next;
  }

  /**
   * Hands the newest transaction in, and older ones where the node takes no newer.
   * @returns whether one of them waits for a block now, or may be taken later as things stand
   */
  async #handIn({ id, transactions }: PayoutRecord, places: Places): Promise<boolean> {
    let mayBeTaken = false;
    for (let index = transactions.length - 1; index >= 0; index--) {
      const transaction = transactions[index];
      if (transaction === undefined || places[index] !== undefined) return true;
      try {
        await this.#options.backend.broadcast(decodeTransaction(transaction.raw));
        this.#refusals.delete(id);
        return true;
      } catch (error) {
        if (!(error instanceof PaymentRejectedError)) throw error;
        this.#tellRefusal(id, error.reason);
        mayBeTaken ||= !error.conflicts;
      }
    }
    return mayBeTaken;
  }

  /** How deep that lies which keeps every one of the transactions from ever being mined. */
  async #impossibleDepth({ transactions }: PayoutRecord): Promise<number> {
    const { rivals } = this.#options;
    let least = Number.POSITIVE_INFINITY;
    for (const { inputs } of transactions) {
      least = Math.min(least, await rivals.depthAgainst(inputs));
      if (least === 0) return 0;
    }
    return least;
  }

  async #raiseIfDue(payout: PayoutRecord, height: Height): Promise<void> {
    const newest = payout.transactions.at(-1);
    if (newest === undefined) return;
    const sinceHeight = Math.max(newest.height, this.#lostAt.get(payout.id) ?? 0);
    if (height - sinceHeight < RAISE_AFTER_BLOCKS) return;
    const size = BigInt(vsize(decodeTransaction(newest.raw)));
    const feeRate: FeeRate = ((newest.fee * 1_000n) / size + 1n) * RAISE_FACTOR;
    if (feeRate > MAXIMUM_FEE_RATE || (await this.#hasSuccessor(payout))) return;
    const { store, purse, clock, backend, log } = this.#options;
    try {
      const rules = await coinRules(store, height);
      const payment = await purse.signReplacement(payout.claims, newest, feeRate, rules);
      await store.payouts.replace(payout.id, recordOf(payment, height, clock.wallMs()));
      await purse.keep(payment);
      await backend.broadcast(payment.transaction);
      log.warn(
        { payoutId: payout.id, txid: displayHash(payment.txid), fee: payment.fee.toString() },
        'no block took the payout: its fee was raised',
      );
    } catch (error) {
      if (!(error instanceof WalletError || error instanceof ClaimsChangedError)) throw error;
      this.#tellRefusal(payout.id, `the fee cannot be raised: ${error.message}`);
    }
  }

  /** Whether another payout under way spends what this one makes: replacing it would take that away. */
  async #hasSuccessor({ transactions }: PayoutRecord): Promise<boolean> {
    const made = new Set(transactions.map(({ txid }) => hashKey(txid)));
    const spent = await this.#options.store.payouts.spentCoins();
    return [...spent].some((key) => made.has(key.split(':')[0] ?? ''));
  }

  #tell({ id, progress }: PayoutRecord, next: PayoutProgress): void {
    const { log } = this.#options;
    if (next.state === 'returned')
      log.warn({ payoutId: id }, 'payout can never be mined: its claims wait again');
    else if (next.state === 'sending') {
      log.warn({ payoutId: id }, 'the block with this payout was lost: sending it again');
    } else if (next.state !== progress.state) log.info({ payoutId: id }, `payout ${next.state}`);
  }

  #tellRefusal(id: number, reason: string): void {
    if (this.#refusals.get(id) === reason) return;
    this.#refusals.set(id, reason);
    this.#options.log.warn({ payoutId: id, reason }, 'payout not taken by the node yet');
  }
}

function inBlockOf({ transactions }: PayoutRecord, places: Places): PayoutFacts['inBlock'] {
  for (const [index, place] of places.entries()) {
    const txid: Hash | undefined = transactions[index]?.txid;
    if (txid !== undefined && place !== undefined && place.confirmations > 0) {
      return { txid, confirmations: place.confirmations };
    }
  }
  return undefined;
}
