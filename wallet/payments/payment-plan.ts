/** Which coins would pay for a payment, what it costs, and where the change goes. Pure. */
import { formatAmount } from '../../protocol/amount.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { type OutPoint, outPointKey, type TxOutput } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { balanceOf } from '../chain/balance.ts';
import type { ChainView, WalletCoin } from '../chain/chain-view.ts';
import type { RefusedPayment } from '../chain/outgoing.ts';
import { type Contents, DEFAULT_LABEL } from '../keys/contents.ts';
import { CHANGE, type KeyPlace, RECEIVE } from '../keys/key-ring.ts';
import { coinName } from '../keys/owner-notes.ts';
import { WalletError } from '../wallet-error.ts';
import { InsufficientFundsError, selectCoins, sweepCoins } from './coins.ts';
import type { FeeRate } from './fee.ts';
import type { FeeChoice } from './fee-offer.ts';
import { payableAmount, payeeScript } from './payee.ts';

/** All that is left when the other payees and the fee are paid. */
export const MAX = 'max';

export interface Payee<Amount = Nits> {
  readonly address: string;
  readonly amount: Amount;
}

/** The fee, if nothing of it is said, is at the lowest rate that the backend accepts. */
export interface PaymentRequest extends FeeChoice {
  /**
   * The label whose coins pay. Left out, any label may: the first that has enough alone, and only where none has, the
   * coins of several, which then pay together.
   */
  readonly from?: string;
  /** At most one of them gets {@link MAX}. */
  readonly to: readonly Payee<Nits | typeof MAX>[];
  /**
   * Where change goes: to a `fresh` address of the change chain (default), or back to the first address of the
   * label: `reuse` is for services whose address is known anyway and whose wallet must not grow with every payment.
   */
  readonly change?: 'fresh' | 'reuse';
  /** Spend exactly these coins. Default: as {@link selectCoins} chooses. */
  readonly coins?: readonly OutPoint[];
  /** Spend only coins for which this says yes. Default: any. */
  readonly allows?: (coin: WalletCoin) => boolean;
  /** Make it even if the fee looks like a mistake; see `fee-warning.ts`. */
  readonly acceptHighFee?: boolean;
}

/** Coins that could be spent, and that a payment of all there is leaves nevertheless. */
export interface StayingCoins {
  /** They do not fit into one transaction: another payment of all there is takes them. */
  readonly noRoom: CoinPile;
  /** Spending them costs more than they are worth. */
  readonly worthless: CoinPile;
}

export interface CoinPile {
  readonly count: number;
  readonly amount: Nits;
}

/** A payment as it would be made now. Nothing of it is kept. */
export interface PaymentPlan {
  /** The label that pays; of several that pay together the one whose coin comes first, which gets the change. */
  readonly from: string;
  /** With the amounts that it comes to. */
  readonly to: readonly Payee[];
  readonly coins: readonly WalletCoin[];
  /** What is paid, in the order of `to`. */
  readonly outputs: readonly TxOutput[];
  /** Undefined when nothing worth an output is left over. */
  readonly change: { readonly value: Nits; readonly place: KeyPlace } | undefined;
  readonly fee: Nits;
  readonly feeRate: FeeRate;
  /** In bytes; the signed transaction is never larger. */
  readonly vsize: number;
  /** Where somebody gets {@link MAX}: the coins that stay all the same. Undefined where none do. */
  readonly stays?: StayingCoins | undefined;
  /** Earlier payments that the chain does not take. */
  readonly refused: readonly RefusedPayment[];
  /** For a payment that takes the place of others: their txids, as shown, the one it replaces directly first. */
  readonly replaces?: readonly string[];
}

export interface PlanFacts {
  readonly profile: NetworkProfile;
  /** Chosen and within range; see `chosenFeeRate`. */
  readonly feeRate: FeeRate;
  /** Whether whoever signs has the key of a coin. */
  readonly canSign: (coin: WalletCoin) => boolean;
}

/**
 * @throws WalletError when the payment cannot be made: no such label, an address or amount that cannot be paid, a
 *   coin that may not be spent, too few coins ({@link InsufficientFundsError})
 */
