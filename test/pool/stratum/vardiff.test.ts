import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_DIFFICULTY } from '../../../pool/stratum/difficulty.ts';
import {
  countShare,
  fewDigits,
  fitDifficulty,
  judge,
  MAX_SHARES_PER_SECOND,
  newWindow,
  type ShareWindow,
} from '../../../pool/stratum/vardiff.ts';
import { SimulatedMiner, seeded } from '../../kit/simulated-miner.ts';

const INTERVAL_MS = 10_000;
const WIDE = { lowest: 1e-10, highest: 1e15 };
const LIMITS = { ...DEFAULT_DIFFICULTY, start: 1, minimum: 1e-9, maximum: 1e12 };
/** Bits of a network whose difficulty is some 8e13: no bound for anybody here. */
const HARD = 0x170355f0;
/** Bits of difficulty 1. */
const ONE = 0x1d00ffff;

/** A window with so many shares of difficulty 1 that has lasted until now. */
function windowOf(shares: number): ShareWindow {
  const window = newWindow(0);
  for (let index = 0; index < shares; index++) countShare(window, 1);
  return window;
}

/** What is judged of so many shares of difficulty 1 in so many seconds. */
function judged(shares: number, seconds: number): number | undefined {
  return judge(windowOf(shares), 1, WIDE, INTERVAL_MS, seconds * 1000);
}

test('far off is acted upon now: eight shares in a second are no chance, eight at once a queue', () => {
  assert.equal(judged(8, 0.9), undefined);
  assert.equal(judged(8, 1), 8, 'eighty times too easy: one step of eight');
  assert.equal(judged(32, 0.1), 8);
  assert.equal(judged(8, 16), 5);
  assert.equal(judged(7, 1), undefined);
});

test('silence counts for the less the shorter it is', () => {
  assert.equal(judged(0, 39), undefined);
  assert.equal(judged(0, 40), 0.25);
  assert.equal(judged(0, 400), 0.125, 'one step of an eighth');
  assert.equal(judged(1, 59), undefined);
});

test('half off is acted upon after a minute, 15 % off after five', () => {
  assert.equal(judged(9, 59), undefined);
  assert.equal(judged(9, 60), 1.5);
  assert.equal(judged(3, 60), 0.5);
  assert.equal(judged(8, 60), undefined);
  assert.equal(judged(35, 299), undefined);
  assert.equal(judged(35, 300), 1.16);
  assert.equal(judged(25, 300), 0.833);
  assert.equal(judged(33, 300), undefined);
});

test('long intervals are judged by as many shares, not by the clock', () => {
  const minute = 60_000;
  assert.equal(judge(windowOf(2), 1, WIDE, minute, minute), undefined);
  assert.equal(judge(windowOf(9), 1, WIDE, minute, 6 * minute), 1.5);
});

test('a window without news does not grow for ever: it reaches back ten minutes at most', () => {
  const window = windowOf(60);
  assert.equal(judge(window, 1, WIDE, INTERVAL_MS, 600_000), undefined);
  assert.deepEqual(window, { sinceMs: 300_000, shares: 30, work: 30 });
});

test('more than ten shares a second are too many, whatever the bounds say', () => {
  const bounds = { lowest: 1e-10, highest: 1 };
  assert.equal(judge(windowOf(150), 1, bounds, INTERVAL_MS, 14_800), 1.68);
  assert.equal(judge(windowOf(150), 1, bounds, INTERVAL_MS, 15_001), undefined);
  assert.equal(judge(windowOf(1_000), 1, bounds, INTERVAL_MS, 1_000), 8, 'no more than a step at once');
});

test('no step is longer than eight, whatever was measured', () => {
  const amount = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(
      fc.nat(2_000),
      amount,
      amount,
      fc.integer({ min: 1, max: 1e7 }),
      (shares, work, current, nowMs) => {
        const next = judge({ sinceMs: 0, shares, work }, current, WIDE, INTERVAL_MS, nowMs);
        if (next === undefined) return;
        assert.ok(next <= current * 8 && next >= (current / 8) * 0.99, `${current} to ${next}`);
      },
    ),
  );
});

