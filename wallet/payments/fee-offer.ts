/** What fee rates there are to choose from at present: named ones from the backend's estimates, and the lowest. */
import type { ChainBackend } from '../chain/backend.ts';
import { FEE_PRESETS, type FeePreset } from '../keys/contents.ts';
import { WalletError } from '../wallet-error.ts';
import { type FeeRate, formatFeeRate, MAXIMUM_FEE_RATE } from './fee.ts';

/** Blocks within which a payment is to be confirmed. */
const PRESET_BLOCKS: Readonly<Record<FeePreset, number>> = { economy: 24, normal: 6, fast: 2 };

/** What a named fee is worth at present. */
export interface PresetRate {
  readonly rate: FeeRate;
  /** Within so many blocks such payments were confirmed lately. */
  readonly blocks: number;
  /**
   * `fallback`: too few payments were seen for an estimate, so this is the lowest rate that is accepted, or that of a
   * slower preset.
   */
  readonly source: 'estimate' | 'fallback';
}

export interface FeeOffer {
  /** The lowest that is accepted. */
  readonly minimum: FeeRate;
  readonly presets: Readonly<Record<FeePreset, PresetRate>>;
}

/** How the fee of a payment is chosen: a rate, or a name of one; without either it is the lowest. */
export interface FeeChoice {
  readonly feeRate?: FeeRate;
  readonly fee?: FeePreset;
}

type FeeSource = Pick<ChainBackend, 'minimumFeeRate' | 'feeEstimates'>;

/** @throws WalletError `bad-backend` for rates that nobody would offer */
export async function feeOffer(backend: FeeSource): Promise<FeeOffer> {
  const [minimum, estimates] = await Promise.all([
    backend.minimumFeeRate(),
    backend.feeEstimates(FEE_PRESETS.map((preset) => PRESET_BLOCKS[preset])),
  ]);
  return offerOf(minimum, estimates);
}

/**
 * Never below what is accepted, and none cheaper than a slower one: estimates of different targets are learned
 * apart and may cross.
 * @param estimates in the order of {@link FEE_PRESETS}: from slow to quick
 */
export function offerOf(minimum: FeeRate, estimates: readonly (FeeRate | undefined)[]): FeeOffer {
  let atLeast = minimum;
  const rateOf = (preset: FeePreset): PresetRate => {
    const estimate = estimates[FEE_PRESETS.indexOf(preset)];
    if (estimate !== undefined && estimate > atLeast) atLeast = estimate;
    const source = estimate === undefined ? 'fallback' : 'estimate';
    return { rate: atLeast, blocks: PRESET_BLOCKS[preset], source };
  };
  return { minimum, presets: { economy: rateOf('economy'), normal: rateOf('normal'), fast: rateOf('fast') } };
}

/**
 * The rate that was chosen.
 * @returns with `minimum`, the lowest that is accepted
 * @throws WalletError `bad-fee-rate` when both a rate and a name are given, or the rate is out of range
 */
export async function chosenFeeRate(
  { feeRate, fee }: FeeChoice,
  backend: FeeSource,
): Promise<{ readonly minimum: FeeRate; readonly feeRate: FeeRate }> {
  if (feeRate !== undefined && fee !== undefined) {
    throw new WalletError('bad-fee-rate', 'a payment has either a fee rate or the name of one, not both');
  }
  if (fee !== undefined) {
    const { minimum, presets } = await feeOffer(backend);
    return { minimum, feeRate: presets[fee].rate };
  }
  const minimum = await backend.minimumFeeRate();
  const chosen = feeRate ?? minimum;
  if (chosen < minimum) {
    throw new WalletError(
      'bad-fee-rate',
      `${formatFeeRate(chosen)} nits/vB is below the ${formatFeeRate(minimum)} nits/vB that the node accepts at present`,
    );
  }
  if (chosen > MAXIMUM_FEE_RATE) {
    throw new WalletError(
      'bad-fee-rate',
      `${formatFeeRate(chosen)} nits/vB is above ${formatFeeRate(MAXIMUM_FEE_RATE)} nits/vB, the most that nodes take without a question`,
    );
  }
  return { minimum, feeRate: chosen };
}
