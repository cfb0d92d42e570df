/** What a payment offers for its place in a block: a preset, or a rate in nits per virtual byte. */
import { SettingError, string } from '../../service/config.ts';
import { FEE_PRESETS, type FeePreset } from '../keys/contents.ts';
import {
  type FeeRate,
  formatFeeRate,
  MAXIMUM_FEE_RATE,
  MINIMUM_FEE_RATE,
  parseFeeRate,
} from '../payments/fee.ts';
import { WalletError } from '../wallet-error.ts';

export const feeSettings = {
  fee: string({
    help: `${FEE_PRESETS.join(', ')}, or nits per virtual byte (default: the preset that the wallet is set to); see "nilz wallet fees"`,
  }),
  feeRate: string({ help: 'fee in nits per virtual byte, the same as --fee with a number' }),
};

/** A preset or a rate; neither: what the wallet is set to. */
export interface ChosenFee {
  readonly fee?: FeePreset;
  readonly feeRate?: FeeRate;
}

/** @throws SettingError naming the option */
export function chosenFee({
  fee,
  feeRate,
}: {
  readonly fee: string | undefined;
  readonly feeRate: string | undefined;
}): ChosenFee {
  if (fee !== undefined && feeRate !== undefined)
    throw new SettingError('--fee and --fee-rate say the same: give one of them');
  if (feeRate !== undefined) return { feeRate: rateOf(feeRate, '--fee-rate') };
  if (fee === undefined) return {};
  const preset = FEE_PRESETS.find((name) => name === fee.toLowerCase());
  if (preset !== undefined) return { fee: preset };
  if (/^\d/.test(fee)) return { feeRate: rateOf(fee, '--fee') };
  throw new SettingError(
    `--fee ${fee}: must be one of ${FEE_PRESETS.join(', ')}, or a rate from ${formatFeeRate(MINIMUM_FEE_RATE)} to ${formatFeeRate(MAXIMUM_FEE_RATE)} nits/vB`,
  );
}

function rateOf(text: string, option: string): FeeRate {
  try {
    return parseFeeRate(text);
  } catch (error) {
    if (error instanceof WalletError) throw new SettingError(`${option}: ${error.message}`);
    throw error;
  }
}
