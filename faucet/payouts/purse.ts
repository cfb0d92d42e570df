/** The hot wallet that claims are paid from. */
import { hashKey } from '../../protocol/bytes.ts';
import type { Nits } from '../../protocol/units.ts';
import type { ChainBackend } from '../../wallet/chain/backend.ts';
import type { WalletCoin } from '../../wallet/chain/chain-view.ts';
import { feeFor, paymentWeight, vsizeOfWeight } from '../../wallet/payments/fee.ts';
import { type CoinRules, ServiceWallet } from '../../wallet/services/service-wallet.ts';
import type { Wallet } from '../../wallet/wallet.ts';

export interface PurseOptions {
  readonly wallet: Wallet;
  /** Whose coins pay. */
  readonly label: string;
  readonly backend: ChainBackend;
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
  /** What pays. */
  readonly wallet: ServiceWallet;
  readonly #wallet: Wallet;
  readonly #label: string;
  readonly #backend: ChainBackend;

  private constructor({ wallet, label, backend }: PurseOptions) {
    this.wallet = new ServiceWallet({ wallet, label, buriedDepth: DEPOSIT_CONFIRMATIONS });
    this.#wallet = wallet;
    this.#label = label;
    this.#backend = backend;
  }

  /** @throws WalletError `unknown-label` unless the wallet has an address under the label */
  static async open(options: PurseOptions): Promise<Purse> {
    await options.wallet.addressOf(options.label);
    return new Purse(options);
  }

  /** Where the faucet is filled from. */
  async depositAddress(): Promise<string> {
    return (await this.#wallet.addressOf(this.#label)).address;
  }

  /**
   * Whether an address is one of the faucet's own; the wallet's other labels are others to it.
   * @throws WalletError when nothing can be paid to it
   */
  owns(address: string): Promise<boolean> {
    return this.#wallet.owns(address, this.#label);
  }

  /** Looks at the chain; what is on its way is handed in again on the occasion. @throws WalletError */
  async look(rules: CoinRules): Promise<PurseView> {
    const coins = (await this.#wallet.coins()).filter(({ label }) => label === this.#label);
    const rate = await this.#backend.minimumFeeRate();
    const sum = (some: readonly WalletCoin[]) => some.reduce((total, { value }) => total + value, 0n);
    const ready = sum(coins.filter((coin) => this.wallet.allows(coin, rules)));
    const waiting = sum(
      coins.filter(({ status, outPoint }) => status === 'pending' && rules.ours.has(hashKey(outPoint.txid))),
    );
    return { available: ready + waiting, waiting, feePerClaim: feeFor(SINGLE_PAYMENT_VSIZE, rate) };
  }
}