export function planPayment(
  request: PaymentRequest,
  contents: Contents,
  view: ChainView,
  { profile, feeRate, canSign }: PlanFacts,
): PaymentPlan {
  const { from, to, coins, allows = () => true } = request;
  if (from !== undefined) requireLabel(contents, from, view);
  if (to.length === 0) throw new WalletError('bad-amount', 'the payment pays nobody');
  if (to.filter(({ amount }) => amount === MAX).length > 1) {
    throw new WalletError('bad-amount', 'only one payee can get all that is left');
  }
  const outputs = to.map(
    ({ address, amount }): WantedOutput => ({
      value: amount === MAX ? MAX : payableAmount(amount),
      script: payeeScript(address, profile.name, profile.address),
    }),
  );
  const named = coins && namedCoins(coins, from, view);
  const ours = view.coins.filter((coin) => from === undefined || coin.label === from);
  const usable = named ?? ours.filter((coin) => isUsable(coin) && canSign(coin) && allows(coin));
  const spendAll = named !== undefined;
  try {
    const paid = distribute(outputs, {
      candidates: candidates(request, contents, usable),
      feeRate,
      spendAll,
    });
    const sender = paid.coins[0]?.label ?? from ?? DEFAULT_LABEL;
    const place = changePlace({ ...request, from: sender }, contents, view);
    return {
      from: sender,
      to: to.map(({ address }, at) => ({ address, amount: paid.outputs[at]?.value ?? 0n })),
      coins: paid.coins,
      outputs: paid.outputs,
      change: paid.change === undefined ? undefined : { value: paid.change, place },
      fee: paid.fee,
      feeRate,
      vsize: paid.vsize,
      ...(paid.stays && { stays: paid.stays }),
      refused: view.refused,
    };
  } catch (error) {
    if (!(error instanceof InsufficientFundsError)) throw error;
    throw new InsufficientFundsError(error, fundsMessage(request, error, named ?? ours, canSign));
  }
}

/** What makes exactly this payment again, and nothing else: for whoever saw it before agreeing to it. */
export function requestOf({ from, to, coins, feeRate }: PaymentPlan): PaymentRequest {
  const labels = new Set(coins.map(({ label }) => label));
  const outPoints = coins.map(({ outPoint }) => outPoint);
  return { ...(labels.size === 1 && { from }), to, feeRate, coins: outPoints };
}

/** What may be spent now: what the next block takes, and change of ours that waits for a block, unless frozen. */
export function isUsable({ status, own, frozen }: WalletCoin): boolean {
  return !frozen && (status === 'spendable' || (status === 'pending' && own));
}

/** Where the change of a payment goes. */
export function changePlace(
  request: { readonly from: string; readonly change?: PaymentRequest['change'] },
  contents: Contents,
  view: ChainView,
): KeyPlace {
  const own = contents.labels.find(({ name }) => name === request.from)?.receive[0];
  if (request.change === 'reuse' && own !== undefined) return { chain: RECEIVE, index: own };
  return { chain: CHANGE, index: view.freeChange };
}

/** @throws WalletError `unknown-label` */
export function requireLabel(contents: Contents, name: string, view?: ChainView): Contents['labels'][number] {
  const label = contents.labels.find((candidate) => candidate.name === name);
  if (label !== undefined) return label;
  if (view?.coins.some((coin) => coin.label === name)) return { name, receive: [] };
  const names = contents.labels.map((candidate) => candidate.name).join(', ');
  throw new WalletError('unknown-label', `the wallet has no label "${name}"; there are: ${names}`);
}

interface WantedOutput {
  readonly value: Nits | typeof MAX;
  readonly script: Uint8Array;
}

interface Distribution {
  readonly coins: readonly WalletCoin[];
  readonly outputs: readonly TxOutput[];
  readonly change: Nits | undefined;
  readonly fee: Nits;
  readonly vsize: number;
  readonly stays?: StayingCoins | undefined;
}

interface Purse {
  /** To be tried one after the other. */
  readonly candidates: readonly (readonly WalletCoin[])[];
  readonly feeRate: FeeRate;
  readonly spendAll: boolean;
}

/** @throws InsufficientFundsError of the last candidates, which are all there are */
function distribute(
  outputs: readonly WantedOutput[],
  { candidates: all, feeRate, spendAll }: Purse,
): Distribution {
  const fixed = outputs.filter((output): output is TxOutput => output.value !== MAX);
  const taker = outputs.find(({ value }) => value === MAX);
  for (const [at, coins] of all.entries()) {
    try {
      if (taker === undefined) {
        return { ...selectCoins({ coins, outputs: fixed, feeRate, spendAll }), outputs: fixed };
      }
      const sweep = sweepCoins({ coins, outputs: fixed, script: taker.script, feeRate, spendAll });
      const { amount } = sweep;
      const paid = outputs.map(({ value, script }) => ({ value: value === MAX ? amount : value, script }));
      return { ...sweep, outputs: paid, change: undefined, stays: stayingOf(sweep) };
    } catch (error) {
      if (!(error instanceof WalletError) || at === all.length - 1) throw error;
    }
  }
  throw new RangeError('no coins to choose from');
}

