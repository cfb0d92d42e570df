/** How a payment is made: planned, signed, written down, and only then handed in. */
import { displayHash } from '../../protocol/bytes.ts';
import { type Transaction, txid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import { PaymentRejectedError } from '../chain/backend.ts';
import type { WalletCoin } from '../chain/chain-view.ts';
import { type KeptPayment, withOutgoing, withoutOutgoing } from '../chain/outgoing.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { type Look, type WalletContext, withKeys } from '../wallet-context.ts';
import { chosenFeeRate, type FeeChoice } from './fee-offer.ts';
import { requireSensibleFee } from './fee-warning.ts';
import { buildPayment, signPayment } from './payment.ts';
import { type PaymentPlan, type PaymentRequest, planPayment } from './payment-plan.ts';
import { readPending } from './pending-payment.ts';
import { planBump, planCancel, replacementRate } from './replacement.ts';
import { requireTrueCoins } from './true-outputs.ts';

/** A signed payment. */
export interface Payment extends PaymentPlan {
  readonly txid: Hash;
  readonly transaction: Transaction;
}

/** Without a choice: the fast preset, or the least that is let in if that is more. */
export interface ReplacementChoice extends FeeChoice {
  readonly acceptHighFee?: boolean;
}

export interface PayOptions {
  /**
   * Called with the signed payment before anything else knows of it: when it rejects, the payment was never made.
   * A service writes it down here, so that whatever is sent was recorded first.
   */
  readonly beforeBroadcast?: (payment: Payment) => Promise<void>;
}

/** The payment is signed and kept, but the backend could not be asked to take it; it is handed in again later. */
export class UndeliveredPaymentError<P extends KeptPayment = Payment> extends Error {
  override readonly name = 'UndeliveredPaymentError';
  readonly payment: P;

  constructor(payment: P, cause: UnreachableError) {
    const id = displayHash(payment.txid);
    super(
      `${cause.message}. The payment ${id} is signed and kept in the wallet: every later look at the chain hands it in again, so do not send it a second time`,
      { cause },
    );
    this.payment = payment;
  }
}

/** See `Wallet.plan`. */
export async function planned(
  context: WalletContext,
  request: PaymentRequest,
  { contents, view }: Look,
): Promise<PaymentPlan> {
  const { feeRate } = await chosenFeeRate(request, context.backend);
  const ring = context.ringOf(contents);
  // A wallet that only watches plans for whoever holds the keys; any other one spends what it can sign for.
  const canSign = ({ place }: WalletCoin): boolean => ring.watchOnly || ring.canSign(place);
  return planPayment(request, contents, view, { profile: context.profile, feeRate, canSign });
}

/** See `Wallet.pay`. */
export function pay(context: WalletContext, request: PaymentRequest, options: PayOptions): Promise<Payment> {
  const { acceptHighFee } = request;
  return send(context, { ...options, ...(acceptHighFee && { acceptHighFee }) }, (look) =>
    planned(context, request, look),
  );
}

/** How a payment gets another's place: to pay the same payees, or nobody. */
export type ReplacementPurpose = 'bump' | 'cancel';

/** See `Wallet.planBump`, `Wallet.planCancel`. */
export async function plannedReplacement(
  context: WalletContext,
  purpose: ReplacementPurpose,
  replaced: Hash,
  choice: FeeChoice,
  look: Look,
): Promise<PaymentPlan> {
  const { contents, view } = look;
  const pending = await readPending(context, replaced, look);
  // Who asks for it is in a hurry.
  const usual: FeeChoice =
    choice.feeRate === undefined && choice.fee === undefined ? { fee: 'fast' } : choice;
  const chosen = await chosenFeeRate(usual, context.backend);
  const feeRate = replacementRate(pending, choice, chosen.feeRate);
  const facts = { contents, view, ring: context.ringOf(contents), profile: context.profile, feeRate };
  return purpose === 'bump' ? planBump(pending, facts) : planCancel(pending, facts);
}

/** See `Wallet.bump`, `Wallet.cancel`. */
export function replace(
  context: WalletContext,
  purpose: ReplacementPurpose,
  replaced: Hash,
  { acceptHighFee, ...choice }: ReplacementChoice,
  options: PayOptions,
): Promise<Payment> {
  return send(context, { ...options, ...(acceptHighFee && { acceptHighFee }) }, (look) =>
    plannedReplacement(context, purpose, replaced, choice, look),
  );
}

/** See `Wallet.keep`. */
export function keep(context: WalletContext, payment: KeptPayment): Promise<void> {
  return context.store.update(async (contents) => {
    const isKnown = contents.outgoing.some(({ txid: id }) => id === displayHash(payment.txid));
    const updated = isKnown ? contents : withOutgoing(contents, payment, context.now());
    return { contents: updated, result: undefined };
  });
}

export interface SendOptions extends PayOptions {
  readonly acceptHighFee?: boolean;
}

/**
 * Plans with the newest contents and a fresh look at the chain, while nobody else can change the wallet; signs, writes
 * down, hands in.
 */
export async function send(
  context: WalletContext,
  { beforeBroadcast, acceptHighFee = false }: SendOptions,
  plan: (look: Look) => Promise<PaymentPlan>,
): Promise<Payment> {
  const payment = await context.store.update(async (stored) => {
    const look = await context.lookWith(stored);
    const made = await plan(look);
    if (!acceptHighFee) requireSensibleFee(made);
    await requireTrueCoins(made.coins, look);
    const signed = signPlan(made, context.ringOf(look.contents), context.random);
    await beforeBroadcast?.(signed);
    const kept = withOutgoing(look.contents, signed, context.now());
    return { contents: withKeys(kept, context.ringOf(kept)), result: signed };
  });
  return handIn(context, payment);
}

/**
 * Hands in a payment that is written down.
 * @throws PaymentRejectedError when the chain refuses it, and then it is forgotten; UndeliveredPaymentError when the
 *   backend could not be asked, and then it is handed in later
 */
export async function handIn<P extends KeptPayment>(context: WalletContext, payment: P): Promise<P> {
  const { backend, store } = context;
  try {
    await backend.broadcast(payment.transaction);
  } catch (error) {
    if (error instanceof UnreachableError) throw new UndeliveredPaymentError(payment, error);
    if (!(error instanceof PaymentRejectedError)) throw error;
    // Another look at the chain may have handed it in meanwhile, with more success.
    const [standing] = await backend.transactions([payment.txid]);
    if (standing !== undefined) return payment;
    await store.update(async (contents) => ({
      contents: withoutOutgoing(contents, displayHash(payment.txid)),
      result: undefined,
    }));
    throw error;
  }
  return payment;
}

/**
 * @param random a whole number from 0 to below its argument: where the change stands among the outputs
 * @throws WalletError `watch-only` when the keys are elsewhere
 */
export function signPlan(plan: PaymentPlan, ring: KeyRing, random: (end: number) => number): Payment {
  const { coins } = plan;
  const transaction = signPayment(unsignedPayment(plan, ring, random), coins, (coin) =>
    ring.privateKey(coin.place),
  );
  return { ...plan, transaction, txid: txid(transaction) };
}

/** The transaction of a plan, before anybody signs it. */
export function unsignedPayment(
  { coins, outputs, change }: Pick<PaymentPlan, 'coins' | 'outputs' | 'change'>,
  ring: KeyRing,
  random: (end: number) => number,
): Transaction {
  const position = random(outputs.length + 1);
  return buildPayment({
    coins,
    outputs,
    ...(change && { change: { value: change.value, script: ring.script(change.place), position } }),
  });
}
