import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OwedChangedError, requireReplacing } from '../../../wallet/services/payout.ts';
import {
  isSameProgress,
  NO_OBSTACLE,
  nextPayoutProgress,
  type PayoutFacts,
} from '../../../wallet/services/payout-state.ts';

const SETTLED_DEPTH = 100;
const TIP = 500;
const TXID = new Uint8Array(32).fill(7);
const HASH = new Uint8Array(32).fill(8);
const SINCE = { hash: HASH, height: TIP };

function next(facts: Partial<PayoutFacts>) {
  const waiting = { tipHeight: TIP, inBlock: undefined, obstacle: NO_OBSTACLE };
  return nextPayoutProgress({ ...waiting, ...facts }, SETTLED_DEPTH);
}

function inBlock(height: number) {
  return { height, txid: TXID, hash: HASH };
}

describe('a payout', () => {
  test('is sent until a block has it, confirmed until it is deep, and settled then', () => {
    assert.equal(next({}).state, 'sending');
    assert.equal(next({ inBlock: inBlock(TIP) }).state, 'confirmed');
    assert.equal(next({ inBlock: inBlock(TIP - SETTLED_DEPTH + 2) }).state, 'confirmed');
    assert.equal(next({ inBlock: inBlock(TIP - SETTLED_DEPTH + 1) }).state, 'settled');
  });

  test('that no node knows any more stays on its way, however long', () => {
    assert.deepEqual(next({ tipHeight: 1_000_000 }), {
      state: 'sending',
      inBlock: undefined,
      impossibleSince: undefined,
    });
  });

  test('gives back what it carries only when its obstacle is as deep as what is settled', () => {
    const before = next({ obstacle: { depth: SETTLED_DEPTH - 1, since: SINCE } });
    assert.deepEqual(before, { state: 'sending', inBlock: undefined, impossibleSince: SINCE });
    assert.equal(next({ obstacle: { depth: SETTLED_DEPTH, since: SINCE } }).state, 'returned');
    assert.equal(next({ obstacle: { depth: Number.POSITIVE_INFINITY, since: undefined } }).state, 'returned');
  });

  test('that is in the chain is in the chain, whatever else was found', () => {
    const obstacle = { depth: 2 * SETTLED_DEPTH, since: SINCE };
    assert.deepEqual(next({ obstacle, inBlock: inBlock(TIP) }), {
      state: 'confirmed',
      inBlock: inBlock(TIP),
      impossibleSince: undefined,
    });
  });

  test('has moved when another block or another of its transactions holds it', () => {
    const here = next({ inBlock: inBlock(TIP - 1) });
    assert.ok(isSameProgress(here, { ...here }));
    assert.ok(!isSameProgress(here, next({ inBlock: inBlock(TIP) })));
    assert.ok(!isSameProgress(here, next({ inBlock: { ...inBlock(TIP - 1), txid: HASH } })));
    assert.ok(!isSameProgress(here, next({ inBlock: { ...inBlock(TIP - 1), hash: TXID } })));
    assert.ok(!isSameProgress(here, next({})));
  });
});

test('a replacement spends a coin of every transaction before it, or it is none', () => {
  const coin = (index: number) => ({ txid: TXID, index });
  const earlier = [
    [coin(1), coin(2)],
    [coin(2), coin(3)],
  ];
  requireReplacing(earlier, { inputs: [coin(2)] });
  requireReplacing(earlier, { inputs: [coin(1), coin(3)] });
  requireReplacing([], { inputs: [coin(9)] });
  for (const inputs of [[coin(1)], [coin(3)], [coin(9)], []]) {
    assert.throws(() => requireReplacing(earlier, { inputs }), OwedChangedError);
  }
});
