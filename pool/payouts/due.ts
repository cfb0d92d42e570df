/** Who is paid next, and in how many transactions. Pure. */
import { MAX_MONEY } from '../../protocol/amount.ts';
import type { Nits } from '../../protocol/units.ts';
import { DUST_LIMIT } from '../../wallet/coins.ts';
import { MAX_PAYMENT_WEIGHT, paymentWeight } from '../../wallet/fee.ts';
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

/** Length of the only script that is paid (P2WPKH). */
const SCRIPT_LENGTH = 22;
/** Room for coins in a transaction that is otherwise full of payees: 300 or so. */
const WEIGHT_FOR_COINS = 80_000;

/** So many payees fit into one transaction with its change and a few hundred coins. */
export const MAX_PAYEES = payeesWithin(MAX_PAYMENT_WEIGHT - WEIGHT_FOR_COINS);

function payeesWithin(weight: number): number {
  const bare = paymentWeight(1, new Array<number>(300).fill(SCRIPT_LENGTH));
  const perPayee = bare - paymentWeight(1, new Array<number>(299).fill(SCRIPT_LENGTH));
  return Math.floor((weight - paymentWeight(1, [SCRIPT_LENGTH])) / perPayee) - 1;
}

/** Parts of the list that fit into one transaction each, by size and by amount, in their order. */
export function inTransactions(due: readonly Debt[], maxPayees: number = MAX_PAYEES): Debt[][] {
  const parts: Debt[][] = [];
  let part: Debt[] = [];
  let total = 0n;
  for (const debt of due) {
    if (part.length >= maxPayees || (part.length > 0 && total + debt.amount > MAX_MONEY)) {
      parts.push(part);
      part = [];
      total = 0n;
    }
    part.push(debt);
    total += debt.amount;
  }
  return part.length === 0 ? parts : [...parts, part];
}

/** The longest beginning of a list that so much money covers. */
export function affordable(due: readonly Debt[], available: Nits): Debt[] {
  const covered: Debt[] = [];
  let total = 0n;
  for (const debt of due) {
    total += debt.amount;
    if (total > available) break;
    covered.push(debt);
  }
  return covered;
}
