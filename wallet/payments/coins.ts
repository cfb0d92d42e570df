/** Coin selection: which coins pay for a payment, its exact fee, and what returns as change. Pure. */
import type { Nits } from '../../protocol/units.ts';
import { WalletError } from '../wallet-error.ts';
import {
  type FeeRate,
  feeFor,
  INCREMENTAL_FEE_RATE,
  MAX_PAYMENT_WEIGHT,
  paymentWeight,
  vsizeOfWeight,
} from './fee.ts';

/** The smallest P2WPKH output that nodes relay (Bitcoin Core's dust limit at 3 nits/vB). */
export const DUST_LIMIT: Nits = 294n;

/** Length of a P2WPKH script, the form of every change output. */
const CHANGE_SCRIPT_LENGTH = 22;

/** A coin that may be spent by a payment. The caller leaves out what may not: immature or foreign pending coins. */
export interface Candidate {
  readonly value: Nits;
  /** In a block. A coin that is not is spent only when the confirmed ones do not suffice. */
  readonly confirmed: boolean;
}

export interface SelectionRequest<C extends Candidate> {
  readonly coins: readonly C[];
  /** What is to be paid. */
  readonly outputs: readonly { readonly value: Nits; readonly script: Uint8Array }[];
  readonly feeRate: FeeRate;
  /** Spend all the coins given, whether they are needed or not: the owner chose them. */
  readonly spendAll?: boolean;
  /**
   * Fee of the payment whose place this one takes. Then its own fee is no less than that and 1 nit/vB for its own
   * size, whatever the rate comes to (BIP 125 rules 3 and 4).
   */
  readonly replacedFee?: Nits;
}

export interface Selection<C extends Candidate> {
  readonly coins: readonly C[];
  /** Value of the change output; `undefined` when there is none, and then what is left over is in the fee. */
  readonly change: Nits | undefined;
  /** Exactly the sum of the coins less the outputs and the change. */
  readonly fee: Nits;
  /** Virtual size that the fee was reckoned with, in bytes; the signed transaction is never larger. */
  readonly vsize: number;
}

/** The coins at hand do not reach. `missing` is what they lack to pay the outputs and the fee. */
export class InsufficientFundsError extends WalletError {
  override readonly name = 'InsufficientFundsError';
  readonly target: Nits;
  readonly available: Nits;
  readonly missing: Nits;

  /** @param message says it to the owner; see `payment-plan.ts` for the usual form */
  constructor(amounts: { target: Nits; available: Nits; missing: Nits }, message: string) {
    super('insufficient-funds', message);
    this.target = amounts.target;
    this.available = amounts.available;
    this.missing = amounts.missing;
  }
}

/**
 * Chooses coins for a payment. Confirmed coins come first; among them one coin that suffices alone is
 * preferred (the smallest such), else the largest are taken until they suffice, which spends the fewest.
 * Only when all of them fall short are unconfirmed coins added. Coins that cost more to spend than they are
 * worth stay where they are. Change smaller than the dust limit is left to the fee, so a payment exceeds its
 * exact fee by less than the dust limit and the cost of one output.
 *
 * @throws InsufficientFundsError when all coins together are not enough
 * @throws WalletError `too-many-coins` when they would be enough, but not within one transaction
 */
export function selectCoins<C extends Candidate>(request: SelectionRequest<C>): Selection<C> {
  const attempt = new Attempt<C>(request);
  if (request.spendAll) return attempt.all(request.coins);
  const worthwhile = attempt.worthwhile(request.coins);
  const confirmed = worthwhile.filter((coin) => coin.confirmed);
  const pending = worthwhile.filter((coin) => !coin.confirmed);
  const selection =
    attempt.smallestAlone(confirmed) ??
    attempt.fewest(confirmed) ??
    attempt.withoutSpares([...confirmed, ...pending]);
  if (selection !== undefined) return selection;
  throw attempt.shortfall(worthwhile);
}

export interface SweepRequest<C extends Candidate> extends SelectionRequest<C> {
  /** Who gets all that the other outputs and the fee leave. */
  readonly script: Uint8Array;
}

export interface Sweep<C extends Candidate> {
  readonly coins: readonly C[];
  /** Exactly the sum of the coins less the other outputs and the fee. */
  readonly amount: Nits;
  /** Exactly what the rate comes to for this size. */
  readonly fee: Nits;
  readonly vsize: number;
  /** Coins that stay where they are: one transaction has no room for them. */
  readonly noRoom: readonly C[];
  /** And those that cost more to spend than they are worth. */
  readonly worthless: readonly C[];
}

/**
 * The most that one output of a payment can get: every coin pays that is worth more than it costs to spend (with
 * `spendAll` simply every coin), as far as they fit into one transaction, the largest first; nothing is left over.
 *
 * @throws InsufficientFundsError when that is less than the dust limit
 * @throws WalletError `too-many-coins` when all are to be spent and do not fit into one transaction
 */
export function sweepCoins<C extends Candidate>(request: SweepRequest<C>): Sweep<C> {
  const least = { value: DUST_LIMIT, script: request.script };
  const attempt = new Attempt<C>({ ...request, outputs: [...request.outputs, least] });
  const worthwhile = request.spendAll ? request.coins : attempt.worthwhile(request.coins);
  const coins = request.spendAll ? request.coins : attempt.largest(worthwhile);
  const { fee, change = 0n, vsize } = attempt.exactly(coins);
  const isWorthwhile = new Set(worthwhile);
  return {
    coins,
    amount: DUST_LIMIT + change,
    fee,
    vsize,
    noRoom: worthwhile.slice(coins.length),
    worthless: request.coins.filter((coin) => !isWorthwhile.has(coin)),
  };
}

