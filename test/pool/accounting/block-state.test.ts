import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  BLOCK_STATES,
  type BlockFacts,
  type BlockState,
  nextBlockState,
} from '../../../pool/accounting/block-state.ts';

const MATURITY = 10;

function next(state: BlockState, facts: Partial<BlockFacts>): BlockState {
  return nextBlockState(state, {
    delivery: 'accepted',
    confirmations: 0,
    isReached: true,
    maturity: MATURITY,
    ...facts,
  });
}

describe('a block of the pool', () => {
  test('is immature in the chain and confirmed at maturity, not one block before', () => {
    assert.equal(next('pending', { confirmations: 1 }), 'immature');
    assert.equal(next('immature', { confirmations: MATURITY - 1 }), 'immature');
    assert.equal(next('immature', { confirmations: MATURITY }), 'confirmed');
  });

  test('is orphaned when another one stands in its place, confirmed or not', () => {
    assert.equal(next('immature', {}), 'orphaned');
    assert.equal(next('confirmed', {}), 'orphaned');
    assert.equal(next('pending', {}), 'orphaned');
  });

  test('comes back with its branch', () => {
    assert.equal(next('orphaned', { confirmations: 3 }), 'immature');
    assert.equal(next('orphaned', { confirmations: 30 }), 'confirmed');
  });

  test('stays pending while no node has answered, and while the chain is not as high', () => {
    assert.equal(next('pending', { delivery: 'pending' }), 'pending');
    assert.equal(next('pending', { isReached: false }), 'pending');
  });

  test('is not lost because a node is still loading its chain, but nothing is paid by it meanwhile', () => {
    assert.equal(next('confirmed', { isReached: false }), 'immature');
    assert.equal(next('orphaned', { isReached: false }), 'orphaned');
  });

  test('that a node refused counts all the same when it is in the chain', () => {
    assert.equal(next('pending', { delivery: 'rejected' }), 'rejected');
    assert.equal(next('rejected', { delivery: 'rejected', confirmations: 2 }), 'immature');
    assert.equal(next('rejected', { delivery: 'accepted', confirmations: 0 }), 'orphaned');
  });
});

test('what is in the chain decides alone: whatever was before, the same facts give the same worth', () => {
  const state = fc.constantFrom(...BLOCK_STATES);
  const delivery = fc.constantFrom('pending', 'accepted', 'rejected');
  fc.assert(
    fc.property(state, delivery, fc.integer({ min: 1, max: 50 }), (before, said, confirmations) => {
      const after = next(before, { delivery: said, confirmations });
      assert.equal(after, confirmations >= MATURITY ? 'confirmed' : 'immature');
    }),
  );
});
