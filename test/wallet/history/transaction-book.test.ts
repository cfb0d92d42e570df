import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  coverageOf,
  cutBack,
  EMPTY_BOOK,
  isCovered,
  type MinedTransaction,
  type TransactionBook,
  widerCoverage,
  withBlocks,
} from '../../../wallet/history/transaction-book.ts';
import { CHANGE, IMPORTED, RECEIVE } from '../../../wallet/keys/key-ring.ts';

const KEYS = { receive: 3, change: 2, imported: 0 };

function mined(id: string, height: number): MinedTransaction {
  return { id, name: id, text: '', height, time: 1_000 + height };
}

function anchor(height: number) {
  return { height, hash: `hash ${height}` };
}

/** A book that was brought up to date at each of these heights, with one transaction in each block. */
function bookOf(heights: readonly number[]): TransactionBook {
  return heights.reduce(
    (book, height) => withBlocks(book, [mined(`tx ${height}`, height)], KEYS, anchor(height)),
    EMPTY_BOOK,
  );
}

describe('a transaction book', () => {
  test('keeps its transactions by block, whatever order they are found in', () => {
    const first = withBlocks(EMPTY_BOOK, [mined('c', 7), mined('a', 2)], KEYS, anchor(7));
    const book = withBlocks(first, [mined('b', 5), mined('d', 9)], KEYS, anchor(9));
    assert.deepEqual([...book.transactions.keys()], ['a', 'b', 'c', 'd']);
  });

  test('takes nothing from above the block that it is as of', () => {
    const book = withBlocks(EMPTY_BOOK, [mined('a', 2), mined('b', 8)], KEYS, anchor(7));
    assert.deepEqual([...book.transactions.keys()], ['a']);
  });

  test('is cut back to a block of its own: later ones and their transactions are gone', () => {
    const book = cutBack(bookOf([1, 2, 3, 4]), 2);
    assert.deepEqual([...book.transactions.keys()], ['tx 1', 'tx 2']);
    assert.deepEqual(
      book.anchors.map(({ height }) => height),
      [1, 2],
    );
    const unchanged = bookOf([1, 2]);
    assert.equal(cutBack(unchanged, 2), unchanged);
  });

  test('remembers few blocks, close to each other near the tip: a reorganisation costs about as much as it is deep', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 30, maxLength: 600 }),
        fc.integer({ min: 1, max: 400 }),
        (steps, depth) => {
          const heights = steps.map((_, at) => steps.slice(0, at + 1).reduce((sum, step) => sum + step, 0));
          const { anchors } = bookOf(heights);
          const tip = heights.at(-1) ?? 0;
          assert.ok(anchors.length <= 24);
          assert.equal(anchors.at(-1)?.height, tip);
          if (depth > tip - (anchors[0]?.height ?? 0)) return;
          const kept = anchors.findLast(({ height }) => height <= tip - depth)?.height ?? 0;
          assert.ok(tip - kept <= 3 * depth + 10, `${depth} deep costs ${tip - kept} blocks`);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('covers the keys that it was read for, and no key beyond', () => {
    const places = [
      { chain: RECEIVE, index: 0 },
      { chain: RECEIVE, index: 1 },
      { chain: CHANGE, index: 0 },
      { chain: IMPORTED, index: 0 },
    ] as const;
    const coverage = coverageOf(places);
    assert.deepEqual(coverage, { receive: 2, change: 1, imported: 1 });
    assert.ok(places.every((place) => isCovered(coverage, place)));
    assert.equal(isCovered(coverage, { chain: CHANGE, index: 1 }), false);
    assert.equal(isCovered(coverage, { chain: IMPORTED, index: 1 }), false);
    assert.deepEqual(widerCoverage(coverage, KEYS), { receive: 3, change: 2, imported: 1 });
  });
});
