/** The numbers that decide how a wallet is searched for. */
import { Field } from '../pieces/field.ts';

/** So many unused addresses in a row end a search (BIP 44). */
const USUAL_GAP = 20;
const LARGEST_GAP = 10_000;
const LARGEST_ACCOUNT = 2 ** 31 - 1;

export function gapLimitField(): Field {
  return new Field({
    label: 'Unused addresses in a row that end the search',
    about: `${USUAL_GAP} is what wallets keep to; more takes longer.`,
    value: String(USUAL_GAP),
    inputMode: 'numeric',
    maxLength: 5,
    check: (value) => wholeNumberComplaint(value, 1, LARGEST_GAP),
  });
}

export function accountComplaint(value: string): string | undefined {
  return wholeNumberComplaint(value, 0, LARGEST_ACCOUNT);
}

function wholeNumberComplaint(value: string, least: number, most: number): string | undefined {
  const isRight = /^\d{1,10}$/.test(value) && Number(value) >= least && Number(value) <= most;
  return isRight ? undefined : `A whole number from ${least} to ${most}.`;
}
