import { equalBytes } from './bytes.ts';
import { MAX_BLOCK_WEIGHT } from './check-transaction.ts';
import { array, type Codec, fixedBytes, struct, u32, varBytes } from './codec.ts';
import { type Header, headerCodec } from './header.ts';
import { merkleLevels, parentOf } from './merkle.ts';
import type { Hash } from './units.ts';

/** No transaction has fewer than 60 bytes, each of four weight units (Bitcoin Core, consensus.h). */
const MIN_TRANSACTION_WEIGHT = 4 * 60;
/** More transactions than fit into any block. */
const MAX_TRANSACTIONS = Math.floor(MAX_BLOCK_WEIGHT / MIN_TRANSACTION_WEIGHT);
/** A tree of n leaves has fewer than 2n nodes, but for those that are paired with themselves: one at each height. */
const MAX_FLAG_BYTES = Math.ceil((2 * MAX_TRANSACTIONS + 32) / 8);

/** Proof that transactions are in a block: its header and a part of its merkle tree (BIP 37, `merkleblock`). */
export interface MerkleBlock {
  readonly header: Header;
  /** Of the whole block. */
  readonly transactionCount: number;
  /** The nodes that cannot be computed from others, depth first. */
  readonly hashes: readonly Hash[];
  /** A bit for each node that is visited, depth first, the lowest bit of a byte first: whether it is above a proven leaf, or is one. */
  readonly flags: Uint8Array;
}

export const merkleBlockCodec: Codec<MerkleBlock> = struct<MerkleBlock>({
  header: headerCodec,
  transactionCount: u32,
  hashes: array(fixedBytes(32), MAX_TRANSACTIONS),
  flags: varBytes(MAX_FLAG_BYTES),
});

/**
 * The proof that the leaves at these positions are in a block.
 * Source: BIP 37, Bitcoin Core's `CPartialMerkleTree::TraverseAndBuild`.
 * @param leaves the txids of all transactions of the block
 */
export function proveLeaves(
  header: Header,
  leaves: readonly Hash[],
  positions: Iterable<number>,
): MerkleBlock {
  const levels = merkleLevels(leaves);
  /** Positions of the nodes that are above a proven leaf, for each height. */
  let proving = new Set(positions);
  const marked = levels.map((_, height) => {
    if (height > 0) proving = new Set([...proving].map((at) => at >> 1));
    return proving;
  });
  const hashes: Hash[] = [];
  const bits: boolean[] = [];
  const visit = (height: number, at: number): void => {
    const node = levels[height]?.[at];
    // The odd last node is paired with itself, and stands in the tree once.
    if (node === undefined) return;
    const proves = marked[height]?.has(at) === true;
    bits.push(proves);
    if (height === 0 || !proves) {
      hashes.push(node);
      return;
    }
    visit(height - 1, 2 * at);
    visit(height - 1, 2 * at + 1);
  };
  visit(levels.length - 1, 0);
  return { header, transactionCount: leaves.length, hashes, flags: packBits(bits) };
}

/** What a proof shows. */
export interface ProvenLeaves {
  /** The merkle root it leads to: the proof holds if this is the header's. */
  readonly root: Hash;
  /** The txids that were proven, in the order of the block. */
  readonly leaves: readonly Hash[];
}

/**
 * Follows a proof to its root; undefined where it is not in the one form a proof has. Does not look at the header.
 * Source: BIP 37 "Parsing a partial merkle tree object", Bitcoin Core's `CPartialMerkleTree::ExtractMatches`.
 */
export function followProof(proof: MerkleBlock): ProvenLeaves | undefined {
  const { transactionCount, hashes, flags } = proof;
  if (transactionCount === 0 || transactionCount > MAX_TRANSACTIONS) return undefined;
  // Checked first, so that no proof makes us walk a tree that it does not pay for with hashes.
  if (hashes.length > transactionCount || hashes.length > 8 * flags.length) return undefined;
  let height = 0;
  while (widthAt(transactionCount, height) > 1) height++;
  const walk: ProofWalk = { proof, leaves: [], usedHashes: 0, usedBits: 0 };
  const root = nodeOf(walk, height, 0);
  const isUsedUp = walk.usedHashes === hashes.length && Math.ceil(walk.usedBits / 8) === flags.length;
  return root && isUsedUp ? { root, leaves: walk.leaves } : undefined;
}

interface ProofWalk {
  readonly proof: MerkleBlock;
  readonly leaves: Hash[];
  usedHashes: number;
  usedBits: number;
}

/** The node at a height and position: taken from the proof or computed from what is below; undefined if neither can be. */
function nodeOf(walk: ProofWalk, height: number, at: number): Hash | undefined {
  const { hashes, flags, transactionCount } = walk.proof;
  const bit = walk.usedBits++;
  const flagByte = flags[bit >> 3];
  if (flagByte === undefined) return undefined;
  const proves = ((flagByte >> (bit & 7)) & 1) === 1;
  if (height === 0 || !proves) {
    const hash = hashes[walk.usedHashes++];
    if (height === 0 && proves && hash !== undefined) walk.leaves.push(hash);
    return hash;
  }
  const left = nodeOf(walk, height - 1, 2 * at);
  if (left === undefined) return undefined;
  if (2 * at + 1 >= widthAt(transactionCount, height - 1)) return parentOf(left, left);
  const right = nodeOf(walk, height - 1, 2 * at + 1);
  // Equal neighbours would prove transactions that are not there (CVE-2012-2459).
  if (right === undefined || equalBytes(left, right)) return undefined;
  return parentOf(left, right);
}

/** Number of nodes at a height of the tree, the leaves being at 0. */
function widthAt(leafCount: number, height: number): number {
  return Math.ceil(leafCount / 2 ** height);
}

function packBits(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [index, bit] of bits.entries()) {
    if (bit) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return bytes;
}
