import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difficultyFor, expectedSeconds } from '../../../pool/web/estimate.ts';

test('a hit of difficulty d takes d × 2³² hashes on average', () => {
  assert.equal(expectedSeconds(1, 2 ** 32), 1);
  assert.equal(expectedSeconds(0.001, 1e6)?.toFixed(2), '4.29');
});

test('without a hash rate or a difficulty the time is unknown', () => {
  assert.equal(expectedSeconds(null, 1e6), null);
  assert.equal(expectedSeconds(1, null), null);
  assert.equal(expectedSeconds(1, 0), null);
});

test('the difficulty for a pace is the one that takes that long', () => {
  assert.equal(expectedSeconds(difficultyFor(5e6, 10), 5e6), 10);
});
