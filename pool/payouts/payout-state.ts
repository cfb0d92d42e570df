/** What becomes of a payout once it is written down. Pure; the chain decides. */
import { equalBytes } from '../../protocol/bytes.ts';
import type { Hash, Height } from '../../protocol/units.ts';

/**
 * - `sending`: signed and written down; handed in again and again until a block has it
 * - `confirmed`: in a block of the best chain
 * - `settled`: so deep that only a reorganisation beyond all maturity could bring it back
 * - `returned`: it can never be in the chain any more; its debts are open again
 */
export const PAYOUT_STATES = ['sending', 'confirmed', 'settled', 'returned'] as const;
export type PayoutState = (typeof PAYOUT_STATES)[number];

/** A block of the best chain. */
export interface BlockPlace {
  readonly hash: Hash;
  readonly height: Height;
}

/** How far a payout is. */
export interface PayoutProgress {
  readonly state: PayoutState;
  /** The block that holds it, and which of its transactions that is. */
  readonly inBlock: (BlockPlace & { readonly txid: Hash }) | undefined;
  /** The tip at which it was first seen that none of its transactions can be mined on this chain. */
  readonly impossibleSince: BlockPlace | undefined;
}

/** What the chain says of a payout, all at one tip. */
export interface PayoutFacts {
  readonly tip: BlockPlace;
  readonly maturity: number;
  /** The transaction that is in a block, if one is. */
  readonly inBlock: PayoutProgress['inBlock'];
  /** Of each of its transactions an input was spent by another one, or was made by a coinbase that is gone. */
  readonly isImpossible: boolean;
  /** Whether the block of `impossibleSince` still stands in the best chain. */
  readonly doesEvidenceStand: boolean;
}

/**
 * The next step. Debts return only when what makes the payment impossible is buried `maturity` deep: a mempool
 * that forgot it, a node that refuses it or a chain that was reorganised is no reason.
 */
export function nextPayoutProgress(progress: PayoutProgress, facts: PayoutFacts): PayoutProgress {
  const { tip, maturity, inBlock, isImpossible, doesEvidenceStand } = facts;
  if (inBlock !== undefined) {
    const depth = tip.height - inBlock.height + 1;
    return { state: depth >= maturity ? 'settled' : 'confirmed', inBlock, impossibleSince: undefined };
  }
  if (!isImpossible) return { state: 'sending', inBlock: undefined, impossibleSince: undefined };
  const impossibleSince = (doesEvidenceStand ? progress.impossibleSince : undefined) ?? tip;
  const depth = tip.height - impossibleSince.height + 1;
  return { state: depth >= maturity ? 'returned' : 'sending', inBlock: undefined, impossibleSince };
}

/** Whether anything changed that is worth writing down. */
export function isSameProgress(a: PayoutProgress, b: PayoutProgress): boolean {
  return (
    a.state === b.state &&
    isSamePlace(a.inBlock, b.inBlock) &&
    isSamePlace(a.impossibleSince, b.impossibleSince)
  );
}

function isSamePlace(a: BlockPlace | undefined, b: BlockPlace | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.height === b.height && equalBytes(a.hash, b.hash);
}
