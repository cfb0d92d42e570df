/** Paying what is due: one settlement at a time, each transaction written down before anybody hears of it. */
import { displayHash } from '../../protocol/bytes.ts';
import { outPointKey } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError, UnreachableError } from '../../service/rpc-client.ts';
import { DUST_LIMIT, InsufficientFundsError } from '../../wallet/payments/coins.ts';
import type { PaymentPlan } from '../../wallet/payments/payment-plan.ts';
import { affordable, inTransactions } from '../../wallet/services/payment-parts.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import type { SettlementReport, SettlementTransaction } from '../accounting/accounts-view.ts';
import { ChainMovedError, type NodeChain } from '../accounting/node-chain.ts';
import type { Clock } from '../clock.ts';
import type { PayoutBook } from '../ledger/payout-book.ts';
import { type Debt, DebtsChangedError } from '../ledger/payout-rows.ts';
import { chooseDue } from './due.ts';
import type { CoinRules, OperatorWallet } from './operator-wallet.ts';

/** The steps of one transaction of a settlement, in their order. A crash after any of them is survived. */
export const SETTLEMENT_STEPS = ['chosen', 'signed', 'written', 'kept', 'sent'] as const;
export type SettlementStep = (typeof SETTLEMENT_STEPS)[number];

export interface SettlementOptions {
  readonly book: PayoutBook;
  readonly wallet: OperatorWallet;
  readonly chain: NodeChain;
  readonly minimum: Nits;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after each step: a test kills the process here. */
  readonly onStep?: ((step: SettlementStep) => Promise<void>) | undefined;
}

/** Debts or coins may change while a payment is signed; so often it is tried again. */
const TRIES = 3;

/** What one part of the due list came to. */
interface PartResult {
  readonly transaction?: SettlementTransaction;
  /** What to make of it instead, where it needs more coins than fit into one transaction. */
  readonly smaller?: readonly (readonly Debt[])[];
  /** Why not all of it can be paid. */
  readonly trouble?: string | undefined;
  /** The debts are others than a moment ago: they are to be chosen again. */
  readonly isOutdated?: true;
}

export class Settlement {
  readonly #options: SettlementOptions;

  constructor(options: SettlementOptions) {
    this.#options = options;
  }

  /** Pays everybody who is due. The caller sees to it that no other one runs. */
  async pay(): Promise<SettlementReport> {
    return this.#settle(false, (part, rules) => this.#payPart(part, rules));
  }

  /** What {@link pay} would send now. Nothing is signed or written. */
  async plan(): Promise<SettlementReport> {
    const { wallet } = this.#options;
    return this.#settle(true, async (part, rules) => asTransaction(await wallet.plan(part, rules), part));
  }