function stayingOf({ noRoom, worthless }: ReturnType<typeof sweepCoins<WalletCoin>>) {
  if (noRoom.length + worthless.length === 0) return undefined;
  return { noRoom: pileOf(noRoom), worthless: pileOf(worthless) };
}

function pileOf(coins: readonly WalletCoin[]): CoinPile {
  return { count: coins.length, amount: coins.reduce((sum, { value }) => sum + value, 0n) };
}

/** The coins of each label alone, if any label may pay some amount; then all of them together. */
function candidates(
  { from, to, coins }: PaymentRequest,
  contents: Contents,
  usable: readonly WalletCoin[],
): (readonly WalletCoin[])[] {
  if (from !== undefined || coins !== undefined || to.some(({ amount }) => amount === MAX)) return [usable];
  const byLabel = new Map<string, WalletCoin[]>(contents.labels.map(({ name }) => [name, []]));
  for (const coin of usable) {
    const own = byLabel.get(coin.label);
    if (own === undefined) byLabel.set(coin.label, [coin]);
    else own.push(coin);
  }
  return [...[...byLabel.values()].filter((own) => own.length > 0), usable];
}

/**
 * The coins that the owner named.
 * @throws WalletError `coins-gone`, `frozen-coin`, `bad-coin` when one may not be spent
 */
function namedCoins(outPoints: readonly OutPoint[], from: string | undefined, view: ChainView): WalletCoin[] {
  const byPlace = new Map(view.coins.map((coin) => [outPointKey(coin.outPoint), coin]));
  const distinct = new Map(outPoints.map((outPoint) => [outPointKey(outPoint), outPoint]));
  return [...distinct].map(([key, outPoint]) => {
    const coin = byPlace.get(key);
    const name = coinName(outPoint);
    if (coin === undefined) {
      throw new WalletError('coins-gone', `the coin ${name} is not there, or was spent in the meantime`);
    }
    if (from !== undefined && coin.label !== from) {
      throw new WalletError('bad-coin', `the coin ${name} belongs to "${coin.label}", not to "${from}"`);
    }
    if (coin.frozen) {
      throw new WalletError('frozen-coin', `the coin ${name} is frozen: unfreeze it to spend it`);
    }
    if (!isUsable(coin)) {
      throw new WalletError('bad-coin', `the coin ${name} is ${coin.status}: it cannot be spent yet`);
    }
    return coin;
  });
}

/** "need X more for the fee", with what may come yet. */
function fundsMessage(
  { from, coins }: PaymentRequest,
  error: InsufficientFundsError,
  ours: readonly WalletCoin[],
  canSign: PlanFacts['canSign'],
): string {
  const { target, available, missing } = error;
  const forWhat = available >= target ? ' for the fee' : '';
  const fee = missing + available - target;
  const balance = balanceOf(ours);
  const frozen = balanceOf(ours.filter((coin) => coin.frozen)).spendable;
  const elsewhere = balanceOf(ours.filter((coin) => !canSign(coin))).spendable;
  const later = [
    balance.pending > 0n ? `${formatAmount(balance.pending)} is pending` : undefined,
    balance.immature > 0n ? `${formatAmount(balance.immature)} is immature` : undefined,
    elsewhere > 0n ? `the keys of ${formatAmount(elsewhere)} are elsewhere` : undefined,
    frozen > 0n ? `${formatAmount(frozen)} is frozen` : undefined,
  ].filter((part) => part !== undefined);
  const who = from === undefined ? 'the wallet' : `"${from}"`;
  return [
    `need ${formatAmount(missing)} NILZ more${forWhat}: ${coins ? 'these coins hold' : `${who} has`}`,
    `${formatAmount(available)}${coins ? '' : ' to spend'},`,
    `the payment is ${formatAmount(target)} and its fee ${formatAmount(fee)}`,
    later.length > 0 ? `(${later.join(', ')})` : '',
  ]
    .join(' ')
    .trim();
}
