/** A payment that takes the place of an unconfirmed one by a higher fee (BIP 125). Pure. */
import type { NetworkProfile } from '../../protocol/network.ts';
import type { TxOutput } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import type { ChainView, WalletCoin } from '../chain/chain-view.ts';
import type { Contents } from '../keys/contents.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { WalletError } from '../wallet-error.ts';
import { DUST_LIMIT, InsufficientFundsError, selectCoins, sweepCoins } from './coins.ts';
import { type FeeRate, formatFeeRate, INCREMENTAL_FEE_RATE, MAXIMUM_FEE_RATE } from './fee.ts';
import type { FeeChoice } from './fee-offer.ts';
import { payableAmount, payeeScript } from './payee.ts';
import type { SpentCoin } from './payment.ts';
import { changePlace, isUsable, type Payee, type PaymentPlan } from './payment-plan.ts';
import { type PendingPayment, spentCoin } from './pending-payment.ts';

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
  const coins = request.coins.map((coin) => spentCoin(coin, from, ring));
  const spares = sparesOf(from, view).filter(allows);
  const { selection, coins: all } = topUp({ coins, outputs, feeRate }, spares);
  const place = changePlace(request, contents, view);
  return { from, to, coins: all, outputs, feeRate, refused: view.refused, ...settled(selection, place) };
}

export interface ReplacementFacts {
  readonly contents: Contents;
  readonly view: ChainView;
  readonly ring: KeyRing;
  readonly profile: NetworkProfile;
  /** See {@link replacementRate}. */
  readonly feeRate: FeeRate;
}

/**
 * The same payees with a higher fee: taken from the change first, then from more confirmed coins of the label.
 * @throws InsufficientFundsError
 */
export function planBump(pending: PendingPayment, facts: ReplacementFacts): PaymentPlan {
  const { contents, view, ring, feeRate } = facts;
  const { from, to, outputs, fee: replacedFee } = pending;
  if (outputs.length === 0) return planReturn(pending, facts);
  const spares = sparesOf(from, view).filter(({ place }) => ring.watchOnly || ring.canSign(place));
  const { selection, coins } = topUp({ coins: pending.coins, outputs, feeRate, replacedFee }, spares);
  const place = changePlace({ from }, contents, view);
  const replaces = [pending.txid, ...pending.replaces];
  const { refused } = view;
  return { from, to, coins, outputs, feeRate, refused, replaces, ...settled(selection, place) };
}

/**
 * Everything back to where it came from: the coins of a payment to its own labels, less the fee.
 * @throws WalletError `not-replaceable` when it pays nobody; InsufficientFundsError when the fee would eat it up
 */
export function planCancel(pending: PendingPayment, facts: ReplacementFacts): PaymentPlan {
  if (pending.outputs.length === 0) {
    throw new WalletError(
      'not-replaceable',
      `the payment ${pending.txid} only returns coins to this wallet: there is nothing to cancel`,
    );
  }
  return planReturn(pending, facts);
}

/** Spends no other coins: so the payment that is cancelled cannot be mined once a coin of this one is gone. */
function planReturn(pending: PendingPayment, { contents, view, ring, profile, feeRate }: ReplacementFacts) {
  const shares = new Map<string, Nits>();
  for (const { label, value } of pending.coins) shares.set(label, (shares.get(label) ?? 0n) + value);
  // What several labels paid returns to each; the one that gave the most bears the fee. Change is its own by rule,
  // which goes by the first coin.
  const [from = pending.from] = [...shares].sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0))[0] ?? [];
  const coins = [...pending.coins].sort((a, b) => Number(b.label === from) - Number(a.label === from));
  const to = [...shares].flatMap(([label, amount]) => {
    const index = contents.labels.find(({ name }) => name === label)?.receive.at(-1);
    if (label === from || index === undefined || amount < DUST_LIMIT) return [];
    return [{ address: ring.address({ chain: 0, index }), amount }];
  });
  const outputs = to.map(({ address, amount }) => ({
    value: amount,
    script: payeeScript(address, profile.name, profile.address),
  }));
  const place = changePlace({ from }, contents, view);
  const { amount, fee, vsize } = sweepCoins({
    ...{ coins, outputs, feeRate, spendAll: true, replacedFee: pending.fee },
    script: ring.script(place),
  });
  const replaces = [pending.txid, ...pending.replaces];
  const change = { value: amount, place };
  return { from, to, coins, outputs, change, fee, feeRate, vsize, refused: view.refused, replaces };
}

/**
 * The rate of a replacement: as chosen, or the least that is let in where only a name was chosen.
 * @param chosen what the choice comes to at present
 * @throws WalletError `bad-fee-rate` when a rate was chosen that is too low, or the least is beyond all bounds
 */
export function replacementRate(pending: PendingPayment, choice: FeeChoice, chosen: FeeRate): FeeRate {
  // Rounded up, so that the rate is really higher; and 1 nit/vB for the relay of the new one (BIP 125 rule 4).
  const before = (pending.fee * 1_000n + BigInt(pending.vsize) - 1n) / BigInt(pending.vsize);
  const least: FeeRate = before + INCREMENTAL_FEE_RATE;
  if (least > MAXIMUM_FEE_RATE || (choice.feeRate !== undefined && chosen < least)) {
    throw new WalletError(
      'bad-fee-rate',
      `the payment ${pending.txid} pays ${formatFeeRate(before)} nits/vB: one that takes its place has to pay at least ${formatFeeRate(least)}, and at most ${formatFeeRate(MAXIMUM_FEE_RATE)}`,
    );
  }
  return chosen > least ? chosen : least;
}

/** Coins that may help out: in a block, so that the replacement is mined no later than what it replaces. */
function sparesOf(label: string, view: ChainView): WalletCoin[] {
  return view.coins
    .filter((coin) => coin.label === label && coin.confirmed && isUsable(coin))
    .sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0));
}

interface TopUp {
  readonly coins: readonly WalletCoin[];
  readonly outputs: readonly TxOutput[];
  readonly feeRate: FeeRate;
  readonly replacedFee?: Nits;
}

/** Spends all the coins, and as few spares as needed. @throws InsufficientFundsError */
function topUp({ coins, ...request }: TopUp, spares: readonly WalletCoin[]) {
  for (let added = 0; ; added++) {
    const all = [...coins, ...spares.slice(0, added)];
    try {
      return { coins: all, selection: selectCoins({ ...request, coins: all, spendAll: true }) };
    } catch (error) {
      if (!(error instanceof InsufficientFundsError) || added >= spares.length) throw error;
    }
  }
}

function settled(
  { change, fee, vsize }: ReturnType<typeof selectCoins<WalletCoin>>,
  place: WalletCoin['place'],
) {
  return { change: change === undefined ? undefined : { value: change, place }, fee, vsize };
}
