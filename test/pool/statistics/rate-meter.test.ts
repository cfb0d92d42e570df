import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateMeter } from '../../../pool/statistics/rate-meter.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

test('a rate covers its window, or the meter’s life while that is shorter', () => {
  const meter = new RateMeter(5_000);
  meter.add(100, 5_000);
  assert.deepEqual(meter.last(MINUTE_MS, 8_000), { sum: 100, coveredMs: 3_000 });
  meter.add(50, 64_000);
  assert.deepEqual(meter.last(MINUTE_MS, 64_000), { sum: 50, coveredMs: 54_000 });
  assert.deepEqual(meter.last(20_000, 64_000), { sum: 50, coveredMs: 14_000 });
  assert.deepEqual(meter.last(MINUTE_MS, 310_000), { sum: 0, coveredMs: 50_000 });
  assert.equal(meter.last(HOUR_MS, 310_000).sum, 150);
  assert.equal(meter.last(DAY_MS, DAY_MS - HOUR_MS).sum, 150);
  assert.deepEqual(meter.last(DAY_MS, 2 * DAY_MS), { sum: 0, coveredMs: DAY_MS - HOUR_MS / 2 });
});

test('a window longer than a day is refused rather than cut', () => {
  assert.throws(() => new RateMeter(0).last(DAY_MS + 1, 0), RangeError);
});

test('for every window a rate meter agrees with a list of everything that was added', () => {
  const events = fc.array(
    fc.record({ afterMs: fc.oneof(fc.nat(25_000), fc.nat(2 * HOUR_MS)), amount: fc.nat(1_000) }),
    { maxLength: 60 },
  );
  const windows = fc.constantFrom(MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS);
  fc.assert(
    fc.property(events, windows, fc.integer({ min: -DAY_MS, max: DAY_MS }), (list, windowMs, startMs) => {
      const meter = new RateMeter(startMs);
      let nowMs = startMs;
      const added = list.map(({ afterMs, amount }) => {
        nowMs += afterMs;
        meter.add(amount, nowMs);
        return { atMs: nowMs, amount };
      });
      const { sum, coveredMs } = meter.last(windowMs, nowMs);
      const expected = added
        .filter(({ atMs }) => atMs >= nowMs - coveredMs)
        .reduce((total, { amount }) => total + amount, 0);
      assert.equal(sum, expected);
      assert.ok(coveredMs <= windowMs);
    }),
  );
});

test('what is read in from the past counts like what was added at its time, in any order', () => {
  const nowMs = 10 * HOUR_MS;
  const ages = [2_000, 50_000, 200_000, 1_800_000, 20 * HOUR_MS];
  const live = new RateMeter(nowMs - DAY_MS);
  for (const age of [...ages].sort((a, b) => b - a)) live.add(age, nowMs - age);
  const refilled = new RateMeter(nowMs);
  for (const age of ages) refilled.add(age, nowMs - age);
  for (const windowMs of [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS]) {
    assert.equal(refilled.last(windowMs, nowMs).sum, live.last(windowMs, nowMs).sum);
  }
  assert.equal(refilled.last(DAY_MS, nowMs).coveredMs, 20 * HOUR_MS, 'it covers what it knows');
});
