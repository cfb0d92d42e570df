/** Amounts as people type them: plain decimal numbers of coins, read digit by digit. */
import { AmountError, formatAmount, MAX_MONEY, parseAmount } from '../../../protocol/amount.ts';
import { DUST_LIMIT } from '../../payments/coins.ts';

const MOST_DECIMALS = 8;

export type AmountReading = { readonly nits: bigint } | { readonly complaint: string };

/** Reads an amount of coins; never rounds, and refuses whatever could be meant in two ways. */
export function readAmount(text: string): AmountReading {
  const complaint = formComplaint(text);
  if (complaint !== undefined) return { complaint };
  try {
    const nits = parseAmount(canonical(text));
    if (nits === 0n) return { complaint: 'Nothing is no amount.' };
    if (nits < DUST_LIMIT) {
      return { complaint: `The smallest amount that the network carries is ${plainAmount(DUST_LIMIT)}.` };
    }
    return { nits };
  } catch (error) {
    if (!(error instanceof AmountError)) throw error;
    return { complaint: `There are only ${plainAmount(MAX_MONEY)} coins in all.` };
  }
}

function formComplaint(text: string): string | undefined {
  if (text === '') return 'How much?';
  if (text.includes(',')) return 'Write it without commas, with a point before the decimals: 1234.5.';
  if (/^[-−]/.test(text)) return 'An amount is not negative.';
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(text)) return 'Only digits and one point are an amount, such as 0.25.';
  const decimals = text.split('.')[1]?.replace(/0+$/, '').length ?? 0;
  if (decimals > MOST_DECIMALS) return `There are ${MOST_DECIMALS} decimals at most: nothing smaller exists.`;
  return undefined;
}

/** "007", ".5" and "5." are clear enough, but no JSON numbers. */
function canonical(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  return `${whole.replace(/^0+(?=\d)/, '') || '0'}${fraction === '' ? '' : `.${fraction}`}`;
}

/** As it can be typed again: "1234.5", without separators and needless zeros. */
export function plainAmount(nits: bigint): string {
  return formatAmount(nits).replace(/\.?0+$/, '');
}
