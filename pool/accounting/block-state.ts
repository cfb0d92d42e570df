/** What a block of the pool is worth at the moment. Pure; the chain decides. */

/** Whether a block has reached the network. What it earns is decided by its depth. */
export type Delivery =
  /** Not known yet: no node has answered. */
  | 'pending'
  /** A node has it, on its best chain or beside it. */
  | 'accepted'
  /** A node refused it. */
  | 'rejected';

/**
 * - `pending`: no node has said yet that it is in the chain
 * - `immature`: in the best chain, but its coins cannot be spent yet
 * - `confirmed`: deep enough; what it earned is owed
 * - `orphaned`: another block stands in its place; nothing is owed
 * - `rejected`: a node refused it, and it is not in the chain
 */
export const BLOCK_STATES = ['pending', 'immature', 'confirmed', 'orphaned', 'rejected'] as const;
export type BlockState = (typeof BLOCK_STATES)[number];

/** What is known of a block when the chain is looked at. */
export interface BlockFacts {
  readonly delivery: Delivery;
  /** Blocks from it to the tip, both counted; 0 when it is not in the best chain. */
  readonly confirmations: number;
  /** Whether the best chain is as high as the block: then something stands in its place. */
  readonly isReached: boolean;
  /** Depth at which a coinbase can be spent. */
  readonly maturity: number;
}

/**
 * The next state. Reorganisations move a block in either direction; what the chain says wins over what a node
 * said when the block was handed in.
 */
export function nextBlockState(state: BlockState, facts: BlockFacts): BlockState {
  const { delivery, confirmations, isReached, maturity } = facts;
  if (confirmations > 0) return confirmations >= maturity ? 'confirmed' : 'immature';
  if (delivery === 'rejected') return 'rejected';
  const wasInChain = state === 'immature' || state === 'confirmed' || state === 'orphaned';
  // A chain that is not as high again (the node is still loading it) says nothing, but nothing is paid by it.
  if (wasInChain) return isReached || state === 'orphaned' ? 'orphaned' : 'immature';
  // Nobody has answered: it may still arrive. A node that took it may simply be ahead of the one we ask.
  return delivery === 'accepted' && isReached ? 'orphaned' : 'pending';
}
