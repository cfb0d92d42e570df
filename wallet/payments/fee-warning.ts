/** Fees that look like a mistake. Pure. */
import { formatAmount } from '../../protocol/amount.ts';
import type { Nits } from '../../protocol/units.ts';
import { WalletError } from '../wallet-error.ts';
import { type FeeRate, feeFor, formatFeeRate, MAXIMUM_FEE_RATE } from './fee.ts';

/** A fee above such a part of what is paid is asked about first. */
const SUSPICIOUS_PERCENT = 25n;

/** What a fee is judged by; a payment plan has all of it. */
export interface FeeFacts {
  readonly fee: Nits;
  readonly vsize: number;
  readonly outputs: readonly { readonly value: Nits }[];
  readonly change: { readonly value: Nits } | undefined;
}

/** What to tell the owner before such a fee is paid; undefined when there is nothing to say. */
export function feeWarning({ fee, vsize, outputs, change }: FeeFacts): string | undefined {
  if (fee > feeFor(vsize, MAXIMUM_FEE_RATE)) {
    const rate: FeeRate = (fee * 1_000n) / BigInt(vsize);
    return `the fee of ${formatAmount(fee)} NILZ is ${formatFeeRate(rate)} nits/vB: nodes take no more than ${formatFeeRate(MAXIMUM_FEE_RATE)} without a question`;
  }
  // A payment that only returns coins to their owner pays nobody else.
  const paid =
    outputs.length === 0 ? (change?.value ?? 0n) : outputs.reduce((sum, { value }) => sum + value, 0n);
  if (fee * 100n <= paid * SUSPICIOUS_PERCENT) return undefined;
  const percent = paid === 0n ? 'all' : `${(fee * 100n) / paid} %`;
  return `the fee of ${formatAmount(fee)} NILZ is ${percent} of the ${formatAmount(paid)} NILZ that are paid`;
}

/** @throws WalletError `high-fee` */
export function requireSensibleFee(facts: FeeFacts): void {
  const warning = feeWarning(facts);
  if (warning !== undefined) throw new WalletError('high-fee', `${warning}; nothing was signed`);
}
