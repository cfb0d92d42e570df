import { concatBytes, equalBytes } from './bytes.ts';
import { sha256d } from './hash.ts';
import { atOnce, ITEMS_PER_STEP, type Steps } from './steps.ts';
import type { Transaction } from './transaction.ts';
import type { Hash } from './units.ts';

/**
 * The root of Bitcoin's merkle tree, in which an odd last node is paired with itself.
 * `ambiguous` says that some level repeats a pair: another list of leaves has the same root (CVE-2012-2459).
 * No leaves give 32 zero bytes.
 */
export function merkleRoot(leaves: readonly Hash[]): { root: Hash; ambiguous: boolean } {
  return atOnce(merkleRootSteps(leaves));
}

/** `merkleRoot` in steps. */
export function* merkleRootSteps(leaves: readonly Hash[]): Steps<{ root: Hash; ambiguous: boolean }> {
  let level = leaves;
  let ambiguous = false;
  while (level.length > 1) {
    const above: Hash[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const left = level[index] as Hash;
      const right = level[index + 1];
      if (right !== undefined && equalBytes(left, right)) ambiguous = true;
      above.push(parentOf(left, right ?? left));
      if (above.length % ITEMS_PER_STEP === 0) yield;
    }
    level = above;
  }
  return { root: level[0] ?? new Uint8Array(32), ambiguous };
}

/** All levels of the tree: the leaves first, the root alone in the last. */
export function merkleLevels(leaves: readonly Hash[]): (readonly Hash[])[] {
  return atOnce(merkleLevelsSteps(leaves));
}

/** `merkleLevels` in steps. */
export function* merkleLevelsSteps(leaves: readonly Hash[]): Steps<(readonly Hash[])[]> {
  const levels = [leaves];
  for (let level = leaves; level.length > 1; levels.push(level)) level = yield* pairUpSteps(level);
  return levels;
}

/** One step up the tree: a node, its neighbour, and what they make. */
export interface MerkleStep {
  readonly left: Hash;
  readonly right: Hash;
  readonly parent: Hash;
  /** Which of the two comes from the level below. */
  readonly side: 'left' | 'right';
  /** An odd last node, which is paired with itself. */
  readonly isAlone: boolean;
}

/**
 * The way from a leaf to the root: what proves that it is in the tree.
 * @param levels `merkleLevels` of the leaves
 * @throws RangeError when there is no such leaf
 */
export function merklePath(levels: readonly (readonly Hash[])[], leaf: number): MerkleStep[] {
  if (levels[0]?.[leaf] === undefined) throw new RangeError(`there is no leaf ${leaf}`);
  return levels.slice(0, -1).map((level, height) => {
    const index = Math.floor(leaf / 2 ** height);
    const even = index - (index % 2);
    const left = level[even] as Hash;
    const right = level[even + 1];
    return {
      left,
      right: right ?? left,
      parent: levels[height + 1]?.[even / 2] as Hash,
      side: index % 2 === 0 ? 'left' : 'right',
      isAlone: right === undefined,
    };
  });
}

const pair = new Uint8Array(64);

/** The node above two neighbours. */
export function parentOf(left: Hash, right: Hash): Hash {
  pair.set(left);
  pair.set(right, 32);
  return sha256d(pair);
}

/** The siblings on the way from leaf 0 to the root, lowest first; leaf 0 itself may be any placeholder. */
export function merkleBranch(leaves: readonly Hash[]): Hash[] {
  const branch: Hash[] = [];
  // Leaf 0 and everything above it is unknown and never looked at: only what stands to its right counts.
  let right = leaves.slice(1);
  while (right.length > 0) {
    const [sibling, ...rest] = right;
    branch.push(sibling as Hash);
    right = pairUp(rest);
  }
  return branch;
}

function pairUp(nodes: readonly Hash[]): Hash[] {
  return atOnce(pairUpSteps(nodes));
}

function* pairUpSteps(nodes: readonly Hash[]): Steps<Hash[]> {
  const above: Hash[] = [];
  for (let index = 0; index < nodes.length; index += 2) {
    const left = nodes[index] as Hash;
    above.push(parentOf(left, nodes[index + 1] ?? left));
    if (above.length % ITEMS_PER_STEP === 0) yield;
  }
  return above;
}

/** The root that leaf 0 and its branch lead to: what a miner computes for a new coinbase. */
export function rootFromBranch(leaf: Hash, branch: readonly Hash[]): Hash {
  return branch.reduce((node, sibling) => parentOf(node, sibling), leaf);
}

/** What a commitment output starts with (BIP 141): OP_RETURN, a push of 36 bytes, and the header aa21a9ed. */
const COMMITMENT_PREFIX = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed);
const COMMITMENT_SIZE = COMMITMENT_PREFIX.length + 32;

/**
 * What the coinbase commits to (BIP 141): SHA-256d of the root over all wtxids and the reserved value.
 * @param wtxids of all transactions of the block in order; the coinbase's, at 0, counts as zero whatever is given
 * @param reserved the 32 bytes in the coinbase's witness
 */
export function witnessCommitment(wtxids: readonly Hash[], reserved: Uint8Array): Hash {
  return atOnce(witnessCommitmentSteps(wtxids, reserved));
}

/** `witnessCommitment` in steps. */
export function* witnessCommitmentSteps(wtxids: readonly Hash[], reserved: Uint8Array): Steps<Hash> {
  const { root } = yield* merkleRootSteps([new Uint8Array(32), ...wtxids.slice(1)]);
  return sha256d(concatBytes(root, reserved));
}

/** The output script that carries a commitment. */
export function commitmentScript(commitment: Hash): Uint8Array {
  return concatBytes(COMMITMENT_PREFIX, commitment);
}

/** The last output of the coinbase that is a commitment (BIP 141), and the hash in it. */
export function findCommitment(coinbase: Transaction): { index: number; hash: Hash } | undefined {
  for (let index = coinbase.outputs.length - 1; index >= 0; index--) {
    const script = coinbase.outputs[index]?.script;
    if (script === undefined || script.length < COMMITMENT_SIZE) continue;
    if (COMMITMENT_PREFIX.every((byte, at) => script[at] === byte)) {
      return { index, hash: script.slice(COMMITMENT_PREFIX.length, COMMITMENT_SIZE) };
    }
  }
  return undefined;
}
