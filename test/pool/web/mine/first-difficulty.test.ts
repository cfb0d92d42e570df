import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difficultyInPassword } from '../../../../pool/stratum/difficulty.ts';
import { firstPassword, threadSpeed } from '../../../../pool/web/mine/first-difficulty.ts';

const ALL = { threads: 4, cpuLimitPercent: 100 };

test('nothing is asked for before anything was measured', () => {
  assert.equal(firstPassword(undefined, ALL, 10), 'x');
  assert.equal(difficultyInPassword('x'), undefined);
});

test('the difficulty asked for is one share in the interval of the pool, as the pool reads it', () => {
  // 4 × 2²⁰ hashes a second, 2³² hashes a share of difficulty 1.
  const password = firstPassword(2 ** 20, ALL, 10);
  assert.equal(difficultyInPassword(password), 0.0098);
  assert.equal(difficultyInPassword(firstPassword(2 ** 20, ALL, 5)), 0.0049);
  assert.equal(firstPassword(2 ** 20, ALL, null), password);
});

test('a slow device asks for little, in digits that the pool understands', () => {
  const password = firstPassword(9, { threads: 1, cpuLimitPercent: 10 }, 1);
  assert.equal(difficultyInPassword(password), 2.1e-10);
});

test('what one thread does without a limit is the same, however it was measured', () => {
  const speed = 1_000_000;
  for (const effort of [ALL, { threads: 1, cpuLimitPercent: 25 }, { threads: 8, cpuLimitPercent: 55 }]) {
    const measured = (speed * effort.threads * effort.cpuLimitPercent) / 100;
    assert.equal(Math.round(threadSpeed(measured, effort)), speed);
  }
});
