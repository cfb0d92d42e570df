import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stepsOf } from '../../../../wallet/web/overview/chart-steps.ts';

test('a wallet without a history has no line', () => {
  assert.deepEqual(stepsOf([], 1_000), []);
});

test('a balance stays until it changes, and the last one reaches to now', () => {
  const points = [
    { time: 1_000, balance_nits: '5' },
    { time: 2_000, balance_nits: '3' },
  ];
  assert.deepEqual(stepsOf(points, 3_000), [
    { time: 999, nits: 0n },
    { time: 1_000, nits: 5n },
    { time: 1_999, nits: 5n },
    { time: 2_000, nits: 3n },
    { time: 3_000, nits: 3n },
  ]);
});

test('times ascend whatever blocks say of theirs, and the end is the last balance', () => {
  const point = fc.record({
    time: fc.integer({ min: 0, max: 1e9 }),
    balance_nits: fc.bigInt({ min: 0n, max: 10n ** 15n }).map(String),
  });
  fc.assert(
    fc.property(fc.array(point, { minLength: 1 }), fc.integer({ min: 0, max: 2e9 }), (points, now) => {
      const steps = stepsOf(points, now);
      const times = steps.map(({ time }) => time);
      assert.ok(times.every((time, at) => at === 0 || time > (times[at - 1] ?? time)));
      assert.equal(String(steps.at(-1)?.nits), points.at(-1)?.balance_nits);
    }),
  );
});
