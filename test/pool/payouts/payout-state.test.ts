import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type BlockPlace,
  nextPayoutProgress,
  type PayoutFacts,
  type PayoutProgress,
} from '../../../pool/payouts/payout-state.ts';

const MATURITY = 10;
const SENDING: PayoutProgress = { state: 'sending', inBlock: undefined, impossibleSince: undefined };

function place(height: number, branch = 0): BlockPlace {
  return { hash: new Uint8Array(32).fill(height + 100 * branch), height };
}

function next(before: PayoutProgress, tipHeight: number, facts: Partial<PayoutFacts>): PayoutProgress {
  return nextPayoutProgress(before, {
    tip: place(tipHeight),
    maturity: MATURITY,
    inBlock: undefined,
    isImpossible: false,
    doesEvidenceStand: before.impossibleSince !== undefined,
    ...facts,
  });
}

const inBlock = { ...place(5), txid: new Uint8Array(32).fill(1) };

describe('a payout', () => {
  test('is confirmed in a block, settled at maturity, and sent again when the block is lost', () => {
    const confirmed = next(SENDING, 5, { inBlock });
    assert.equal(confirmed.state, 'confirmed');
    assert.equal(next(confirmed, 13, { inBlock }).state, 'confirmed');
    const settled = next(confirmed, 14, { inBlock });
    assert.equal(settled.state, 'settled');
    assert.deepEqual(next(settled, 20, {}), SENDING);
  });

  test('that no node knows any more stays on its way, however long', () => {
    assert.deepEqual(next(SENDING, 1_000, {}), SENDING);
  });

  test('returns its debts only when what makes it impossible is buried maturity deep', () => {
    let progress = SENDING;
    for (let height = 20; height < 20 + MATURITY - 1; height++) {
      progress = next(progress, height, { isImpossible: true });
      assert.equal(progress.state, 'sending', `at ${height}`);
      assert.deepEqual(progress.impossibleSince, place(20));
    }
    assert.equal(next(progress, 29, { isImpossible: true }).state, 'returned');
  });

  test('counts anew when a reorganisation takes the evidence away', () => {
    const seen = next(SENDING, 20, { isImpossible: true });
    const again = next(seen, 28, { isImpossible: true, doesEvidenceStand: false });
    assert.equal(again.state, 'sending');
    assert.deepEqual(again.impossibleSince, place(28));
  });

  test('is possible again when the conflict is gone', () => {
    const seen = next(SENDING, 20, { isImpossible: true });
    assert.deepEqual(next(seen, 25, {}), SENDING);
    assert.equal(next(seen, 25, { inBlock }).impossibleSince, undefined);
  });
});
