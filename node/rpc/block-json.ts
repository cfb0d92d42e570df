import { type Block, blockBaseSize, blockTotalSize, blockWeight } from '../../protocol/block.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { compactToTarget, showBits } from '../../protocol/compact.ts';
import type { Bits, Work } from '../../protocol/units.ts';
import { difficultyOf } from '../../protocol/work.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { Chain } from '../chain/chain.ts';

/** 256-bit numbers as Bitcoin Core shows them. */
export function numberHex(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

/** The difficulty fields that go together in several answers. */
export function bitsJson(bits: Bits): { bits: string; difficulty: number; target: string } {
  return {
    bits: showBits(bits),
    difficulty: difficultyOf(bits),
    target: numberHex(compactToTarget(bits)),
  };
}

export function chainWorkJson(work: Work): string {
  return numberHex(work);
}

/** Blocks from this one to the tip, both counted; −1 off the best chain. */
export function confirmationsOf(chain: Chain, entry: BlockEntry): number {
  return chain.isOnBestChain(entry) ? chain.tip.height - entry.height + 1 : -1;
}

/** The answer of `getblockheader`; the same fields lead `getblock`'s. */
export function headerJson(chain: Chain, entry: BlockEntry): Record<string, unknown> {
  const { header } = entry;
  const { bits, difficulty, target } = bitsJson(header.bits);
  const next = chain.isOnBestChain(entry) ? chain.entryAt(entry.height + 1) : undefined;
  return {
    hash: displayHash(entry.hash),
    confirmations: confirmationsOf(chain, entry),
    height: entry.height,
    version: header.version,
    versionHex: (header.version >>> 0).toString(16).padStart(8, '0'),
    merkleroot: displayHash(header.merkleRoot),
    time: header.time,
    mediantime: entry.medianTime,
    nonce: header.nonce,
    bits,
    target,
    difficulty,
    chainwork: chainWorkJson(entry.chainWork),
    nTx: entry.transactionCount,
    ...(entry.parent && { previousblockhash: displayHash(entry.parent.hash) }),
    ...(next && { nextblockhash: displayHash(next.hash) }),
  };
}

/** The answer of `getblock` with verbosity 1 or more. */
export function blockJson(
  chain: Chain,
  entry: BlockEntry,
  block: Block,
  transactions: readonly unknown[],
): Record<string, unknown> {
  return {
    ...headerJson(chain, entry),
    strippedsize: blockBaseSize(block),
    size: blockTotalSize(block),
    weight: blockWeight(block),
    tx: transactions,
  };
}
