/** Many payees in as few transactions as can be. Pure. */
import { MAX_MONEY } from '../../protocol/amount.ts';
import type { Nits } from '../../protocol/units.ts';
import { MAX_PAYMENT_WEIGHT, paymentWeight } from '../payments/fee.ts';

/** Something to be paid: a debt, a claim. */
interface HasAmount {
  readonly amount: Nits;
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
export function inTransactions<T extends HasAmount>(
  due: readonly T[],
  maxPayees: number = MAX_PAYEES,
): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let total = 0n;
  for (const each of due) {
    if (part.length >= maxPayees || (part.length > 0 && total + each.amount > MAX_MONEY)) {
      parts.push(part);
      part = [];
      total = 0n;
    }
    part.push(each);
    total += each.amount;
  }
  return part.length === 0 ? parts : [...parts, part];
}

/** The longest beginning of a list that so much money covers. */
export function affordable<T extends HasAmount>(due: readonly T[], available: Nits): T[] {
  const covered: T[] = [];
  let total = 0n;
  for (const each of due) {
    total += each.amount;
    if (total > available) break;
    covered.push(each);
  }
  return covered;
}