test('what fits lies within the bounds, the upper one first, the cap above all', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
      fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
      fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
      (rate, lowest, highest) => {
        const difficulty = fitDifficulty(rate, INTERVAL_MS, { lowest, highest });
        assert.ok(rate / difficulty <= MAX_SHARES_PER_SECOND);
        const cap = Math.max(highest, rate / 6);
        assert.ok(difficulty <= cap, `${difficulty} above ${cap}`);
        if (lowest <= highest) assert.ok(difficulty >= lowest);
      },
    ),
  );
});

test('rounding goes down, by less than one percent', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 1e15, noNaN: true }), (value) => {
      const rounded = fewDigits(value);
      assert.ok(rounded <= value && rounded > value * 0.985, `${value} to ${rounded}`);
      assert.equal(Number(rounded.toPrecision(3)), rounded);
    }),
  );
});

test('from 10⁻⁴ to 10⁴ times off, a miner comes to one share per interval in ten minutes, and stays', () => {
  const offBy = fc.double({ min: -4, max: 4, noNaN: true }).map((power) => 10 ** power);
  fc.assert(
    fc.property(offBy, fc.integer({ min: 1, max: 1e9 }), (off, seed) => {
      const miner = new SimulatedMiner({ rate: 0.1 * off, limits: LIMITS, bits: HARD, random: seeded(seed) });
      miner.mine(600);
      const share = miner.mine(3_600) / 360;
      assert.ok(share > 0.75 && share < 1.3, `${share} shares per interval, ${off} off`);
    }),
    { numRuns: 60 },
  );
});

test('a flood of 10⁴ times too many shares is over within a second', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const miner = new SimulatedMiner({ rate: 1_000, limits: LIMITS, bits: HARD, random: seeded(seed) });
    assert.ok(miner.mine(1) < 200);
    assert.ok(miner.mine(60) < 60);
  }
});

test('a connection whose miner has gone comes down, step by step, to the minimum and no further', () => {
  const miner = new SimulatedMiner({
    rate: 1e-300,
    limits: { ...LIMITS, minimum: 1e-3 },
    bits: HARD,
    random: seeded(1),
  });
  miner.mine(600);
  assert.equal(miner.difficulty, 1e-3);
  for (const [index, difficulty] of miner.history.entries()) {
    const before = miner.history[index - 1] ?? difficulty;
    assert.ok(difficulty <= before && difficulty >= before / 8.1);
  }
  miner.rate = 1;
  miner.mine(300);
  assert.ok(miner.difficulty > 4 && miner.difficulty < 25, 'it is found again when it comes back');
});

test('shares stay finer than blocks, until there would be more than ten a second', () => {
  const mine = (rate: number) => {
    const miner = new SimulatedMiner({
      rate,
      limits: { ...LIMITS, start: 0.01 },
      bits: ONE,
      random: seeded(7),
    });
    miner.mine(300);
    return { difficulty: miner.difficulty, perSecond: miner.mine(3_600) / 3_600 };
  };
  const slow = mine(0.1);
  assert.ok(slow.difficulty <= 1 / 16 && slow.difficulty > 1 / 20);
  const fast = mine(0.5);
  assert.ok(
    fast.difficulty <= 1 / 16 && fast.perSecond > 7 && fast.perSecond < 10,
    'eight a second are allowed',
  );
  const tooFast = mine(1_000);
  assert.ok(tooFast.difficulty > 100, 'every share is a block, and more');
  assert.ok(tooFast.perSecond > 3 && tooFast.perSecond < 10, `${tooFast.perSecond}`);
});

test('a miner that asks for too little gets no more than its ten shares a second', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const miner = new SimulatedMiner({
      rate: 50,
      limits: LIMITS,
      bits: HARD,
      wishes: { password: 1e-3 },
      random: seeded(seed),
    });
    miner.mine(10);
    assert.ok(miner.mine(600) / 600 < 1);
  }
});

test('interval 0 leaves every difficulty as it was', () => {
  const limits = { ...LIMITS, shareIntervalMs: 0 };
  const miner = new SimulatedMiner({ rate: 100, limits, bits: HARD, random: seeded(3) });
  miner.mine(60);
  assert.deepEqual(miner.history, [1]);
});

test('the network’s bound wins over the operator’s minimum', () => {
  const limits = { ...LIMITS, start: 0.01, minimum: 0.5 };
  const miner = new SimulatedMiner({ rate: 0.3, limits, bits: ONE, random: seeded(5) });
  miner.mine(600);
  assert.ok(miner.difficulty <= 1 / 16, `${miner.difficulty}`);
});
