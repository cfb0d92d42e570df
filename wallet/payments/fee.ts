/** Fee rates, and the size that a payment of P2WPKH coins will have. */
import type { Nits } from '../../protocol/units.ts';
import { WalletError } from '../wallet-error.ts';

/**
 * A fee rate in nits per 1,000 virtual bytes: an integer, so that a rate of 1.5 nits/vB stays exact
 * (the granularity of Bitcoin Core's CFeeRate).
 */
export type FeeRate = bigint & { readonly __unit?: 'nitsPerKvb' };

/** The lowest rate that nodes relay: 1 nit/vB. */
export const MINIMUM_FEE_RATE: FeeRate = 1_000n;

/** What a replacement pays more for its own size (BIP 125 rule 4; Bitcoin Core's `incrementalrelayfee`). */
export const INCREMENTAL_FEE_RATE: FeeRate = 1_000n;

/** Bitcoin Core's default `maxfeerate`: whoever offers more has most likely mistyped. */
export const MAXIMUM_FEE_RATE: FeeRate = 10_000_000n;

/**
 * Reads a fee rate in nits per virtual byte from its decimal digits.
 * @throws WalletError `bad-fee-rate` unless it is a number from 1 to 10000 with at most three decimals
 */
export function parseFeeRate(text: string): FeeRate {
  const match = /^(\d{1,6})(?:\.(\d{1,3}))?$/.exec(text);
  const rate = match ? BigInt(match[1] ?? '') * 1_000n + BigInt((match[2] ?? '').padEnd(3, '0')) : undefined;
  if (rate === undefined || rate < MINIMUM_FEE_RATE || rate > MAXIMUM_FEE_RATE) {
    throw new WalletError(
      'bad-fee-rate',
      `"${text}" is no fee rate: allowed are ${formatFeeRate(MINIMUM_FEE_RATE)} to ${formatFeeRate(MAXIMUM_FEE_RATE)} nits/vB with at most three decimals`,
    );
  }
  return rate;
}

/** A fee rate in nits per virtual byte, without trailing zeros: "1", "1.5". */
export function formatFeeRate(rate: FeeRate): string {
  const decimals = (rate % 1_000n).toString().padStart(3, '0').replace(/0+$/, '');
  return `${rate / 1_000n}${decimals && `.${decimals}`}`;
}

/** The fee for `vsize` virtual bytes, rounded up to whole nits. */
export function feeFor(vsize: number, rate: FeeRate): Nits {
  return (BigInt(vsize) * rate + 999n) / 1_000n;
}

/** BIP-141 weight of one signed P2WPKH input: 41 bytes of base data, and a witness of
 * [signature of at most 72 bytes with its hash type (strict DER, low S), compressed key]. */
const INPUT_WEIGHT = 4 * 41 + (1 + 1 + 72 + 1 + 33);

/** An output: 8 bytes of value, the length of its script, the script. */
function outputWeight(scriptLength: number): number {
  return 4 * (8 + compactSizeLength(scriptLength) + scriptLength);
}

function compactSizeLength(count: number): number {
  return count < 0xfd ? 1 : count <= 0xffff ? 3 : 5;
}

/** The largest transaction that nodes relay, in weight units (Bitcoin Core's MAX_STANDARD_TX_WEIGHT). */
export const MAX_PAYMENT_WEIGHT = 400_000;

/**
 * Weight of a signed transaction that spends P2WPKH coins, with signatures of the greatest length: a real one
 * is lighter by at most a few weight units per input.
 * @param inputCount number of P2WPKH coins spent
 * @param scriptLengths script lengths of the outputs, in bytes
 */
export function paymentWeight(inputCount: number, scriptLengths: readonly number[]): number {
  const counts = compactSizeLength(inputCount) + compactSizeLength(scriptLengths.length);
  const outputs = scriptLengths.reduce((sum, length) => sum + outputWeight(length), 0);
  const versionAndLockTime = 8;
  const markerAndFlag = 2;
  return 4 * (versionAndLockTime + counts) + markerAndFlag + inputCount * INPUT_WEIGHT + outputs;
}

/** Virtual size in bytes: a quarter of the weight, rounded up (BIP 141). */
export function vsizeOfWeight(weight: number): number {
  return Math.ceil(weight / 4);
}
