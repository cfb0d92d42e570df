/** What everybody has: a pure fold over what the ledger's books say of credits. */
import type { Nits } from '../../protocol/units.ts';
import type { PayoutState } from '../../wallet/services/payout-state.ts';
import type { BlockState } from './block-state.ts';

/** Credits of one address that are alike, summed up. */
export interface CreditSum {
  readonly blockState: BlockState;
  /** Paid by the coinbase itself (`solo`). */
  readonly isDirect: boolean;
  /** Of the payout that carries them; undefined while none does. */
  readonly payoutState: Exclude<PayoutState, 'returned'> | undefined;
  readonly amount: Nits;
}

/** Sums that may exceed any single amount. Nothing here is ever negative. */
export interface Balance {
  /** Of blocks that may still be lost. */
  readonly immature: Nits;
  /** Of all blocks that are confirmed, paid or not. */
  readonly confirmed: Nits;
  /** Confirmed, and in no payout yet. */
  readonly owed: Nits;
  /** Signed and written down, but in no block yet. */
  readonly inPayout: Nits;
  /** In a block, or paid by a coinbase that has matured. */
  readonly paid: Nits;
  /** Of blocks that were lost before anything was paid for them: not owed. */
  readonly orphaned: Nits;
  /** Paid for blocks that were lost afterwards: the operator's loss, nobody else's. */
  readonly lostToOperator: Nits;
}

export const NO_BALANCE: Balance = {
  immature: 0n,
  confirmed: 0n,
  owed: 0n,
  inPayout: 0n,
  paid: 0n,
  orphaned: 0n,
  lostToOperator: 0n,
};

/** Sums credits up. A credit that a payout carries stays paid, whatever becomes of its block. */
export function balanceOf(credits: Iterable<CreditSum>): Balance {
  const balance = { ...NO_BALANCE };
  for (const credit of credits) {
    for (const part of partsOf(credit)) balance[part] += credit.amount;
  }
  return balance;
}

/** Two balances as one. */
export function addBalances(a: Balance, b: Balance): Balance {
  const sum = { ...a };
  for (const part of Object.keys(NO_BALANCE) as (keyof Balance)[]) sum[part] += b[part];
  return sum;
}

/** Which parts of a balance a credit counts in. */
function partsOf({ blockState, isDirect, payoutState }: CreditSum): readonly (keyof Balance)[] {
  if (payoutState !== undefined) {
    const sent = payoutState === 'sending' ? 'inPayout' : 'paid';
    if (blockState === 'orphaned') return [sent, 'lostToOperator'];
    return blockState === 'confirmed' ? [sent, 'confirmed'] : [sent];
  }
  switch (blockState) {
    case 'pending':
    case 'immature':
      return ['immature'];
    case 'confirmed':
      return isDirect ? ['confirmed', 'paid'] : ['confirmed', 'owed'];
    case 'orphaned':
      return ['orphaned'];
    case 'rejected':
      return [];
  }
}
