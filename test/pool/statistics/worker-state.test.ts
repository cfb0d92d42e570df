import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addHashRates, type HashRate, UNKNOWN_RATES } from '../../../pool/statistics/hash-rate.ts';
import { workerState } from '../../../pool/statistics/worker-state.ts';

/** Rates of five minutes and an hour, in shares of difficulty 1 per second. */
function rates(short: number, long: number): HashRate[] {
  return UNKNOWN_RATES.map((rate) => {
    const { window_seconds: window } = rate;
    const perSecond = window === 300 ? short : window === 3_600 ? long : 0;
    return { window_seconds: window, covered_seconds: window, hashes_per_second: perSecond * 2 ** 32 };
  });
}

const SIGNS = { connections: 1, silentSeconds: 5, difficulty: 1 };

test('a worker is low at less than half of its rate of the last hour, where enough shares were due to tell', () => {
  assert.equal(workerState({ ...SIGNS, rates: rates(1, 1) }), 'ok');
  assert.equal(workerState({ ...SIGNS, rates: rates(0.51, 1) }), 'ok');
  assert.equal(workerState({ ...SIGNS, rates: rates(0.49, 1) }), 'low');
  assert.equal(workerState({ ...SIGNS, rates: rates(0, 1) }), 'low');
  const slow = { ...SIGNS, difficulty: 100 };
  assert.equal(workerState({ ...slow, rates: rates(0, 3) }), 'ok', 'nine shares were due: it may be chance');
  assert.equal(workerState({ ...slow, rates: rates(0, 4) }), 'low');
});

test('without a connection a worker is offline after ten minutes of silence, and not before: it may be behind an edge', () => {
  const alone = { ...SIGNS, connections: 0, rates: rates(1, 1) };
  assert.equal(workerState({ ...alone, silentSeconds: 599 }), 'ok');
  assert.equal(workerState({ ...alone, silentSeconds: 601 }), 'offline');
  assert.equal(workerState({ ...alone, silentSeconds: undefined }), 'offline');
  assert.equal(workerState({ ...alone, connections: 1, silentSeconds: 100_000 }), 'ok');
});

test('where nothing is known of a worker’s rates it is not called low', () => {
  assert.equal(workerState({ ...SIGNS, difficulty: null, rates: UNKNOWN_RATES }), 'ok');
});

test('rates add up by window, and are unknown only where all are', () => {
  const sums = addHashRates([rates(1, 2), rates(3, 4), UNKNOWN_RATES]);
  assert.deepEqual(
    sums.map(({ hashes_per_second: rate }) => (rate ?? 0) / 2 ** 32),
    [0, 4, 6, 0],
  );
  assert.deepEqual(addHashRates([]), UNKNOWN_RATES);
});
