import type { Nits } from './units.ts';

/** Nits in one NILZ. */
export const COIN: Nits = 100_000_000n;

/** No amount, and no sum of one transaction's inputs or outputs, is larger. */
export const MAX_MONEY: Nits = 21_000_000n * COIN;

const DECIMALS = 8;

/** A text or number that is no amount; the message says why. */
export class AmountError extends Error {
  override readonly name = 'AmountError';
}

/** Whether `amount` lies in 0 … 21,000,000 NILZ. */
export function isMoney(amount: bigint): boolean {
  return amount >= 0n && amount <= MAX_MONEY;
}

/** Digits, perhaps a fraction, perhaps an exponent: the grammar of a JSON number. */
const DECIMAL_NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;
const MAX_TEXT_LENGTH = 100;

/**
 * The amount that a decimal number of NILZ stands for. Works on the digits, never on a float: a number is
 * read through its shortest decimal form, so 0.1 is ten million nits and 1e-8 is one.
 * @throws AmountError when it is not a plain decimal number, negative, finer than 8 decimals, or above
 * 21,000,000
 */
export function parseAmount(value: string | number): Nits {
  const text = String(value);
  const match = text.length <= MAX_TEXT_LENGTH ? DECIMAL_NUMBER.exec(text) : null;
  if (match === null) throw new AmountError(`amount ${quote(text)} is not a decimal number`);
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return 0n;
  if (sign === '-') throw new AmountError(`amount ${quote(text)} is negative`);
  // The value is digits × 10^zeros nits.
  const zeros = Number(exponent) - fraction.length + DECIMALS;
  const significant = digits.replace(/0+$/, '');
  const power = zeros + digits.length - significant.length;
  if (power < 0) throw new AmountError(`amount ${quote(text)} has more than ${DECIMALS} decimals`);
  if (significant.length + power > String(MAX_MONEY).length) throw tooLarge(text);
  const amount = BigInt(significant + '0'.repeat(power));
  if (amount > MAX_MONEY) throw tooLarge(text);
  return amount;
}

function tooLarge(text: string): AmountError {
  return new AmountError(`amount ${quote(text)} is above 21000000`);
}

function quote(text: string): string {
  return text.length > 40 ? `"${text.slice(0, 40)}…"` : `"${text}"`;
}

/** The amount in NILZ with all eight decimals, as in "50.00000000"; any size, either sign. */
export function formatAmount(amount: Nits): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(DECIMALS + 1, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`;
}

/** The amount in NILZ as a number for JSON; exact to the nit up to 90,000,000 NILZ. */
export function amountToNumber(amount: Nits): number {
  return Number(formatAmount(amount));
}
