import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BlockIndex, type IndexedBlock } from '../../../node/chain/block-index.ts';
import { branchOf, ChainKit, type KitBlock } from '../../kit/chain-kit.ts';

const kit = new ChainKit();

function indexOf(tips: readonly KitBlock[]): { index: BlockIndex; find(block: KitBlock): IndexedBlock } {
  const index = new BlockIndex();
  const add = ({ block, hash }: KitBlock) => {
    if (index.get(hash) !== undefined) return;
    const id = index.nextId;
    const facts = { id, status: 'valid', sequence: id, transactionCount: 1 } as const;
    index.add(block.header, facts);
  };
  add(kit.genesis);
  for (const tip of tips) branchOf(tip).forEach(add);
  return { index, find: ({ hash }) => index.get(hash)! };
}

describe('the block index', () => {
  const trunk = kit.mineBlocks(kit.genesis, 20);
  const side = kit.mineBlocks(trunk[4]!, 30);
  const { index, find } = indexOf([trunk.at(-1)!, side.at(-1)!]);
  index.restoreBest(find(trunk.at(-1)!));

  it('adds up height, work and median time along a branch', () => {
    const tip = find(side.at(-1)!);
    assert.equal(tip.height, 35);
    assert.equal(tip.chainWork, 2n * 36n);
    const times = side.slice(-11).map(({ block }) => block.header.time);
    assert.equal(tip.medianTime, times[5]);
    assert.deepEqual(tip.header, side.at(-1)!.block.header);
  });

  it('shows every branch the headers below it', () => {
    for (const [branch, tip] of [
      ['trunk', trunk.at(-1)!],
      ['side', side.at(-1)!],
    ] as const) {
      const window = index.window(find(tip));
      const headers = [kit.genesis, ...branchOf(tip)].map(({ block }) => block.header.time);
      assert.equal(window.height, tip.height, branch);
      // Asked from both ends, and twice.
      for (const heights of [[...headers.keys()], [...headers.keys()].reverse()]) {
        for (const height of heights) assert.equal(window.at(height).time, headers[height], branch);
      }
      assert.throws(() => window.at(tip.height + 1), RangeError);
      assert.throws(() => window.at(-1), RangeError);
    }
  });

  it('finds where a branch leaves the best chain', () => {
    const tip = find(side.at(-1)!);
    assert.equal(index.fork(tip), find(trunk[4]!));
    assert.deepEqual(
      index.path(tip).map(({ height }) => height),
      side.map(({ height }) => height),
    );
    assert.deepEqual(index.path(index.tip), []);
    for (let height = 0; height <= tip.height; height++) {
      const expected = height > 5 ? side[height - 6] : height > 0 ? trunk[height - 1] : kit.genesis;
      assert.equal(index.ancestor(tip, height), find(expected!), `height ${height}`);
    }
    assert.equal(index.ancestor(tip, tip.height + 1), undefined);
    assert.equal(index.ancestor(tip, -1), undefined);
    assert.equal(index.at(35), undefined);
    assert.equal(index.at(-1), undefined);
  });
});
