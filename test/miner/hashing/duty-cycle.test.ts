import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DutyCycle } from '../../../miner/hashing/duty-cycle.ts';

/** Computes and rests for a while; returns the share of the time that was computed. */
function share(
  duty: DutyCycle,
  sliceMs: (slice: number) => number,
  oversleepMs: (rest: number) => number,
): number {
  let computedMs = 0;
  let restedMs = 0;
  for (let slice = 0; computedMs + restedMs < 60_000; slice++) {
    const elapsedMs = sliceMs(slice);
    computedMs += elapsedMs;
    const restMs = duty.computed(elapsedMs);
    if (restMs === 0) continue;
    const sleptMs = restMs + oversleepMs(slice);
    duty.rested(sleptMs);
    restedMs += sleptMs;
  }
  return computedMs / (computedMs + restedMs);
}

describe('a share of the processor', () => {
  test('is kept to, whatever slices take and however late timers are', () => {
    for (const percent of [1, 2, 5, 10, 25, 33, 50, 75, 90, 99]) {
      for (const late of [0, 0.06, 1.2, 4]) {
        const duty = new DutyCycle(percent);
        const computed = share(
          duty,
          (slice) => duty.sliceMs * (0.7 + (slice % 7) / 10),
          (slice) => late * ((slice * 7) % 5) * 0.5,
        );
        assert.ok(Math.abs(computed - percent / 100) < 0.01, `${percent} %, ${late} ms late: ${computed}`);
      }
    }
  });

  test('of the whole is without rest', () => {
    const duty = new DutyCycle(100);
    assert.equal(
      share(
        duty,
        () => 5,
        () => 0,
      ),
      1,
    );
    assert.equal(duty.sliceMs, 5);
  });

  test('has short slices where rests are long, so that it looks even', () => {
    assert.equal(new DutyCycle(50).sliceMs, 5);
    assert.equal(new DutyCycle(10).sliceMs, 2);
    assert.equal(new DutyCycle(1).sliceMs, 0.5);
  });

  test('is not made up for after the machine was asleep', () => {
    const duty = new DutyCycle(50);
    duty.computed(5);
    duty.rested(3_600_000);
    let computedMs = 0;
    while (duty.computed(5) === 0) computedMs += 5;
    assert.ok(computedMs <= 60, `${computedMs} ms without rest`);
  });

  test('is not lessened much by what other programs take away in the middle of slices', () => {
    const duty = new DutyCycle(50);
    assert.equal(duty.computed(400), 10);
  });

  test('of nothing or of more than all is refused', () => {
    for (const percent of [0, 0.5, 101, -5, Number.NaN]) {
      assert.throws(() => new DutyCycle(percent), /1 to 100 percent/);
    }
  });
});
