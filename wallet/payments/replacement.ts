/** A payment that takes the place of an unconfirmed one by a higher fee (BIP 125). Pure. */

import type { NetworkProfile } from '../../protocol/network.ts';
import type { ChainView, WalletCoin } from '../chain/chain-view.ts';
import type { Contents } from '../keys/contents.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { WalletError } from '../wallet-error.ts';
import { InsufficientFundsError, selectCoins } from './coins.ts';
import type { FeeRate } from './fee.ts';
import { formatFeeRate, MAXIMUM_FEE_RATE } from './fee.ts';
import { payableAmount, payeeScript } from './payee.ts';
import type { SpentCoin } from './payment.ts';
import type { Payee, PaymentPlan } from './payment-plan.ts';
import { changePlace, isUsable } from './payment-plan.ts';

export interface ReplacementRequest {
  /** The label whose coins pay. */
  readonly from: string;
  /** The payees of the payment that is replaced, each with the same amount. */
  readonly to: readonly Payee[];
  /** The coins of the payment that is replaced; all of them are spent again, so that only one of the two can be mined. */
  readonly coins: readonly SpentCoin[];
  /** At least; higher than that of the payment that is replaced. More where the node takes nothing for less. */
  readonly feeRate: FeeRate;
  readonly change?: 'fresh' | 'reuse';
  /** Which other coins may be added where those do not cover the fee. */
  readonly allows?: (coin: WalletCoin) => boolean;
}

/**
 * @param ring knows the keys of all coins
 * @throws WalletError when a coin is not this wallet's, the node asks too much, or the coins do not suffice
 */
export function planReplacement(
  request: ReplacementRequest,
  contents: Contents,
  view: ChainView,
  {
    profile,
    minimumFeeRate,
    ring,
  }: { readonly profile: NetworkProfile; readonly minimumFeeRate: FeeRate; readonly ring: KeyRing },
): PaymentPlan {
  const { from, to, allows = () => true } = request;
  const feeRate = request.feeRate > minimumFeeRate ? request.feeRate : minimumFeeRate;
  if (feeRate > MAXIMUM_FEE_RATE) {
    throw new WalletError(
      'bad-fee-rate',
      `the node accepts nothing below ${formatFeeRate(feeRate)} nits/vB at present`,
    );
  }
  const outputs = to.map(({ address, amount }) => ({
    value: payableAmount(amount),
    script: payeeScript(address, profile.name, profile.address),
  }));
  const place = changePlace(request, contents, view);
  const coins = request.coins.map((coin) => ownCoin(coin, from, ring));
  const spares = view.coins
    .filter((coin) => coin.label === from && coin.confirmed && isUsable(coin) && allows(coin))
    .sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0));
  for (let added = 0; ; added++) {
    try {
      const all = [...coins, ...spares.slice(0, added)];
      const selection = selectCoins({ coins: all, outputs, feeRate, spendAll: true });
      const { fee, vsize } = selection;
      const change = selection.change === undefined ? undefined : { value: selection.change, place };
      return { from, to, coins: all, outputs, change, fee, feeRate, vsize, refused: view.refused };
    } catch (error) {
      if (!(error instanceof InsufficientFundsError) || added >= spares.length) throw error;
    }
  }
}

/** A coin that the payment before spends already, so that the chain does not list it any more. */
function ownCoin({ outPoint, value, script }: SpentCoin, label: string, ring: KeyRing): WalletCoin {
  const place = ring.findScript(script);
  if (place === undefined)
    throw new WalletError('coins-gone', 'a coin of this payment belongs to another wallet');
  return {
    outPoint,
    value,
    script,
    place,
    label,
    address: ring.address(place),
    status: 'spendable',
    confirmations: 1,
    confirmed: true,
    own: true,
    frozen: false,
  };
}
