import type * as z from 'zod';
import { type Block, blockBaseSize, blockTotalSize, blockWeight } from '../../protocol/block.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { compactToTarget, showBits } from '../../protocol/compact.ts';
import type { Bits, Work } from '../../protocol/units.ts';
import { difficultyOf } from '../../protocol/work.ts';
import { hex, list, num, obj, time } from '../../service/rpc-result.ts';
import type { BlockEntry } from '../chain/block-index.ts';
import type { Chain } from '../chain/chain.ts';

/** What goes with the bits of a block, in several answers. */
export const BITS_FIELDS = {
  bits: hex('the target in its compact form'),
  target: hex('the target: no hash may be above it'),
  difficulty: num('how many times harder it is than the target 0xffff·2^208'),
};

const HEADER_FIELDS = {
  hash: hex('hash of the block'),
  confirmations: num('blocks from this one to the tip, both counted; -1 off the best chain'),
  height: num('its height'),
  version: num('its version'),
  versionHex: hex('its version in hex'),
  merkleroot: hex('root of the tree of its transactions'),
  time: time('its time'),
  mediantime: time('median of the times of the last 11 blocks up to this one'),
  nonce: num('its nonce'),
  ...BITS_FIELDS,
  chainwork: hex('work of the chain up to this block, in expected hashes'),
  nTx: num('number of its transactions'),
  previousblockhash: hex('hash of its parent; absent for the genesis block').optional(),
  nextblockhash: hex('hash of the next block of the best chain, if there is one').optional(),
};

/** The answer of `getblockheader`. */
export const HEADER_RESULT = obj('', HEADER_FIELDS);
type HeaderJson = z.input<typeof HEADER_RESULT>;

/** The answer of `getblock` with transactions of a form. */
export const blockResult = <T extends z.ZodType>(transaction: T) =>
  obj('', {
    ...HEADER_FIELDS,
    strippedsize: num('serialised bytes without witnesses'),
    size: num('serialised bytes'),
    weight: num('weight (BIP 141)'),
    tx: list('its transactions', transaction),
  });

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
export function headerJson(chain: Chain, entry: BlockEntry): HeaderJson {
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
export function blockJson<T>(
  chain: Chain,
  entry: BlockEntry,
  block: Block,
  transactions: T[],
): HeaderJson & { strippedsize: number; size: number; weight: number; tx: T[] } {
  return {
    ...headerJson(chain, entry),
    strippedsize: blockBaseSize(block),
    size: blockTotalSize(block),
    weight: blockWeight(block),
    tx: transactions,
  };
}
