import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadsFor } from '../../../miner/hashing/thread-count.ts';

test('small machines keep a processor free, large ones use all', () => {
  const byCores = [1, 2, 3, 4, 5, 8, 64].map((cores) => threadsFor('auto', cores));
  assert.deepEqual(byCores, [1, 1, 2, 3, 5, 8, 64]);
});

test('a number that was asked for is a number that is had', () => {
  assert.equal(threadsFor(7, 2), 7);
});
