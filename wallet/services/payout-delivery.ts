/** From a payout that is written down to the network: signed, signature written down, kept by the wallet, handed in. */
import { encodeTransaction } from '../../protocol/transaction.ts';
import type { Clock } from '../../service/clock.ts';
import type { Owed, PayoutBook, PayoutInput, PayoutTransaction } from './payout.ts';
import type { PayoutChain, SendAnswer } from './payout-chain.ts';
import type { BlockPlace } from './payout-state.ts';
import type { PreparedPayment } from './prepared-payment.ts';
import type { ServiceWallet } from './service-wallet.ts';

/** The steps of one transaction of a payout, in their order. A crash after any of them is survived. */
export const PAYOUT_STEPS = ['chosen', 'written', 'signed', 'kept', 'sent'] as const;
export type PayoutStep = (typeof PAYOUT_STEPS)[number];

export interface Delivery<I extends PayoutInput> {
  readonly book: Pick<PayoutBook<Owed, I>, 'sign'>;
  readonly wallet: ServiceWallet;
  readonly chain: PayoutChain<I>;
  readonly onStep?: ((step: PayoutStep) => Promise<void>) | undefined;
}

/** A transaction of a payout that the book has, without signatures. */
export interface Undelivered<I extends PayoutInput> {
  readonly payoutId: number;
  readonly transaction: PayoutTransaction<I>;
  /** Those of the payout whose place it takes, oldest first. */
  readonly earlier: readonly PayoutTransaction<I>[];
}

/**
 * A payment that was put together, as the book takes it: without signatures.
 * @throws what `PayoutChain.inputsOf` throws
 */
export async function writable<I extends PayoutInput>(
  { txid, transaction, fee, coins }: PreparedPayment,
  tip: BlockPlace,
  { chain, clock }: { readonly chain: PayoutChain<I>; readonly clock: Clock },
): Promise<PayoutTransaction<I>> {
  const raw = encodeTransaction(transaction);
  const inputs = await chain.inputsOf(coins, tip);
  return { txid, raw, fee, timeMs: clock.wallMs(), height: tip.height, inputs };
}

/**
 * Signs what the book has and lets the wallet know. Nothing else is ever signed: a crash before the signature is in
 * the book leaves the same transaction to be signed again, and nobody has heard of the signature that was lost.
 * @returns it with its signatures
 * @throws WalletError `coins-gone` when its coins belong to another wallet
 */
export async function signWritten<I extends PayoutInput>(
  { payoutId, transaction, earlier }: Undelivered<I>,
  { book, wallet, onStep }: Delivery<I>,
): Promise<PayoutTransaction<I>> {
  const raw = await wallet.sign(transaction);
  await book.sign(payoutId, transaction.txid, raw);
  await onStep?.('signed');
  const signed = { ...transaction, raw };
  await wallet.keep(signed, earlier);
  await onStep?.('kept');
  return signed;
}

/** {@link signWritten}, and hands it in. */
export async function deliver<I extends PayoutInput>(
  undelivered: Undelivered<I>,
  delivery: Delivery<I>,
): Promise<SendAnswer> {
  const { raw } = await signWritten(undelivered, delivery);
  return delivery.chain.send(raw);
}
