import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBlock } from '../../protocol/block.ts';
import { concatBytes } from '../../protocol/bytes.ts';
import { sha256d } from '../../protocol/hash.ts';
import {
  merkleBranch,
  merkleLevels,
  merklePath,
  merkleRoot,
  parentOf,
  rootFromBranch,
} from '../../protocol/merkle.ts';
import { txid } from '../../protocol/transaction.ts';
import type { Hash } from '../../protocol/units.ts';
import { arbitraryHash } from './arbitraries.ts';
import { readRaw } from './vectors.ts';

/** The tree as its definition says it, top down. */
function plainRoot(leaves: readonly Hash[]): Hash {
  if (leaves.length === 1) return leaves[0]!;
  const even = leaves.length % 2 === 0 ? leaves : [...leaves, leaves.at(-1)!];
  const parents: Hash[] = [];
  for (let at = 0; at < even.length; at += 2) parents.push(sha256d(concatBytes(even[at]!, even[at + 1]!)));
  return plainRoot(parents);
}

const leafOf = (number: number): Hash => new Uint8Array(32).fill(number);
const arbitraryLeaves = fc.uniqueArray(arbitraryHash, {
  minLength: 1,
  maxLength: 40,
  selector: (hash) => hash.join(),
});

test('the root is that of the plain definition, and the branch of leaf 0 leads to it', () => {
  fc.assert(
    fc.property(arbitraryLeaves, (leaves) => {
      const { root, ambiguous } = merkleRoot(leaves);
      assert.deepEqual(root, plainRoot(leaves));
      assert.equal(ambiguous, false);
      assert.deepEqual(rootFromBranch(leaves[0]!, merkleBranch(leaves)), root);
    }),
  );
});

test('the branch does not depend on leaf 0, which the miner makes', () => {
  const block = decodeBlock(readRaw('blocks/block1087400.raw'));
  const txids = block.transactions.map(txid);
  const branch = merkleBranch([leafOf(0), ...txids.slice(1)]);
  assert.equal(branch.length, 7); // 97 transactions
  assert.deepEqual(rootFromBranch(txids[0]!, branch), block.header.merkleRoot);
});

test('a block of one transaction has that as its root and an empty branch', () => {
  assert.deepEqual(merkleRoot([leafOf(1)]), { root: leafOf(1), ambiguous: false });
  assert.deepEqual(merkleBranch([leafOf(1)]), []);
  assert.deepEqual(rootFromBranch(leafOf(1), []), leafOf(1));
});

test('no leaves have a root of zeros', () => {
  assert.deepEqual(merkleRoot([]), { root: leafOf(0), ambiguous: false });
  assert.deepEqual(merkleBranch([]), []);
});

test('CVE-2012-2459: leaves repeated at the end give the same root, and are called ambiguous', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), (pairs) => {
      const leaves = Array.from({ length: 2 * pairs + 1 }, (_, index) => leafOf(index));
      const repeated = [...leaves, leaves.at(-1)!];
      assert.deepEqual(merkleRoot(repeated).root, merkleRoot(leaves).root);
      assert.equal(merkleRoot(leaves).ambiguous, false);
      assert.equal(merkleRoot(repeated).ambiguous, true);
    }),
  );
  // Higher up: six leaves, and the last two of them again.
  const six = [1, 2, 3, 4, 5, 6].map(leafOf);
  const eight = [...six, leafOf(5), leafOf(6)];
  assert.deepEqual(merkleRoot(eight).root, merkleRoot(six).root);
  assert.equal(merkleRoot(eight).ambiguous, true);
});

test('a pair repeated at the start is ambiguous too; equal leaves that are no pair are not', () => {
  assert.equal(merkleRoot([leafOf(1), leafOf(1), leafOf(2)]).ambiguous, true);
  assert.equal(merkleRoot([leafOf(2), leafOf(1), leafOf(1), leafOf(3)]).ambiguous, false);
});

test('the path of any leaf leads to the root, step by step', () => {
  fc.assert(
    fc.property(fc.array(arbitraryHash, { minLength: 1, maxLength: 40 }), fc.nat(), (leaves, chosen) => {
      const leaf = chosen % leaves.length;
      const levels = merkleLevels(leaves);
      let node = leaves[leaf];
      for (const { left, right, parent, side, isAlone } of merklePath(levels, leaf)) {
        assert.deepEqual(side === 'left' ? left : right, node);
        assert.deepEqual(parentOf(left, right), parent);
        if (isAlone) assert.equal(side, 'left');
        node = parent;
      }
      assert.deepEqual(node, merkleRoot(leaves).root);
      assert.throws(() => merklePath(levels, leaves.length), RangeError);
    }),
  );
});
