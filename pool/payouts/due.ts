/** Who is paid next, and who waits. Pure. */
import type { Nits } from '../../protocol/units.ts';
import { DUST_LIMIT } from '../../wallet/payments/coins.ts';
import type { Debt } from '../ledger/payout-rows.ts';

/** The debts that are large enough, and those that wait for more: they stay owed, for ever if need be. */
export interface Due {
  readonly due: readonly Debt[];
  readonly waits: readonly Debt[];
}

/** The least that is paid: the operator's minimum, and never what no node would relay. */
export function payoutMinimum(minimum: Nits): Nits {
  return minimum > DUST_LIMIT ? minimum : DUST_LIMIT;
}

export function chooseDue(debts: readonly Debt[], minimum: Nits): Due {
  const least = payoutMinimum(minimum);
  return {
    due: debts.filter(({ amount }) => amount >= least),
    waits: debts.filter(({ amount }) => amount < least),
  };
}
