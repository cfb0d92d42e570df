/** The wallet that a service pays from: which of its coins may pay, and what is done with them. */
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import { decodeTransaction, encodeTransaction, outPointKey } from '../../protocol/transaction.ts';
import type { Height } from '../../protocol/units.ts';
import type { WalletCoin } from '../chain/chain-view.ts';
import type { FeeRate } from '../payments/fee.ts';
import type { PaymentPlan } from '../payments/payment-plan.ts';
import type { Wallet } from '../wallet.ts';
import type { Owed, PayoutBook, PayoutInput, PayoutTransaction } from './payout.ts';
import type { PreparedPayment } from './prepared-payment.ts';

export interface ServiceWalletOptions {
  readonly wallet: Wallet;
  /** Whose coins pay. */
  readonly label: string;
  /** Blocks on a coin, its own counted, from which on no reorganisation worth the name takes it away. */
  readonly buriedDepth: number;
}

/** Which coins a payout must not touch, and which young ones it may. */
export interface CoinRules {
  /** Of the tip. */
  readonly height: Height;
  /** `outPointKey` of every coin that a payout under way spends. */
  readonly spent: ReadonlySet<string>;
  /** `hashKey` of the transactions of payouts under way: their change is ours, and they are handed in until mined. */
  readonly ours: ReadonlySet<string>;
}

/** The rules as the book has them now. */
export async function coinRules(
  book: Pick<PayoutBook<Owed, PayoutInput>, 'spentCoins' | 'txidsUnderWay'>,
  height: Height,
): Promise<CoinRules> {
  return { height, spent: await book.spentCoins(), ours: await book.txidsUnderWay() };
}

export class ServiceWallet {
  readonly label: string;
  readonly #wallet: Wallet;
  readonly #buriedDepth: number;

  constructor({ wallet, label, buriedDepth }: ServiceWalletOptions) {
    this.label = label;
    this.#wallet = wallet;
    this.#buriedDepth = buriedDepth;
  }

  /** What a payout would look like. @throws WalletError */
  plan(items: readonly Owed[], rules: CoinRules): Promise<PaymentPlan> {
    return this.#wallet.plan(this.#terms(items, rules));
  }

  /** Puts a payout together without signing it. @throws WalletError */
  prepare(items: readonly Owed[], rules: CoinRules): Promise<PreparedPayment> {
    return this.#wallet.prepare(this.#terms(items, rules));
  }

  /** Puts the same payout together with a higher fee: all its coins, and more where they do not reach. @throws WalletError */
  prepareReplacement(
    items: readonly Owed[],
    { inputs }: PayoutTransaction,
    feeRate: FeeRate,
    rules: CoinRules,
  ): Promise<PreparedPayment> {
    return this.#wallet.prepareReplacement({
      ...this.#terms(items, rules),
      coins: inputs.map(spentCoin),
      feeRate,
    });
  }

  /**
   * Signs a transaction that is written down.
   * @returns it with its signatures
   * @throws WalletError `coins-gone` when its coins belong to another wallet
   */
  async sign({ raw, inputs }: PayoutTransaction): Promise<Uint8Array> {
    const coins = inputs.map(spentCoin);
    return encodeTransaction(await this.#wallet.signPrepared({ transaction: decodeTransaction(raw), coins }));
  }

  /**
   * Lets the wallet know of a signed transaction that is written down: it spends its coins on nothing else.
   * @param earlier those of the payout whose place it takes, oldest first
   */
  keep({ txid, raw }: PayoutTransaction, earlier: readonly PayoutTransaction[]): Promise<void> {
    const replaces = earlier.map((transaction) => displayHash(transaction.txid)).reverse();
    return this.#wallet.keep({ txid, transaction: decodeTransaction(raw), from: this.label, replaces });
  }

  /**
   * Whether a payout may spend a coin: one that is buried or of the genesis block, or that a payout of our own made,
   * which is handed in until it is mined again.
   */
  allows({ outPoint, status, confirmations }: WalletCoin, { height, spent, ours }: CoinRules): boolean {
    if (status !== 'spendable' || spent.has(outPointKey(outPoint))) return false;
    const isOfGenesis = confirmations > height;
    return confirmations >= this.#buriedDepth || isOfGenesis || ours.has(hashKey(outPoint.txid));
  }

  #terms(items: readonly Owed[], rules: CoinRules) {
    const allows = (coin: WalletCoin): boolean => this.allows(coin, rules);
    return { from: this.label, to: items, change: 'reuse', allows } as const;
  }
}

function spentCoin({ txid, index, value, script }: PayoutInput) {
  return { outPoint: { txid, index }, value, script };
}
