import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  boundsOf,
  DEFAULT_DIFFICULTY,
  difficultyInPassword,
  levelOf,
  parseDifficulty,
  startDifficulty,
  usualDifficulty,
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
    ['1/8', 0.125],
    ['1.5/1e3', 0.0015],
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
    '1/0',
    '0/8',
    '1/',
    '/8',
    '1/2/3',
    '1/-8',
    '1 / 8',
    [1],
    { valueOf: 1 },
    null,
    true,
    1n,
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
  assert.equal(difficultyInPassword('d=1/8'), 0.125);
  for (const password of ['', 'x', 'd', 'pwd=5', 'sd=5']) {
    assert.equal(difficultyInPassword(password), undefined, password);
  }
  for (const password of ['d=', 'd=abc', 'd=-1', 'd=0', 'x,d=1/0', 'd=0x10']) {
    assert.equal(difficultyInPassword(password), 'unreadable', password);
  }
});

const LIMITS = { ...DEFAULT_DIFFICULTY, start: 1, minimum: 0.01, maximum: 100 };
/** Bits of a network whose difficulty is some 8e13: no bound for anybody here. */
const HARD = 0x170355f0;
/** Bits of difficulty 1: shares may have a sixteenth. */
const ONE = 0x1d00ffff;

test('whatever a miner wishes, the operator’s limits hold', () => {
  const wish = fc.option(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), { nil: undefined });
  fc.assert(
    fc.property(wish, wish, wish, fc.constantFrom(HARD, ONE), (password, suggested, floor, bits) => {
      const wishes = {
        ...(password !== undefined && { password }),
        ...(suggested !== undefined && { suggested }),
        ...(floor !== undefined && { floor }),
      };
      const difficulty = startDifficulty(wishes, LIMITS, bits);
      assert.ok(difficulty >= LIMITS.minimum && difficulty <= LIMITS.maximum);
      if (bits === ONE) assert.ok(difficulty <= LIMITS.start);
    }),
  );
});

test('the start: password, then suggestion, then what the worker had, then its kind, then the operator’s', () => {
  const wishes = { password: 2, suggested: 3, remembered: 4, usual: 0.5 };
  const { password: _password, ...noPassword } = wishes;
  const { suggested: _suggested, ...noSuggestion } = noPassword;
  assert.equal(startDifficulty(wishes, LIMITS, HARD), 2);
  assert.equal(startDifficulty(noPassword, LIMITS, HARD), 3);
  assert.equal(startDifficulty(noSuggestion, LIMITS, HARD), 4);
  assert.equal(startDifficulty({ usual: 0.5 }, LIMITS, HARD), 0.5);
  assert.equal(startDifficulty({ usual: 5 }, LIMITS, HARD), 1, 'a slow miner never gets more than others');
  assert.equal(startDifficulty({}, LIMITS, HARD), 1);
});

test('miners on a processor are known by their name, and by nothing else', () => {
  for (const agent of ['cpuminer/2.5.1', 'minerd', 'cpuminer-opt-24.3-x64L', 'nilz-miner/1.0']) {
    assert.equal(usualDifficulty(agent), 0.005, agent);
  }
  for (const agent of ['NerdMinerV2/V1.7.0', 'NMMiner/1.6', 'LeafMiner/0.0.6']) {
    assert.equal(usualDifficulty(agent), 0.0002, agent);
  }
  for (const agent of [
    '',
    'bitaxe/BM1370/v2.4',
    'cgminer/4.12.1',
    'bfgminer/5.5.0',
    'NerdAxe/BM1366',
    'x cpuminer',
  ]) {
    assert.equal(usualDifficulty(agent), undefined, agent);
  }
});

test('a share is at most a sixteenth of a block, even for a miner that can do no less', () => {
  assert.deepEqual(boundsOf({}, LIMITS, ONE), { lowest: 0.01, highest: 1 / 16 });
  assert.deepEqual(boundsOf({ floor: 64 }, LIMITS, ONE), { lowest: 64, highest: 1 / 16 });
  assert.deepEqual(boundsOf({}, LIMITS, HARD), { lowest: 0.01, highest: 100 });
  // Every second hash is a block there: below 1e-10 every hash is a share.
  assert.deepEqual(boundsOf({}, LIMITS, 0x207fffff), { lowest: 0.01, highest: 1e-10 });
  assert.equal(
    startDifficulty({ password: 50 }, LIMITS, ONE),
    1,
    'until something is measured the start stands',
  );
  assert.equal(startDifficulty({ password: 0.02 }, LIMITS, ONE), 0.02);
});

test('a level has the weight of its difficulty and a target 0.01 % wide of it', () => {
  assert.equal(levelOf(1).weight, 4_294_967_296n);
  assert.equal(levelOf(0.001).weight, 4_294_967n);
  assert.deepEqual(levelOf(0.5).target, targetBytes((targetOfDifficulty(0.5) * 10_000n) / 9_999n));
  assert.deepEqual(levelOf(1e-10).target, new Uint8Array(32).fill(0xff), 'every hash counts');
  assert.equal(levelOf(0.25), levelOf(0.25));
});
