/** What a label has, told apart by when it can be spent. Pure. */
import type { Nits } from '../../protocol/units.ts';
import type { CoinStatus } from './backend.ts';

/** Sums that may exceed any single amount. */
export interface Balance {
  /** In a block, and the next one may spend it. */
  readonly spendable: Nits;
  /** Made by transactions that wait for a block, own change included. */
  readonly pending: Nits;
  /** Block rewards that have to wait. */
  readonly immature: Nits;
}

const NOTHING: Balance = { spendable: 0n, pending: 0n, immature: 0n };

/** The sum over coins. */
export function balanceOf(coins: Iterable<{ readonly value: Nits; readonly status: CoinStatus }>): Balance {
  const balance = { ...NOTHING };
  for (const { status, value } of coins) balance[status] += value;
  return balance;
}

/** Everything that is the owner's, whenever it can be spent. */
export function totalOf({ spendable, pending, immature }: Balance): Nits {
  return spendable + pending + immature;
}
