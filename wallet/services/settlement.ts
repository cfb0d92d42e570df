/** Paying what a service owes: each transaction is written down, then signed, then told to anybody. */
import { displayHash } from '../../protocol/bytes.ts';
import { outPointKey } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { Clock } from '../../service/clock.ts';
import type { Logger } from '../../service/log.ts';
import { DUST_LIMIT, InsufficientFundsError } from '../payments/coins.ts';
import type { PaymentPlan } from '../payments/payment-plan.ts';
import { WalletError } from '../wallet-error.ts';
import { affordable, inTransactions } from './payment-parts.ts';
import { type Owed, OwedChangedError, type PayoutBook, type PayoutInput } from './payout.ts';
import { ChainMovedError, mayPassLater, type PayoutChain } from './payout-chain.ts';
import { deliver, type PayoutStep, writable } from './payout-delivery.ts';
import type { BlockPlace } from './payout-state.ts';
import { type CoinRules, coinRules, type ServiceWallet } from './service-wallet.ts';

export interface SettlementOptions<D extends Owed, I extends PayoutInput> {
  readonly book: PayoutBook<D, I>;
  readonly wallet: ServiceWallet;
  readonly chain: PayoutChain<I>;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Parts what one payee is owed: the first part is as much of it as `most` allows, the second the rest. Undefined
   * where one of them would be nothing. Left out: nothing can be parted.
   */
  readonly split?: ((owed: D, most: Nits) => Promise<readonly [D, D] | undefined>) | undefined;
  /** Called after each step: a test ends the process here. */
  readonly onStep?: ((step: PayoutStep) => Promise<void>) | undefined;
}

/** A transaction of a settlement, made or only planned. */
export interface SettledPart<D extends Owed> {
  /** Undefined when it is only planned; so is `txid`. */
  readonly payoutId: number | undefined;
  readonly txid: Hash | undefined;
  readonly items: readonly D[];
  readonly total: Nits;
  /** Paid by the service. */
  readonly fee: Nits;
  readonly change: Nits;
  readonly vsize: number;
  readonly coins: readonly { readonly txid: Hash; readonly index: number; readonly value: Nits }[];
}

export interface SettlementResult<D extends Owed> {
  readonly parts: readonly SettledPart<D>[];
  /** Why not everybody could be paid. */
  readonly trouble: string | undefined;
}

/** What is owed now, those first who have waited longest. */
export type Choose<D> = () => Promise<readonly D[]>;
/** Makes one transaction, or only plans it. */
type Make<D extends Owed> = (
  items: readonly D[],
  rules: CoinRules,
  tip: BlockPlace,
) => Promise<SettledPart<D>>;

/** What one part of the list came to. */
interface PartResult<D extends Owed> {
  readonly made?: SettledPart<D>;
  /** What to make of it instead, where it needs more coins than fit into one transaction. */
  readonly smaller?: readonly (readonly D[])[];
  /** Why not all of it can be paid. */
  readonly trouble?: string | undefined;
  /** What is owed is not what it was a moment ago: it is to be chosen again. */
  readonly isOutdated?: true;
}

/** What is owed or the coins may change while a payment is put together; so often it is tried again. */
const TRIES = 3;

/** One service's payments. Its caller sees to it that no two of them run at once. */
export class Settlement<D extends Owed, I extends PayoutInput> {
  readonly #options: SettlementOptions<D, I>;

  constructor(options: SettlementOptions<D, I>) {
    this.#options = options;
  }

  /**
   * Pays everybody who is chosen, as far as the coins reach.
   * @param onWritten hears at once of each payout that is binding from then on
   */
  pay(
    choose: Choose<D>,
    onWritten: (part: SettledPart<D>) => void = () => undefined,
  ): Promise<SettlementResult<D>> {
    return this.#settle(choose, (items, rules, tip) => this.#make(items, rules, tip, onWritten));
  }

  /** What {@link pay} would send now. Nothing is written or signed. */
  plan(choose: Choose<D>): Promise<SettlementResult<D>> {
    const { wallet } = this.#options;
    return this.#settle(choose, async (items, rules) => partOf(await wallet.plan(items, rules), items));
  }

