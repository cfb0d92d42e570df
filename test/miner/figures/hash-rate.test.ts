import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HashRateMeter, LONGEST_WINDOW_SECONDS } from '../../../miner/figures/hash-rate.ts';

/** Adds a steady rate from one second to another, twice a second. */
function steady(meter: HashRateMeter, hashesPerSecond: number, fromSecond: number, toSecond: number): void {
  for (let ms = fromSecond * 1_000; ms < toSecond * 1_000; ms += 500) meter.add(hashesPerSecond / 2, ms);
}

describe('hash rate', () => {
  test('is unknown until its window has been measured whole', () => {
    const meter = new HashRateMeter();
    assert.equal(meter.rate(1, 0), null);
    meter.add(1_000, 10_300);
    assert.equal(meter.rate(1, 11_900), null);
    meter.add(2_000, 11_900);
    assert.equal(meter.rate(1, 12_000), 2_000);
    steady(meter, 2_000, 12, 21);
    assert.equal(meter.rate(10, 20_999), null);
    assert.equal(meter.rate(10, 21_000), 2_000);
    assert.equal(meter.rate(60, 21_000), null);
  });

  test('forgets what lies before the window', () => {
    const meter = new HashRateMeter();
    steady(meter, 4_000, 0, 60);
    steady(meter, 1_000, 60, 80);
    assert.equal(meter.rate(10, 80_000), 1_000);
    assert.equal(meter.rate(40, 80_000), 2_500);
  });

  test('falls to zero while nothing is hashed', () => {
    const meter = new HashRateMeter();
    steady(meter, 1_000, 0, 30);
    assert.equal(meter.rate(10, 35_000), 500);
    assert.equal(meter.rate(10, 100_000), 0);
    assert.equal(meter.rate(LONGEST_WINDOW_SECONDS, 5_000_000), 0);
  });

  test('does not count again what is older than the longest window', () => {
    const meter = new HashRateMeter();
    steady(meter, 9_000, 0, 10);
    meter.add(0, 2_000_000);
    steady(meter, 300, 2_001, 2_000 + LONGEST_WINDOW_SECONDS);
    const rate = meter.rate(LONGEST_WINDOW_SECONDS, (2_000 + LONGEST_WINDOW_SECONDS) * 1_000);
    assert.ok(rate !== null && rate > 298 && rate <= 300);
  });

  test('does not depend on the moment within a second at which it is asked for', () => {
    const meter = new HashRateMeter();
    steady(meter, 2_000, 0, 20);
    assert.equal(meter.rate(10, 19_000), meter.rate(10, 19_999));
  });
});
