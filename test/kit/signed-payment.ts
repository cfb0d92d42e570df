/** Payments of which nobody hears: as services sign them. */
import type { PaymentRequest } from '../../wallet/payments/payment-plan.ts';
import type { ReplacementRequest } from '../../wallet/payments/replacement.ts';
import type { PreparedPayment } from '../../wallet/services/prepared-payment.ts';
import type { Wallet } from '../../wallet/wallet.ts';

export async function signedPayment(wallet: Wallet, request: PaymentRequest): Promise<PreparedPayment> {
  const prepared = await wallet.prepare(request);
  return { ...prepared, transaction: await wallet.signPrepared(prepared) };
}

export async function signedReplacement(
  wallet: Wallet,
  request: ReplacementRequest,
): Promise<PreparedPayment> {
  const prepared = await wallet.prepareReplacement(request);
  return { ...prepared, transaction: await wallet.signPrepared(prepared) };
}
