/** What becomes of a payout once it is written down. Pure; the chain decides. */
import { equalBytes } from '../../protocol/bytes.ts';
import type { Hash, Height } from '../../protocol/units.ts';

/**
 * - `sending`: signed and written down; handed in again and again until a block has it
 * - `confirmed`: in a block of the best chain
 * - `settled`: so deep that it is not looked at any more
 * - `returned`: it can never be in the chain any more; its claims are queued again
 */
export const PAYOUT_STATES = ['sending', 'confirmed', 'settled', 'returned'] as const;
export type PayoutState = (typeof PAYOUT_STATES)[number];

export interface PayoutProgress {
  readonly state: PayoutState;
  /** Height of the block that holds it, and which of its transactions that is. */
  readonly inBlock: { readonly height: Height; readonly txid: Hash } | undefined;
}

/** What the chain says of a payout. */
export interface PayoutFacts {
  readonly tipHeight: Height;
  /** The transaction that is in a block, if one is. */
  readonly inBlock: { readonly txid: Hash; readonly confirmations: number } | undefined;
  /**
   * How deep that is buried which keeps each of its transactions out of the chain for good, such as another
   * transaction that spends one of its coins; 0 when nothing does.
   */
  readonly impossibleDepth: number;
}

/**
 * The next step. Claims return to the queue only when what makes their payment impossible is buried `settledDepth`
 * blocks deep: a mempool that forgot it, a node that refuses it or a chain that was reorganised is no reason, since
 * a second payment could then be mined beside the first.
 */
export function nextPayoutProgress(facts: PayoutFacts, settledDepth: number): PayoutProgress {
  const { tipHeight, inBlock, impossibleDepth } = facts;
  if (inBlock !== undefined) {
    const { txid, confirmations } = inBlock;
    const state = confirmations >= settledDepth ? 'settled' : 'confirmed';
    return { state, inBlock: { txid, height: tipHeight - confirmations + 1 } };
  }
  return { state: impossibleDepth >= settledDepth ? 'returned' : 'sending', inBlock: undefined };
}

/** Whether nothing changed that is worth writing down. */
export function isSameProgress(a: PayoutProgress, b: PayoutProgress): boolean {
  if (a.state !== b.state) return false;
  if (a.inBlock === undefined || b.inBlock === undefined) return a.inBlock === b.inBlock;
  return a.inBlock.height === b.inBlock.height && equalBytes(a.inBlock.txid, b.inBlock.txid);
}
