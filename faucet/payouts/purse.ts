/** The hot wallet that claims are paid from. */
import { hashKey } from '../../protocol/bytes.ts';
import { encodeTransaction, outPointKey } from '../../protocol/transaction.ts';
import type { Height, Nits } from '../../protocol/units.ts';
import { RefusedRequestError } from '../../service/rest-client.ts';
import { RpcCallError } from '../../service/rpc-client.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import type { ChainBackend } from '../../wallet/chain/backend.ts';
import type { WalletCoin } from '../../wallet/chain/chain-view.ts';
import { type FeeRate, feeFor, paymentWeight, vsizeOfWeight } from '../../wallet/payments/fee.ts';
import type { PaymentRequest } from '../../wallet/payments/payment-plan.ts';
import type { KeptPayment, Payment, Wallet } from '../../wallet/wallet.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import type { QueuedClaim } from '../store/claim-book.ts';
import type { PayoutTransaction } from '../store/payout-rows.ts';

export interface PurseOptions {
  readonly wallet: Wallet;
  /** Whose coins pay. */
  readonly label: string;
  readonly backend: ChainBackend;
}

/** Which coins a payout must not touch, and which young ones it may. */
export interface CoinRules {
  readonly height: Height;
  /** `outPointKey` of every coin that a payout under way spends. */
  readonly spent: ReadonlySet<string>;
  /** `hashKey` of the transactions of payouts under way: their change is ours, and they are handed in until mined. */
  readonly ours: ReadonlySet<string>;
}

/** What the wallet has at one moment. */
export interface PurseView {
  /** Deposits that are buried, and change of payouts, in a block or not. */
  readonly available: Nits;
  /** The part of it that only the next block brings. */
  readonly waiting: Nits;
  readonly feePerClaim: Nits;
}

/** So many blocks have to stand on a deposit's own, itself counted: a payment must not be lost with what it spends. */
export const DEPOSIT_CONFIRMATIONS = 6;

const SCRIPT_LENGTH = 22;
/** A payment of one coin to one address, with change. */
const SINGLE_PAYMENT_VSIZE = vsizeOfWeight(paymentWeight(1, [SCRIPT_LENGTH, SCRIPT_LENGTH]));

export class Purse {
  readonly label: string;
  readonly #wallet: Wallet;
  readonly #backend: ChainBackend;

  private constructor({ wallet, label, backend }: PurseOptions) {
    this.label = label;
    this.#wallet = wallet;
    this.#backend = backend;
  }

  /** @throws WalletError `unknown-label` unless the wallet has an address under the label */
  static async open(options: PurseOptions): Promise<Purse> {
    await options.wallet.addressOf(options.label);
    return new Purse(options);
  }

  /** Where the faucet is filled from. */
  async depositAddress(): Promise<string> {
    return (await this.#wallet.addressOf(this.label)).address;
  }

  /**
   * Whether an address is one of the faucet's own; the wallet's other labels are others to it.
   * @throws WalletError when nothing can be paid to it
   */
  owns(address: string): Promise<boolean> {
    return this.#wallet.owns(address, this.label);
  }

  /** Looks at the chain; what is on its way is handed in again on the occasion. @throws WalletError */
  async look(rules: CoinRules): Promise<PurseView> {
    const coins = (await this.#wallet.coins()).filter(({ label }) => label === this.label);
    const rate = await this.#backend.minimumFeeRate();
    const sum = (some: readonly WalletCoin[]) => some.reduce((total, { value }) => total + value, 0n);
    const ready = sum(coins.filter((coin) => this.#allows(coin, rules)));
    const waiting = sum(
      coins.filter(({ status, outPoint }) => status === 'pending' && rules.ours.has(hashKey(outPoint.txid))),
    );
    return { available: ready + waiting, waiting, feePerClaim: feeFor(SINGLE_PAYMENT_VSIZE, rate) };
  }

  /** Signs a payout; nobody hears of it. @throws WalletError */
  sign(claims: readonly QueuedClaim[], rules: CoinRules): Promise<Payment> {
    const request: PaymentRequest = {
      from: this.label,
      to: claims,
      change: 'reuse',
      allows: (coin) => this.#allows(coin, rules),
    };
    return this.#wallet.sign(request);
  }

  /** Signs the same payout with a higher fee. @throws WalletError */
  signReplacement(
    claims: readonly QueuedClaim[],
    { inputs }: PayoutTransaction,
    feeRate: FeeRate,
    rules: CoinRules,
  ): Promise<Payment> {
    return this.#wallet.signReplacement({
      from: this.label,
      to: claims,
      change: 'reuse',
      coins: inputs.map(({ txid, index, value, script }) => ({ outPoint: { txid, index }, value, script })),
      feeRate,
      allows: (coin) => this.#allows(coin, rules),
    });
  }

  /** Lets the wallet know of a payout that is written down: it spends its coins on nothing else. */
  keep(payment: Omit<KeptPayment, 'from'>): Promise<void> {
    return this.#wallet.keep({ ...payment, from: this.label });
  }

  #allows({ outPoint, status, confirmations }: WalletCoin, { height, spent, ours }: CoinRules): boolean {
    if (status !== 'spendable' || spent.has(outPointKey(outPoint))) return false;
    const isOfGenesis = confirmations > height;
    return confirmations >= DEPOSIT_CONFIRMATIONS || isOfGenesis || ours.has(hashKey(outPoint.txid));
  }
}

/** A signed payment as it is written down. */
export function recordOf(
  { txid, fee, transaction, coins }: Payment,
  height: Height,
  timeMs: number,
): PayoutTransaction {
  const inputs = coins.map(({ outPoint, value, script }) => ({ ...outPoint, value, script }));
  return { txid, raw: encodeTransaction(transaction), fee, timeMs, height, inputs };
}

/** Whether it may go well later, with nothing changed here. */
export function isPassing(error: unknown): error is Error {
  return [UnreachableError, RpcCallError, RefusedRequestError, WalletError].some(
    (kind) => error instanceof kind,
  );
}