/** One request with the parts of its arithmetic that do not depend on the coins. */
class Attempt<C extends Candidate> {
  readonly #target: Nits;
  readonly #feeRate: FeeRate;
  readonly #replacedFee: Nits | undefined;
  readonly #scriptLengths: readonly number[];
  /** Fee for one more input, in nits: a coin of less is not worth spending. */
  readonly #costOfInput: Nits;

  constructor({ outputs, feeRate, replacedFee }: SelectionRequest<C>) {
    this.#target = outputs.reduce((sum, output) => sum + output.value, 0n);
    this.#feeRate = feeRate;
    this.#replacedFee = replacedFee;
    this.#scriptLengths = outputs.map((output) => output.script.length);
    this.#costOfInput = feeFor(vsizeOfWeight(paymentWeight(1, []) - paymentWeight(0, [])), feeRate);
  }

  /** Coins that bring more than they cost, the largest first. */
  worthwhile(coins: readonly C[]): C[] {
    return coins
      .filter((coin) => coin.value > this.#costOfInput)
      .sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0));
  }

  all(coins: readonly C[]): Selection<C> {
    const selection = this.#settle(coins, sumOf(coins));
    if (selection === undefined) throw this.shortfall(coins);
    return selection;
  }

  /** As many of the first coins as fit into one transaction beside the outputs. */
  largest(descending: readonly C[]): readonly C[] {
    const room = MAX_PAYMENT_WEIGHT - paymentWeight(0, this.#scriptLengths);
    // The count of the inputs itself takes up to 4 bytes more than it does for none.
    const fitting = Math.floor((room - 16) / (paymentWeight(1, []) - paymentWeight(0, [])));
    return descending.slice(0, Math.max(0, fitting));
  }

  /** Spends exactly these coins; `change` is what the outputs leave, however little, and needs no output of its own. */
  exactly(coins: readonly C[]): Selection<C> {
    const weight = paymentWeight(coins.length, this.#scriptLengths);
    const fee = this.#feeOf(vsizeOfWeight(weight));
    const change = sumOf(coins) - this.#target - fee;
    if (coins.length === 0 || change < 0n || weight > MAX_PAYMENT_WEIGHT) throw this.shortfall(coins);
    return { coins, change, fee, vsize: vsizeOfWeight(weight) };
  }

  smallestAlone(descending: readonly C[]): Selection<C> | undefined {
    for (const coin of descending.toReversed()) {
      const selection = this.#settle([coin], coin.value);
      if (selection !== undefined) return selection;
    }
    return undefined;
  }

  fewest(descending: readonly C[]): Selection<C> | undefined {
    const chosen: C[] = [];
    let sum = 0n;
    for (const coin of descending) {
      chosen.push(coin);
      sum += coin.value;
      const selection = this.#settle(chosen, sum);
      if (selection !== undefined) return selection;
    }
    return undefined;
  }

  /** Adds pending coins one by one, then gives back the small coins that are not needed after all. */
  withoutSpares(confirmedThenPending: readonly C[]): Selection<C> | undefined {
    const enough = this.fewest(confirmedThenPending);
    if (enough === undefined) return undefined;
    let best = enough;
    for (const spare of enough.coins.toReversed()) {
      const rest = best.coins.filter((coin) => coin !== spare);
      best = this.#settle(rest, sumOf(rest)) ?? best;
    }
    return best;
  }

  /** The selection that spends exactly these coins, or undefined when they do not suffice or do not fit. */
  #settle(coins: readonly C[], sum: Nits): Selection<C> | undefined {
    const bare = paymentWeight(coins.length, this.#scriptLengths);
    const withChange = paymentWeight(coins.length, [...this.#scriptLengths, CHANGE_SCRIPT_LENGTH]);
    const change = sum - this.#target - this.#feeOf(vsizeOfWeight(withChange));
    if (change >= DUST_LIMIT) {
      if (withChange > MAX_PAYMENT_WEIGHT) return undefined;
      const fee = sum - this.#target - change;
      return { coins: [...coins], change, fee, vsize: vsizeOfWeight(withChange) };
    }
    const fee = sum - this.#target;
    if (fee < this.#feeOf(vsizeOfWeight(bare)) || bare > MAX_PAYMENT_WEIGHT) return undefined;
    return { coins: [...coins], change: undefined, fee, vsize: vsizeOfWeight(bare) };
  }

  #feeOf(vsize: number): Nits {
    const fee = feeFor(vsize, this.#feeRate);
    if (this.#replacedFee === undefined) return fee;
    const least = this.#replacedFee + feeFor(vsize, INCREMENTAL_FEE_RATE);
    return fee > least ? fee : least;
  }

  /** Why there is no selection: too little, or too many pieces. */
  shortfall(coins: readonly C[]): WalletError {
    const available = sumOf(coins);
    if (paymentWeight(1, this.#scriptLengths) > MAX_PAYMENT_WEIGHT) {
      const payees = this.#scriptLengths.length;
      return new WalletError(
        'too-many-payees',
        `${payees} payees do not fit into one transaction: pay them in several`,
      );
    }
    // A payment spends at least one coin, even if there is none yet.
    const inputs = Math.max(1, coins.length);
    const fee = this.#feeOf(vsizeOfWeight(paymentWeight(inputs, this.#scriptLengths)));
    const missing = this.#target + fee - available;
    if (missing <= 0n) {
      return new WalletError(
        'too-many-coins',
        `the payment needs more coins than fit into one transaction (${coins.length} small coins are there): send it in smaller parts`,
      );
    }
    return new InsufficientFundsError(
      { target: this.#target, available, missing },
      `need ${missing} nits more for ${this.#target} nits and the fee`,
    );
  }
}

function sumOf(coins: readonly Candidate[]): Nits {
  return coins.reduce((sum, coin) => sum + coin.value, 0n);
}
