import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  chooseDifficulty,
  difficultyInPassword,
  levelOf,
  parseDifficulty,
} from '../../../pool/stratum/difficulty.ts';
import { targetBytes, targetOfDifficulty } from '../../../protocol/work.ts';

test('a difficulty is a number or its digits', () => {
  const good: [unknown, number][] = [
    [1, 1],
    [0.0001, 0.0001],
    ['1000', 1000],
    ['.5', 0.5],
    ['1e-4', 0.0001],
    ['1E3', 1000],
  ];
  for (const [value, expected] of good) assert.equal(parseDifficulty(value), expected);
  for (const value of [
    '',
    ' ',
    '1 ',
    '-1',
    '+1',
    '0',
    '0x1',
    'NaN',
    '1e999',
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ]) {
    assert.equal(parseDifficulty(value), undefined, String(value));
  }
});

test('a password may carry a difficulty among other things', () => {
  assert.equal(difficultyInPassword('d=0.01'), 0.01);
  assert.equal(difficultyInPassword('x,d=64'), 64);
  assert.equal(difficultyInPassword('c=BTC;D=1e-3'), 0.001);
  for (const password of ['', 'x', 'd', 'd=', 'd=abc', 'd=-1', 'pwd=5']) {
    assert.equal(difficultyInPassword(password), undefined, password);
  }
});

test('whatever a miner wishes, the operator’s limits hold', () => {
  const limits = { start: 1, minimum: 0.01, maximum: 100 };
  const wish = fc.option(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), { nil: undefined });
  fc.assert(
    fc.property(wish, wish, wish, (password, suggested, floor) => {
      const wishes = {
        ...(password !== undefined && { password }),
        ...(suggested !== undefined && { suggested }),
        ...(floor !== undefined && { floor }),
      };
      const difficulty = chooseDifficulty(wishes, limits);
      assert.ok(difficulty >= limits.minimum && difficulty <= limits.maximum);
    }),
  );
});

test('a level has the weight of its difficulty and a target 0.01 % wide of it', () => {
  assert.equal(levelOf(1).weight, 4_294_967_296n);
  assert.equal(levelOf(0.001).weight, 4_294_967n);
  assert.deepEqual(levelOf(0.5).target, targetBytes((targetOfDifficulty(0.5) * 10_000n) / 9_999n));
  assert.deepEqual(levelOf(1e-10).target, new Uint8Array(32).fill(0xff), 'every hash counts');
  assert.equal(levelOf(0.25), levelOf(0.25));
});
