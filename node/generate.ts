import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Block } from '../protocol/block.ts';
import { compactToTarget } from '../protocol/compact.ts';
import { encodeHeader, hashHeaderBytes } from '../protocol/header.ts';
import { isAtMost, targetBytes } from '../protocol/work.ts';

/** Nonces tried before others get their turn: a few milliseconds. */
const NONCES_PER_TURN = 4_096;
const NONCE_OFFSET = 76;

/**
 * Tries up to `maxTries` nonces from the block's own upwards, on this thread: for networks whose limit is so easy
 * that a few do.
 * @returns the block with a nonce that meets its bits, or undefined
 */
export async function solveBlock(block: Block, maxTries: number): Promise<Block | undefined> {
  const header = encodeHeader(block.header);
  const view = new DataView(header.buffer);
  const target = targetBytes(compactToTarget(block.header.bits));
  const first = block.header.nonce;
  const end = Math.min(first + maxTries, 2 ** 32);
  for (let nonce = first; nonce < end; nonce++) {
    view.setUint32(NONCE_OFFSET, nonce, true);
    if (isAtMost(hashHeaderBytes(header), target)) return { ...block, header: { ...block.header, nonce } };
    if (nonce % NONCES_PER_TURN === NONCES_PER_TURN - 1) await nextTurn();
  }
  return undefined;
}
