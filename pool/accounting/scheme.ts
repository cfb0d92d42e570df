/** How a reward is divided, and what the operator keeps of it. */
import type { Nits } from '../../protocol/units.ts';

/**
 * - `pplns`: among the last shares, twice a block's worth of them, whichever round they were made in
 * - `prop`: among the shares of the round
 * - `solo`: the coinbase pays the finder; the ledger keeps nothing for anybody
 */
export const SCHEMES = ['pplns', 'prop', 'solo'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** An operator's fee: `numerator` ÷ `denominator` of the reward, exactly as the digits of the percentage say. */
export interface Fee {
  /** The percentage: "1.5". */
  readonly percent: string;
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What one block is divided by. Kept with the block: settings that change later do not change it. */
export interface Terms {
  readonly scheme: Scheme;
  readonly fee: Fee;
}

/** The text is no percentage. */
export class FeeError extends Error {
  override readonly name = 'FeeError';
}

const PERCENT = /^(\d{1,3})(?:\.(\d{1,6}))?$/;

/**
 * Reads a percentage from its decimal digits, never through a float.
 * @throws FeeError unless it is a number from 0 to 100 with at most six decimals
 */
export function parseFee(percent: string): Fee {
  const [, whole = '', fraction = ''] = PERCENT.exec(percent) ?? [];
  const numerator = whole === '' ? undefined : BigInt(whole + fraction);
  const denominator = 100n * 10n ** BigInt(fraction.length);
  if (numerator !== undefined && numerator <= denominator) return { percent, numerator, denominator };
  throw new FeeError(`"${percent}" is no fee: allowed is 0 to 100 percent with at most six decimals`);
}

/** What a solo block's coinbase pays whom; together its reward. */
export interface SoloParts {
  readonly finder: Nits;
  readonly operator: Nits;
}

/** No output of a solo block is worth less: Bitcoin Core's dust limit of P2PKH, the highest of the scripts paid. */
const LEAST_SOLO_OUTPUT: Nits = 546n;

/** Divides a solo block's reward. A part too small to be worth spending is the other one's. */
export function soloParts(reward: Nits, fee: Fee): SoloParts {
  const finder = withoutFee(reward, fee);
  if (reward - finder < LEAST_SOLO_OUTPUT) return { finder: reward, operator: 0n };
  if (finder < LEAST_SOLO_OUTPUT) return { finder: 0n, operator: reward };
  return { finder, operator: reward - finder };
}

/** What is left for miners, in whole nits; the rest, rounding included, is the operator's. */
export function withoutFee(reward: Nits, { numerator, denominator }: Fee): Nits {
  return (reward * (denominator - numerator)) / denominator;
}