  async #settle(choose: Choose<D>, make: Make<D>): Promise<SettlementResult<D>> {
    const parts: SettledPart<D>[] = [];
    const queue: (readonly D[])[] = inTransactions(await choose());
    const spent = new Set<string>();
    let trouble: string | undefined;
    let choices = 1;
    for (let items = queue.shift(); items !== undefined; items = queue.shift()) {
      const result = await this.#settlePart(items, spent, make);
      if (result.isOutdated && choices < TRIES) {
        // What was paid meanwhile is owed no more.
        queue.splice(0, queue.length, ...inTransactions(await choose()));
        choices += 1;
        continue;
      }
      trouble ??= result.trouble;
      // Those who come after what cannot be paid wait.
      if (result.trouble !== undefined) queue.length = 0;
      queue.unshift(...(result.smaller ?? []));
      if (result.made === undefined) continue;
      parts.push(result.made);
      for (const { txid, index } of result.made.coins) spent.add(outPointKey({ txid, index }));
    }
    return { parts, trouble };
  }

  /** One transaction; a shorter one where the coins do not cover it, none where they cover nobody. */
  async #settlePart(items: readonly D[], spent: ReadonlySet<string>, make: Make<D>): Promise<PartResult<D>> {
    const { book, chain } = this.#options;
    let payable = items;
    let trouble: string | undefined;
    for (let attempt = 1; payable.length > 0; attempt++) {
      try {
        const tip = await chain.tip();
        const rules = await coinRules(book, tip.height);
        // Coins of payouts under way are left alone; so are those of the parts before, planned or made.
        const left = { ...rules, spent: new Set([...rules.spent, ...spent]) };
        return { made: await make(payable, left, tip), trouble };
      } catch (error) {
        if (error instanceof InsufficientFundsError) {
          trouble ??= error.message;
          payable = await this.#covered(payable, error);
          continue;
        }
        if (error instanceof WalletError && error.code === 'too-many-coins') {
          const smaller = await this.#halves(payable);
          return smaller.length > 1 ? { smaller, trouble } : { trouble: error.message };
        }
        if (error instanceof OwedChangedError) return { isOutdated: true, trouble: error.message };
        const isFleeting =
          error instanceof ChainMovedError || (error instanceof WalletError && error.code === 'coins-gone');
        if (isFleeting && attempt < TRIES) continue;
        if (!isFleeting && !mayPassLater(error)) throw error;
        return { trouble: error.message };
      }
    }
    return { trouble };
  }

  /** What the coins cover: those who have waited longest, or a part of what the first one is owed. */
  async #covered(items: readonly D[], error: InsufficientFundsError): Promise<readonly D[]> {
    const fee = error.missing + error.available - error.target;
    const most = error.available - fee;
    const covered = affordable(items, most);
    const [first] = items;
    if (covered.length > 0 || first === undefined)
      return covered.length < items.length ? covered : items.slice(0, -1);
    const [older] = (await this.#options.split?.(first, most)) ?? [];
    return older === undefined || older.amount < DUST_LIMIT ? [] : [older];
  }

  /** The same in two transactions; in one where it cannot be parted. */
  async #halves(items: readonly D[]): Promise<readonly (readonly D[])[]> {
    if (items.length > 1) return inTransactions(items, Math.ceil(items.length / 2));
    const [only] = items;
    const parts = only && (await this.#options.split?.(only, only.amount / 2n));
    const canBePaid = parts?.every(({ amount }) => amount >= DUST_LIMIT) === true;
    return canBePaid ? parts.map((part) => [part]) : [items];
  }

  /** Choose → write down → sign → let the wallet and the network know. */
  async #make(
    items: readonly D[],
    rules: CoinRules,
    tip: BlockPlace,
    onWritten: (part: SettledPart<D>) => void,
  ): Promise<SettledPart<D>> {
    const { book, wallet, log, onStep } = this.#options;
    await onStep?.('chosen');
    const payment = await wallet.prepare(items, rules);
    const { txid } = payment;
    const transaction = await writable(payment, tip, this.#options);
    const payoutId = await book.enter(items, transaction);
    const part = { ...partOf(payment, items), payoutId, txid };
    onWritten(part);
    await onStep?.('written');
    log.info({ payoutId, txid: displayHash(txid), payees: items.length }, 'payout');
    // From here on the payout stands, whatever fails: the watch goes on with it until a block has it.
    try {
      const answer = await deliver({ payoutId, transaction, earlier: [] }, this.#options);
      if (!answer.accepted) log.warn({ payoutId, reason: answer.reason }, 'payout not taken by the node yet');
    } catch (error) {
      if (!mayPassLater(error)) throw error;
      log.warn({ payoutId, reason: error.message }, 'payout written down, to be sent later');
    }
    await onStep?.('sent');
    return part;
  }
}

function partOf<D extends Owed>(plan: PaymentPlan, items: readonly D[]): SettledPart<D> {
  return {
    payoutId: undefined,
    txid: undefined,
    items,
    total: items.reduce((sum, { amount }) => sum + amount, 0n),
    fee: plan.fee,
    change: plan.change?.value ?? 0n,
    vsize: plan.vsize,
    coins: plan.coins.map(({ outPoint, value }) => ({ ...outPoint, value })),
  };
}
