/** Coin selection: which coins pay for a payment, its exact fee, and what returns as change. Pure. */
import type { Nits } from '../../protocol/units.ts';
import { WalletError } from '../wallet-error.ts';
import { type FeeRate, feeFor, MAX_PAYMENT_WEIGHT, paymentWeight, vsizeOfWeight } from './fee.ts';

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
  const worthwhile = request.coins
    .filter((coin) => coin.value > attempt.costOfInput)
    .sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0));
  const confirmed = worthwhile.filter((coin) => coin.confirmed);
  const pending = worthwhile.filter((coin) => !coin.confirmed);
  const selection =
    attempt.smallestAlone(confirmed) ??
    attempt.fewest(confirmed) ??
    attempt.withoutSpares([...confirmed, ...pending]);
  if (selection !== undefined) return selection;
  throw attempt.shortfall(worthwhile);
}

/** One request with the parts of its arithmetic that do not depend on the coins. */
class Attempt<C extends Candidate> {
  readonly #target: Nits;
  readonly #feeRate: FeeRate;
  readonly #scriptLengths: readonly number[];
  /** Fee for one more input, in nits: a coin of less is not worth spending. */
  readonly costOfInput: Nits;

  constructor({ outputs, feeRate }: SelectionRequest<C>) {
    this.#target = outputs.reduce((sum, output) => sum + output.value, 0n);
    this.#feeRate = feeRate;
    this.#scriptLengths = outputs.map((output) => output.script.length);
    this.costOfInput = feeFor(vsizeOfWeight(paymentWeight(1, []) - paymentWeight(0, [])), feeRate);
  }

  all(coins: readonly C[]): Selection<C> {
    const sum = coins.reduce((total, coin) => total + coin.value, 0n);
    const selection = this.#settle(coins, sum);
    if (selection === undefined) throw this.shortfall(coins);
    return selection;
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
      best =
        this.#settle(
          rest,
          rest.reduce((sum, coin) => sum + coin.value, 0n),
        ) ?? best;
    }
    return best;
  }

  /** The selection that spends exactly these coins, or undefined when they do not suffice or do not fit. */
  #settle(coins: readonly C[], sum: Nits): Selection<C> | undefined {
    const bare = paymentWeight(coins.length, this.#scriptLengths);
    const withChange = paymentWeight(coins.length, [...this.#scriptLengths, CHANGE_SCRIPT_LENGTH]);
    const change = sum - this.#target - feeFor(vsizeOfWeight(withChange), this.#feeRate);
    if (change >= DUST_LIMIT) {
      if (withChange > MAX_PAYMENT_WEIGHT) return undefined;
      const fee = sum - this.#target - change;
      return { coins: [...coins], change, fee, vsize: vsizeOfWeight(withChange) };
    }
    const fee = sum - this.#target;
    if (fee < feeFor(vsizeOfWeight(bare), this.#feeRate) || bare > MAX_PAYMENT_WEIGHT) return undefined;
    return { coins: [...coins], change: undefined, fee, vsize: vsizeOfWeight(bare) };
  }

  /** Why there is no selection: too little, or too many pieces. */
  shortfall(coins: readonly C[]): WalletError {
    const available = coins.reduce((sum, coin) => sum + coin.value, 0n);
    // A payment spends at least one coin, even if there is none yet.
    const inputs = Math.max(1, coins.length);
    const fee = feeFor(vsizeOfWeight(paymentWeight(inputs, this.#scriptLengths)), this.#feeRate);
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
