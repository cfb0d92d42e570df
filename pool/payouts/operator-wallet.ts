/** The wallet that rewards are paid to and payouts are paid from. */
import { displayHash, hashKey } from '../../protocol/bytes.ts';
import { encodeTransaction, outPointKey } from '../../protocol/transaction.ts';
import type { WalletCoin } from '../../wallet/chain/chain-view.ts';
import type { FeeRate } from '../../wallet/payments/fee.ts';
import type { PaymentPlan, PaymentRequest } from '../../wallet/payments/payment-plan.ts';
import type { KeptPayment, Payment, Wallet } from '../../wallet/wallet.ts';
import { WalletError } from '../../wallet/wallet-error.ts';
import type { NodeChain } from '../accounting/node-chain.ts';
import type { Debt, PayoutTransaction } from '../ledger/payout-rows.ts';
import type { BlockPlace } from './payout-state.ts';

/** The operator's wallet cannot be what payouts are paid from. */
export class OperatorWalletError extends Error {
  override readonly name = 'OperatorWalletError';
}

export interface OperatorWalletOptions {
  readonly wallet: Wallet;
  readonly label: string;
  readonly chain: NodeChain;
  readonly maturity: number;
}

/** Which coins a payout must not touch, and which young ones it may. */
export interface CoinRules {
  /** `outPointKey` of every coin that a payout under way spends. */
  readonly spent: ReadonlySet<string>;
  /** `hashKey` of the payouts in blocks: their change is ours, and they are handed in again if a block is lost. */
  readonly payouts: ReadonlySet<string>;
}

export class OperatorWallet {
  readonly label: string;
  readonly #wallet: Wallet;
  readonly #chain: NodeChain;
  readonly #maturity: number;

  private constructor({ wallet, label, chain, maturity }: OperatorWalletOptions) {
    this.label = label;
    this.#wallet = wallet;
    this.#chain = chain;
    this.#maturity = maturity;
  }

  /**
   * Takes a wallet for the pool's.
   * @throws OperatorWalletError unless the address that coinbases pay to belongs to the label: payouts would have
   * nothing to be paid from
   */
  static async open(options: OperatorWalletOptions, rewardAddress: string): Promise<OperatorWallet> {
    const labels = await options.wallet.labels();
    const owner = labels.find(({ addresses }) => addresses.some(({ address }) => address === rewardAddress));
    if (owner?.label === options.label) return new OperatorWallet(options);
    const known = labels.map(({ label }) => `"${label}"`).join(', ');
    throw new OperatorWalletError(
      owner === undefined
        ? `--address ${rewardAddress} is not in the operator's wallet (labels: ${known}): payouts are paid from where ` +
            'the rewards go. Choose an address that "nilz wallet list" shows, or another --operator-wallet'
        : `--address ${rewardAddress} belongs to the label "${owner.label}" of the operator's wallet, not to ` +
            `"${options.label}": set --operator-label "${owner.label}"`,
    );
  }

  /** What a payout would look like. @throws WalletError */
  plan(items: readonly Debt[], rules: CoinRules): Promise<PaymentPlan> {
    return this.#wallet.plan(this.#request(items, rules));
  }

  /** Signs a payout; nobody hears of it. @throws WalletError */
  sign(items: readonly Debt[], rules: CoinRules): Promise<Payment> {
    return this.#wallet.sign(this.#request(items, rules));
  }

  /** Signs the same payout with a higher fee. @throws WalletError */
  signReplacement(
    items: readonly Debt[],
    replaced: PayoutTransaction,
    feeRate: FeeRate,
    rules: CoinRules,
  ): Promise<Payment> {
    const { inputs } = replaced;
    return this.#wallet.signReplacement({
      from: this.label,
      to: items,
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

  /**
   * A signed payment as the ledger keeps it.
   * @throws WalletError `coins-gone` when a coin is not in the best chain; ChainMovedError when a block came meanwhile
   */
  async record(payment: Payment, tip: BlockPlace, timeMs: number): Promise<PayoutTransaction> {
    const chain = this.#chain;
    const facts = await Promise.all(payment.coins.map(({ outPoint }) => chain.coin(outPoint, tip)));
    const heights = facts.flatMap((coin) => (coin?.isCoinbase ? [coin.height] : []));
    const blocks = await chain.hashesAt(heights);
    await chain.requireTip(tip);
    const inputs = payment.coins.map(({ outPoint, value, script }, index) => {
      const coin = facts[index];
      if (coin === undefined)
        throw new WalletError(
          'coins-gone',
          `the coin ${displayHash(outPoint.txid)}:${outPoint.index} is gone`,
        );
      const hash = coin.isCoinbase ? blocks.get(coin.height) : undefined;
      return { ...outPoint, value, script, coinbase: hash && { hash, height: coin.height } };
    });
    const { txid, fee } = payment;
    return { txid, raw: encodeTransaction(payment.transaction), fee, timeMs, height: tip.height, inputs };
  }

  #request(items: readonly Debt[], rules: CoinRules): PaymentRequest {
    return {
      from: this.label,
      to: items,
      change: 'reuse',
      allows: (coin) => this.#allows(coin, rules),
    };
  }

  /**
   * Whether a payout may spend a coin: only one that no reorganisation worth the name can take away, or that comes
   * from a payout of our own, which is handed in until it is mined again.
   */
  #allows({ outPoint, status, confirmations }: WalletCoin, { spent, payouts }: CoinRules): boolean {
    if (status !== 'spendable' || spent.has(outPointKey(outPoint))) return false;
    return confirmations >= this.#maturity || payouts.has(hashKey(outPoint.txid));
  }
}
