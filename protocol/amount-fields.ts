import { amountToNumber } from './amount.ts';
import type { Nits } from './units.ts';

/** The two forms of an amount in JSON: a number to show, and the exact nits as text. */
export type AmountFields<Name extends string> = Record<Name, number | null> &
  Record<`${Name}_nits`, string | null>;

/** The same where it is known. */
export type KnownAmountFields<Name extends string> = Record<Name, number> & Record<`${Name}_nits`, string>;

/** An amount as `name` and `name_nits`; both null where it is unknown. */
export function amountFields<Name extends string>(name: Name, nits: Nits): KnownAmountFields<Name>;
export function amountFields<Name extends string>(name: Name, nits: Nits | undefined): AmountFields<Name>;
export function amountFields<Name extends string>(name: Name, nits: Nits | undefined): AmountFields<Name> {
  return {
    [name]: nits === undefined ? null : amountToNumber(nits),
    [`${name}_nits`]: nits === undefined ? null : nits.toString(),
  } as AmountFields<Name>;
}
