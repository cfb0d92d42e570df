/** Asks the chain what the pool's blocks are worth, and writes it down. */
import { equalBytes } from '../../protocol/bytes.ts';
import type { BlockBook } from '../ledger/block-book.ts';
import { type BlockState, nextBlockState } from './block-state.ts';
import type { ChainMove } from './chain-follower.ts';
import type { NodeChain } from './node-chain.ts';

export interface BlockJudgeOptions {
  readonly blocks: BlockBook;
  readonly chain: NodeChain;
  readonly maturity: number;
}

/**
 * Judges the blocks that are not decided, and those that a reorganisation may have moved.
 * @returns new states by the blocks' row numbers
 * @throws ChainMovedError when a block came meanwhile: then nothing is written
 */
export async function judgeBlocks(
  { tip, forkHeight }: ChainMove,
  { blocks, chain, maturity }: BlockJudgeOptions,
): Promise<ReadonlyMap<number, BlockState>> {
  const toJudge = await blocks.toJudge(forkHeight);
  const hashes = await chain.hashesAt(toJudge.map(({ height }) => height));
  await chain.requireTip(tip);
  const changes = new Map<number, BlockState>();
  for (const { id, hash, height, state, delivery } of toJudge) {
    const inChain = hashes.get(height);
    const isInChain = inChain !== undefined && equalBytes(inChain, hash);
    const next = nextBlockState(state, {
      delivery,
      confirmations: isInChain ? tip.height - height + 1 : 0,
      isReached: tip.height >= height,
      maturity,
    });
    if (next !== state) changes.set(id, next);
  }
  await blocks.judge(changes);
  return changes;
}
