/** Which coins would pay for a payment, what it costs, and where the change goes. Pure but for reading coins. */
import { formatAmount } from '../../protocol/amount.ts';
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { type OutPoint, outPointKey, type TxOutput } from '../../protocol/transaction.ts';
import type { Nits } from '../../protocol/units.ts';
import { type Balance, balanceOf } from '../chain/balance.ts';
import type { ChainView, WalletCoin } from '../chain/chain-view.ts';
import type { RefusedPayment } from '../chain/outgoing.ts';
import { type Contents, DEFAULT_LABEL } from '../keys/contents.ts';
import { CHANGE, type KeyPlace, RECEIVE } from '../keys/key-ring.ts';
import { WalletError } from '../wallet-error.ts';
import { InsufficientFundsError, selectCoins } from './coins.ts';
import { type FeeRate, formatFeeRate } from './fee.ts';
import { payableAmount, payeeScript } from './payee.ts';

export interface Payee {
  readonly address: string;
  readonly amount: Nits;
}

export interface PaymentRequest {
  /** The label whose coins pay. */
  readonly from: string;
  readonly to: readonly Payee[];
  /** Default: the lowest that the backend accepts. */
  readonly feeRate?: FeeRate;
  /**
   * Where change goes: to a `fresh` address of the change chain (default), or back to the first address of the
   * label: `reuse` is for services whose address is known anyway and whose wallet must not grow with every payment.
   */
  readonly change?: 'fresh' | 'reuse';
  /** Spend exactly these coins. Default: as {@link selectCoins} chooses. */
  readonly coins?: readonly OutPoint[];
  /** Spend only coins for which this says yes. Default: any. */
  readonly allows?: (coin: WalletCoin) => boolean;
}

/** A payment as it would be made now. Nothing of it is kept. */
export interface PaymentPlan {
  readonly from: string;
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
  /** Earlier payments that the chain does not take. */
  readonly refused: readonly RefusedPayment[];
}

/**
 * @param minimumFeeRate used when the request names no rate
 * @throws WalletError when the payment cannot be made: no such label, an address, amount or rate that cannot be
 *   paid, too few coins ({@link InsufficientFundsError})
 */
export function planPayment(
  request: PaymentRequest,
  contents: Contents,
  view: ChainView,
  { profile, minimumFeeRate }: { readonly profile: NetworkProfile; readonly minimumFeeRate: FeeRate },
): PaymentPlan {
  const { from, to, feeRate = minimumFeeRate } = request;
  requireLabel(contents, from, view);
  if (feeRate < minimumFeeRate) {
    throw new WalletError(
      'bad-fee-rate',
      `${formatFeeRate(feeRate)} nits/vB is below the ${formatFeeRate(minimumFeeRate)} nits/vB that the node accepts at present`,
    );
  }
  const outputs = to.map(({ address, amount }) => ({
    value: payableAmount(amount),
    script: payeeScript(address, profile.name, profile.address),
  }));
  const ours = view.coins.filter((coin) => coin.label === from);
  const usable = ours.filter(
    (coin) => isUsable(coin) && (request.allows === undefined || request.allows(coin)),
  );
  try {
    const spendAll = request.coins !== undefined;
    const coins = request.coins === undefined ? usable : named(request.coins, usable);
    const selection = selectCoins({ coins, outputs, feeRate, spendAll });
    const { fee, vsize, coins: chosen } = selection;
    const place = changePlace(request, contents, view);
    const change = selection.change === undefined ? undefined : { value: selection.change, place };
    return { from, to, coins: chosen, outputs, change, fee, feeRate, vsize, refused: view.refused };
  } catch (error) {
    if (!(error instanceof InsufficientFundsError)) throw error;
    throw new InsufficientFundsError(error, fundsMessage(from, error, balanceOf(ours)));
  }
}

/** What may be spent now: what the next block takes, and change of ours that waits for a block. */
export function isUsable({ status, own }: WalletCoin): boolean {
  return status === 'spendable' || (status === 'pending' && own);
}

/** Where the change of a payment goes. */
export function changePlace(
  request: Pick<PaymentRequest, 'from' | 'change'>,
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
  if (name === DEFAULT_LABEL && view?.coins.some((coin) => coin.label === name)) return { name, receive: [] };
  const names = contents.labels.map((candidate) => candidate.name).join(', ');
  throw new WalletError('unknown-label', `the wallet has no label "${name}"; there are: ${names}`);
}

function named(outPoints: readonly OutPoint[], coins: readonly WalletCoin[]): WalletCoin[] {
  const byPlace = new Map(coins.map((coin) => [outPointKey(coin.outPoint), coin]));
  return outPoints.map((outPoint) => {
    const coin = byPlace.get(outPointKey(outPoint));
    if (coin !== undefined) return coin;
    throw new WalletError('coins-gone', 'a coin of this payment was spent in the meantime: try again');
  });
}

/**
 * Compares each coin with the transaction that made it. A signature covers the value it was told (BIP 143), so a
 * lie about it costs no coins; but two lies could be put together into a payment with a giant fee.
 */
export async function requireTrueCoins(coins: readonly WalletCoin[], view: ChainView): Promise<void> {
  const outputs = await view.reader.outputs(coins.map(({ outPoint }) => outPoint));
  coins.forEach(({ value, script, outPoint }, at) => {
    const output = outputs[at];
    if (output?.value === value && equalBytes(output.script, script)) return;
    throw new WalletError(
      'bad-backend',
      `the node says that coin ${displayHash(outPoint.txid)}:${outPoint.index} is another than it is; nothing was signed`,
    );
  });
}

/** "need X more for the fee", with what may come yet. */
function fundsMessage(label: string, error: InsufficientFundsError, balance: Balance): string {
  const { target, available, missing } = error;
  const forWhat = available >= target ? ' for the fee' : '';
  const fee = missing + available - target;
  const later = [
    balance.pending > 0n ? `${formatAmount(balance.pending)} is pending` : undefined,
    balance.immature > 0n ? `${formatAmount(balance.immature)} is immature` : undefined,
  ].filter((part) => part !== undefined);
  return [
    `need ${formatAmount(missing)} NILZ more${forWhat}: "${label}" has ${formatAmount(available)} to spend,`,
    `the payment is ${formatAmount(target)} and its fee ${formatAmount(fee)}`,
    later.length > 0 ? `(${later.join(', ')})` : '',
  ]
    .join(' ')
    .trim();
}
