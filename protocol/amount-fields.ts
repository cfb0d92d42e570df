import { amountToNumber } from './amount.ts';
import type { Nits } from './units.ts';

/** The two forms of an amount in JSON: a number to show, and the exact nits as text. */
export type AmountFields<Name extends string> = Record<Name, number | null> &
  Record<`${Name}_nits`, string | null>;

/** An amount as `name` and `name_nits`; both null where it is unknown. */
export function amountFields<Name extends string>(name: Name, nits: Nits | undefined): AmountFields<Name> {
  return {
    [name]: nits === undefined ? null : amountToNumber(nits),
    [`${name}_nits`]: nits === undefined ? null : nits.toString(),
  } as AmountFields<Name>;
}
