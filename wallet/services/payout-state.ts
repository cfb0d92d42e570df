/** What becomes of a payout once it is written down. Pure; the chain decides. */
import { equalBytes } from '../../protocol/bytes.ts';
import type { Hash, Height } from '../../protocol/units.ts';

/**
 * - `sending`: written down; handed in again and again until a block has it
 * - `confirmed`: in a block of the best chain
 * - `settled`: so deep that only a reorganisation beyond all maturity could bring it back
 * - `returned`: it can never be in the chain any more; what it paid is owed again
 */
export const PAYOUT_STATES = ['sending', 'confirmed', 'settled', 'returned'] as const;
export type PayoutState = (typeof PAYOUT_STATES)[number];

/** A block of the best chain. */
export interface BlockPlace {
  readonly hash: Hash;
  readonly height: Height;
}

/** The block that holds a payout, and which of its transactions that is. */
export interface PayoutBlock {
  readonly height: Height;
  readonly txid: Hash;
  /** Undefined where the chain is seen by its confirmations alone. */
  readonly hash: Hash | undefined;
}

/** How far a payout is. */
export interface PayoutProgress {
  readonly state: PayoutState;
  readonly inBlock: PayoutBlock | undefined;
  /** The tip at which it was first seen that nothing of it can be mined, where that is all that can be known. */
  readonly impossibleSince: BlockPlace | undefined;
}

/** What keeps every transaction of a payout out of the chain for good: somebody has spent a coin of each. */
export interface Obstacle {
  /** Blocks from its own to the tip, both counted; 0 when there is none. */
  readonly depth: number;
  /** The tip at which it was first seen, for a chain that does not tell its block. */
  readonly since: BlockPlace | undefined;
}

export const NO_OBSTACLE: Obstacle = { depth: 0, since: undefined };

/** What the chain says of a payout, all at one tip. */
export interface PayoutFacts {
  readonly tipHeight: Height;
  /** The transaction that is in a block, if one is. */
  readonly inBlock: PayoutBlock | undefined;
  readonly obstacle: Obstacle;
}

/**
 * The next step. What is owed returns only when what makes its payment impossible is buried `settledDepth` blocks
 * deep: a mempool that forgot it, a node that refuses it or a chain that was reorganised is no reason, since a second
 * payment could then be mined beside the first.
 */
export function nextPayoutProgress(
  { tipHeight, inBlock, obstacle }: PayoutFacts,
  settledDepth: number,
): PayoutProgress {
  if (inBlock !== undefined) {
    const depth = tipHeight - inBlock.height + 1;
    return { state: depth >= settledDepth ? 'settled' : 'confirmed', inBlock, impossibleSince: undefined };
  }
  const state = obstacle.depth >= settledDepth ? 'returned' : 'sending';
  return { state, inBlock: undefined, impossibleSince: obstacle.since };
}

/** Whether nothing changed that is worth writing down. */
export function isSameProgress(a: PayoutProgress, b: PayoutProgress): boolean {
  return (
    a.state === b.state &&
    isSameBlock(a.inBlock, b.inBlock) &&
    isSamePlace(a.impossibleSince, b.impossibleSince)
  );
}

function isSameBlock(a: PayoutBlock | undefined, b: PayoutBlock | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.height === b.height && equalBytes(a.txid, b.txid) && isSameHash(a.hash, b.hash);
}

function isSamePlace(a: BlockPlace | undefined, b: BlockPlace | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.height === b.height && equalBytes(a.hash, b.hash);
}

function isSameHash(a: Hash | undefined, b: Hash | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}
