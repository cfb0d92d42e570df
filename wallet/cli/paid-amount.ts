/** Amounts as people type them: plain digits and a point, or "max". Everything else is refused with its reason. */
import { AmountError, formatAmount, MAX_MONEY, parseAmount } from '../../protocol/amount.ts';
import type { Nits } from '../../protocol/units.ts';
import { SettingError } from '../../service/config.ts';
import { DUST_LIMIT } from '../payments/coins.ts';

/** All that can be sent, less the fee. */
export const EVERYTHING = 'max';

const RANGE = `from ${formatAmount(DUST_LIMIT)} to ${formatAmount(MAX_MONEY)}`;

/** Forms that are refused, and why; the first one that fits is said. */
const REFUSED_FORMS: readonly (readonly [form: RegExp, why: string])[] = [
  [/^[-−]/, 'an amount is not negative'],
  [/,/, 'a comma is no decimal point and separates no thousands: write 1234.5'],
  [/^[\d.]+e[+-]?\d+$/i, 'an amount has no exponent: write out its digits'],
  [/^\d+\.\d{9,}$/, 'the smallest part of a NILZ is its eighth decimal'],
];

/**
 * What is to be paid.
 * @param source what holds the text, for the message: an option, or a line of a file
 * @throws SettingError that says what is wrong with the form
 */
export function paidAmount(text: string, source: string): Nits | typeof EVERYTHING {
  return text.toLowerCase() === EVERYTHING ? EVERYTHING : exactAmount(text, source);
}

/**
 * An amount in NILZ. Whether it is too little or too much to be paid is for the payment to say.
 * @throws SettingError that says what is wrong with the form
 */
export function exactAmount(text: string, source: string): Nits {
  if (!/^\d{1,8}(\.\d{1,8})?$/.test(text)) {
    const why = REFUSED_FORMS.find(([form]) => form.test(text))?.[1];
    throw new SettingError(
      `${source} ${shortened(text)}: must be decimal digits with at most eight after the point, ${RANGE}${why === undefined ? '' : ` (${why})`}`,
    );
  }
  try {
    return parseAmount(text.replace(/^0+(?=\d)/, ''));
  } catch (error) {
    if (error instanceof AmountError) throw new SettingError(`${source}: ${error.message}`);
    throw error;
  }
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