  async #settle(
    isDryRun: boolean,
    make: (part: readonly Debt[], rules: CoinRules) => Promise<SettlementTransaction>,
  ): Promise<SettlementReport> {
    const { book, minimum } = this.#options;
    let { due, waits } = chooseDue(await book.debts(), minimum);
    const transactions: SettlementTransaction[] = [];
    const queue: (readonly Debt[])[] = inTransactions(due);
    const spent = new Set<string>();
    let trouble: string | undefined;
    let choices = 1;
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      const result = await this.#makePart(part, spent, make);
      if (result.isOutdated && choices < TRIES) {
        // What was paid meanwhile is no debt any more.
        ({ due, waits } = chooseDue(await book.debts(), minimum));
        queue.splice(0, queue.length, ...inTransactions(due));
        choices += 1;
        continue;
      }
      trouble ??= result.trouble;
      // Those who come after what cannot be paid wait.
      if (result.trouble !== undefined) queue.length = 0;
      queue.unshift(...(result.smaller ?? []));
      if (result.transaction === undefined) continue;
      transactions.push(result.transaction);
      for (const { txid, index } of result.transaction.coins) spent.add(outPointKey({ txid, index }));
    }
    const total = transactions.reduce((sum, transaction) => sum + transaction.total, 0n);
    const waiting = waits.map((debt) => ({ ...debt, why: 'below-minimum' as const }));
    return { isDryRun, transactions, total, waits: waiting, trouble };
  }

  /** One transaction; a shorter one where the coins do not cover the part, none where they cover nobody. */
  async #makePart(
    part: readonly Debt[],
    spent: ReadonlySet<string>,
    make: (part: readonly Debt[], rules: CoinRules) => Promise<SettlementTransaction>,
  ): Promise<PartResult> {
    let payable = part;
    let trouble: string | undefined;
    for (let attempt = 1; payable.length > 0; attempt++) {
      try {
        const rules = await this.#rules(spent);
        return { transaction: await make(payable, rules), trouble };
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
        if (error instanceof DebtsChangedError) return { isOutdated: true, trouble: error.message };
        const mayPass =
          error instanceof ChainMovedError || (error instanceof WalletError && error.code === 'coins-gone');
        if (mayPass && attempt < TRIES) continue;
        if (!mayPass && !isPassing(error)) throw error;
        return { trouble: error.message };
      }
    }
    return { trouble };
  }

  /** What the coins cover: those who have waited longest, or of the first one alone what its older blocks brought. */
  async #covered(part: readonly Debt[], error: InsufficientFundsError): Promise<readonly Debt[]> {
    const fee = error.missing + error.available - error.target;
    const most = error.available - fee;
    const covered = affordable(part, most);
    const [first] = part;
    if (covered.length > 0 || first === undefined)
      return covered.length < part.length ? covered : part.slice(0, -1);
    const [older] = (await this.#options.book.split(first, most)) ?? [];
    return older === undefined || older.amount < DUST_LIMIT ? [] : [older];
  }

  /** The same debts in two transactions; a single one where they cannot be parted. */
  async #halves(part: readonly Debt[]): Promise<readonly (readonly Debt[])[]> {
    if (part.length > 1) return inTransactions(part, Math.ceil(part.length / 2));
    const [only] = part;
    const parts = only && (await this.#options.book.split(only, only.amount / 2n));
    const canBePaid = parts?.every(({ amount }) => amount >= DUST_LIMIT) === true;
    return canBePaid ? parts.map((debt) => [debt]) : [part];
  }

  /** Coins of payouts under way are left alone; so are those of the parts before. */
  async #rules(spent: ReadonlySet<string>): Promise<CoinRules> {
    const { book } = this.#options;
    return {
      spent: new Set([...(await book.spentCoins()), ...spent]),
      payouts: await book.confirmedTxids(),
    };
  }

  /** Choose → sign → write down → let the wallet and the node know. */
  async #payPart(items: readonly Debt[], rules: CoinRules): Promise<SettlementTransaction> {
    const { book, wallet, chain, clock, log, onStep } = this.#options;
    const tip = await chain.tip();
    await onStep?.('chosen');
    const payment = await wallet.sign(items, rules);
    const record = await wallet.record(payment, tip, clock.wallMs());
    await onStep?.('signed');
    const payoutId = await book.enter(items, record);
    await onStep?.('written');
    // From here on the payout stands, whatever fails: the watcher hands it in again until a block has it.
    try {
      await wallet.keep(payment);
      await onStep?.('kept');
      const answer = await chain.send(record.raw);
      if (!answer.accepted) log.warn({ payoutId, reason: answer.reason }, 'payout not taken by the node yet');
    } catch (error) {
      if (!isPassing(error)) throw error;
      log.warn({ payoutId, reason: error.message }, 'payout written down, to be sent later');
    }
    await onStep?.('sent');
    const facts = { payoutId, txid: displayHash(payment.txid), payees: items.length };
    log.info(facts, 'payout');
    return { ...asTransaction(payment, items), payoutId, txid: payment.txid };
  }
}

/** Whether it may go well later, with nothing changed here: a payout that is written down is handed in again. */
function isPassing(error: unknown): error is Error {
  return error instanceof UnreachableError || error instanceof RpcCallError || error instanceof WalletError;
}

function asTransaction(plan: PaymentPlan, items: readonly Debt[]): SettlementTransaction {
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
