/** Payments: planned and shown first, then made exactly so. */
import { displayHash, parseDisplayHash } from '../../../protocol/bytes.ts';
import { HttpError } from '../../../service/http.ts';
import { UnreachableError } from '../../../service/unreachable-error.ts';
import { formatFeeRate, MAXIMUM_FEE_RATE, parseFeeRate } from '../../payments/fee.ts';
import type { FeeChoice, PresetRate } from '../../payments/fee-offer.ts';
import { requireSensibleFee } from '../../payments/fee-warning.ts';
import { MAX, type PaymentPlan, type PaymentRequest, requestOf } from '../../payments/payment-plan.ts';
import { type Payment, UndeliveredPaymentError } from '../../payments/sending.ts';
import type { Wallet } from '../../wallet.ts';
import type { CallRequest } from '../api.ts';
import type { SentPayment } from '../api-values.ts';
import type { ShownPlan } from '../plan-desk.ts';
import type { Handlers } from './handlers.ts';
import { outPointOf, outPointText } from './money-rows.ts';
import { planView } from './plan-view.ts';

export const PAYMENT_CALLS: Handlers<'fees' | 'plan' | 'plan/bump' | 'plan/cancel' | 'pay'> = {
  fees: async ({ wallet }, { shelf }) => {
    const { minimum, presets } = await shelf.get(wallet).fees();
    return {
      minimum_fee_rate: formatFeeRate(minimum),
      maximum_fee_rate: formatFeeRate(MAXIMUM_FEE_RATE),
      presets: {
        economy: presetRow(presets.economy),
        normal: presetRow(presets.normal),
        fast: presetRow(presets.fast),
      },
    };
  },
  plan: async (request, { shelf, plans }) => {
    const wallet = shelf.get(request.wallet);
    const plan = await wallet.plan(paymentRequest(request));
    const shown = plans.keep({ wallet: request.wallet, kind: 'payment', replaces: undefined, plan });
    return planView(shown, wallet);
  },
  'plan/bump': async ({ wallet: id, txid, fee }, { shelf, plans }) => {
    const wallet = shelf.get(id);
    const plan = await wallet.planBump(parseDisplayHash(txid), feeChoice(fee));
    return planView(plans.keep({ wallet: id, kind: 'bump', replaces: txid, plan }), wallet);
  },
  'plan/cancel': async ({ wallet: id, txid, fee }, { shelf, plans }) => {
    const wallet = shelf.get(id);
    const plan = await wallet.planCancel(parseDisplayHash(txid), feeChoice(fee));
    return planView(plans.keep({ wallet: id, kind: 'cancel', replaces: txid, plan }), wallet);
  },
  pay: async ({ wallet: id, plan, accept_high_fee: acceptHighFee = false }, { shelf, plans, tell }) => {
    const wallet = shelf.get(id);
    if (!acceptHighFee) requireSensibleFee(plans.find(plan, id).plan);
    const shown = plans.take(plan, id);
    try {
      return await sentPayment(() => make(shown, wallet, acceptHighFee));
    } catch (error) {
      if (error instanceof UnreachableError) plans.putBack(shown);
      throw error;
    } finally {
      tell({ event: 'changed', wallet: id });
    }
  },
};

/** The payment that the page asks for. */
export function paymentRequest({ from, to, fee, coins }: CallRequest<'plan'>): PaymentRequest {
  return {
    ...(from !== undefined && { from }),
    to: to.map(({ address, amount_nits: amount }) => ({
      address,
      amount: amount === 'max' ? MAX : BigInt(amount),
    })),
    ...feeChoice(fee),
    ...(coins !== undefined && { coins: coins.map(outPointOf) }),
  };
}

/** How a payment ends that was signed: delivered, or kept until the node is there again. */
export async function sentPayment(send: () => Promise<Pick<Payment, 'txid'>>): Promise<SentPayment> {
  try {
    const { txid } = await send();
    return { txid: displayHash(txid), delivered: true, note: null };
  } catch (error) {
    if (!(error instanceof UndeliveredPaymentError)) throw error;
    return { txid: displayHash(error.payment.txid), delivered: false, note: error.message };
  }
}

/** Makes a planned payment, and no other: one that would differ is not signed for anybody. */
function make({ kind, replaces, plan }: ShownPlan, wallet: Wallet, acceptHighFee: boolean): Promise<Payment> {
  const options = { beforeBroadcast: async (payment: PaymentPlan) => requireSame(payment, plan) };
  if (kind === 'payment') return wallet.pay({ ...requestOf(plan), acceptHighFee }, options);
  if (replaces === undefined) throw new RangeError(`a ${kind} that replaces nothing`);
  const choice = { feeRate: plan.feeRate, acceptHighFee };
  const txid = parseDisplayHash(replaces);
  return kind === 'bump' ? wallet.bump(txid, choice, options) : wallet.cancel(txid, choice, options);
}

/** @throws HttpError 409 `plan-changed` */
function requireSame(made: PaymentPlan, shown: PaymentPlan): void {
  if (summaryOf(made) === summaryOf(shown)) return;
  throw new HttpError(409, 'the payment would not be what was shown: look at it anew', {
    code: 'plan-changed',
  });
}

/** All that a person agreed to. Which change address is taken is none of it: another payment may have taken it. */
function summaryOf({ to, coins, fee, change }: PaymentPlan): string {
  const payees = to.map(({ address, amount }) => [address, String(amount)]);
  const spent = coins.map(({ outPoint }) => outPointText(outPoint)).sort();
  return JSON.stringify([payees, spent, String(fee), String(change?.value ?? 0n)]);
}

function feeChoice(fee: CallRequest<'plan'>['fee']): FeeChoice {
  return 'preset' in fee ? { fee: fee.preset } : { feeRate: parseFeeRate(fee.fee_rate) };
}

function presetRow({ rate, blocks, source }: PresetRate) {
  return { fee_rate: formatFeeRate(rate), blocks, source };
}
