/** Payments in two steps, for services that write down what is to be signed before there is a signature. */
import { outPointKey, type Transaction, txid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import type { WalletCoin } from '../chain/chain-view.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { type SpentCoin, signPayment } from '../payments/payment.ts';
import type { PaymentPlan, PaymentRequest } from '../payments/payment-plan.ts';
import { planReplacement, type ReplacementRequest } from '../payments/replacement.ts';
import { planned, unsignedPayment } from '../payments/sending.ts';
import { requireTrueCoins } from '../payments/true-outputs.ts';
import type { WalletContext } from '../wallet-context.ts';
import { WalletError } from '../wallet-error.ts';

/** A payment that only lacks its signatures. They change neither its id nor anything else of it (BIP 141). */
export interface PreparedPayment extends PaymentPlan {
  readonly txid: Hash;
  readonly transaction: Transaction;
}

/** What a signature needs to know of a payment. */
export interface UnsignedPayment {
  readonly transaction: Transaction;
  /** What its inputs spend, in any order. */
  readonly coins: readonly SpentCoin[];
}

/**
 * Chooses the coins of a payment and puts it together; nothing is signed, written down or said.
 * @throws WalletError as `Wallet.plan`; `watch-only` when there is no key to sign it with
 */
export async function preparePayment(
  context: WalletContext,
  request: PaymentRequest,
): Promise<PreparedPayment> {
  const look = await context.look();
  const ring = signingRing(context.ringOf(look.contents));
  const signable = { ...request, allows: onlySignable(ring, request.allows) };
  const plan = await planned(context, signable, look);
  await requireTrueCoins(plan.coins, look);
  return prepared(context, plan, ring);
}

/**
 * Puts a payment together that takes the place of an unconfirmed one: the same payees, all coins of the other one and
 * more where they do not cover the fee.
 * @throws WalletError when a coin is not this wallet's, or the coins do not cover the fee
 */
export async function prepareReplacement(
  context: WalletContext,
  request: ReplacementRequest,
): Promise<PreparedPayment> {
  const { contents, view } = await context.look();
  const ring = signingRing(context.ringOf(contents));
  const minimumFeeRate = await context.backend.minimumFeeRate();
  const signable = { ...request, allows: onlySignable(ring, request.allows) };
  const facts = { profile: context.profile, minimumFeeRate, ring };
  const plan = planReplacement(signable, contents, view, facts);
  const known = new Set(request.coins.map(({ outPoint }) => outPointKey(outPoint)));
  const added = plan.coins.filter(({ outPoint }) => !known.has(outPointKey(outPoint)));
  await requireTrueCoins(added, { contents, view });
  return prepared(context, plan, ring);
}

/**
 * Signs a payment that was prepared, now or before a restart.
 * @throws WalletError `coins-gone` when a coin is not this wallet's; as a look at the chain does where the keys are
 *   not known yet
 */
export async function signPrepared(
  context: WalletContext,
  { transaction, coins }: UnsignedPayment,
): Promise<Transaction> {
  const byPlace = new Map(coins.map((coin) => [outPointKey(coin.outPoint), coin]));
  const spent = transaction.inputs.map(({ previous }) => {
    const coin = byPlace.get(outPointKey(previous));
    if (coin === undefined) throw new RangeError('a prepared payment spends a coin that is not named');
    return coin;
  });
  const stored = context.ringOf(await context.store.read());
  const isKnown = (ring: KeyRing): boolean =>
    spent.every(({ script }) => ring.findScript(script) !== undefined);
  const ring = signingRing(isKnown(stored) ? stored : context.ringOf((await context.look()).contents));
  if (!isKnown(ring)) throw new WalletError('coins-gone', 'a coin of this payment belongs to another wallet');
  return signPayment(transaction, spent, ({ script }) => {
    const place = ring.findScript(script);
    if (place === undefined) throw new RangeError('a key that was known is not');
    return ring.privateKey(place);
  });
}

function prepared(context: WalletContext, plan: PaymentPlan, ring: KeyRing): PreparedPayment {
  const transaction = unsignedPayment(plan, ring, context.random);
  return { ...plan, transaction, txid: txid(transaction) };
}

/** @throws WalletError `watch-only` */
function signingRing(ring: KeyRing): KeyRing {
  if (!ring.watchOnly) return ring;
  throw new WalletError('watch-only', 'this wallet only watches: it cannot sign what a service pays');
}

function onlySignable(
  ring: KeyRing,
  allows: (coin: WalletCoin) => boolean = () => true,
): (coin: WalletCoin) => boolean {
  return (coin) => ring.canSign(coin.place) && allows(coin);
}
