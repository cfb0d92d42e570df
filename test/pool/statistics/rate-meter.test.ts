import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateMeter } from '../../../pool/statistics/rate-meter.ts';

test('a rate covers its window, or the meter’s life while that is shorter', () => {
  const meter = new RateMeter(60_000, 5_000);
  meter.add(100, 5_000);
  assert.deepEqual(meter.last(60_000, 8_000), { sum: 100, coveredMs: 3_000 });
  meter.add(50, 64_000);
  assert.deepEqual(meter.last(60_000, 64_000), { sum: 50, coveredMs: 54_000 });
  assert.deepEqual(meter.last(20_000, 64_000), { sum: 50, coveredMs: 14_000 });
  assert.deepEqual(meter.last(60_000, 300_000), { sum: 0, coveredMs: 50_000 });
});

test('a rate meter agrees with a list of everything that was added', () => {
  const events = fc.array(fc.record({ afterMs: fc.nat(25_000), amount: fc.nat(1_000) }), { maxLength: 60 });
  fc.assert(
    fc.property(events, (list) => {
      const meter = new RateMeter(60_000, 0);
      let nowMs = 0;
      const added = list.map(({ afterMs, amount }) => {
        nowMs += afterMs;
        meter.add(amount, nowMs);
        return { atMs: nowMs, amount };
      });
      const { sum, coveredMs } = meter.last(60_000, nowMs);
      const expected = added
        .filter(({ atMs }) => atMs >= nowMs - coveredMs)
        .reduce((total, { amount }) => total + amount, 0);
      assert.equal(sum, expected);
      assert.ok(coveredMs <= 60_000);
    }),
  );
});
