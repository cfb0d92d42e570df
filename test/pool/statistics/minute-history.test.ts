import assert from 'node:assert/strict';
import { test } from 'node:test';
import { historyStep, MinuteHistory } from '../../../pool/statistics/minute-history.ts';

const MINUTE_MS = 60_000;
const START_MS = 30_000_000 * MINUTE_MS;

test('a history has a point for every minute, zero where nothing happened and unknown before the start', () => {
  const history = new MinuteHistory(START_MS);
  history.countAccepted(100, 2, START_MS + 5_000);
  history.countAccepted(50, 1, START_MS + 2 * MINUTE_MS);
  history.countRejected(START_MS + 2 * MINUTE_MS);
  const points = history.last(4, 1, START_MS + 2 * MINUTE_MS + 15_000);
  assert.deepEqual(points, [
    {
      startMs: START_MS - MINUTE_MS,
      lengthMs: MINUTE_MS,
      weight: undefined,
      accepted: undefined,
      rejected: undefined,
    },
    { startMs: START_MS, lengthMs: MINUTE_MS, weight: 100, accepted: 2, rejected: 0 },
    { startMs: START_MS + MINUTE_MS, lengthMs: MINUTE_MS, weight: 0, accepted: 0, rejected: 0 },
    { startMs: START_MS + 2 * MINUTE_MS, lengthMs: 15_000, weight: 50, accepted: 1, rejected: 1 },
  ]);
});

test('of the minute in which a pool starts for the first time only what was counted counts', () => {
  const startedMs = START_MS + 40_000;
  const history = new MinuteHistory(startedMs);
  history.countAccepted(100, 1, startedMs + 10_000);
  const [first] = history.last(1, 1, START_MS + 55_000);
  assert.deepEqual([first?.startMs, first?.lengthMs, first?.weight], [START_MS, 15_000, 100]);
  const restarted = new MinuteHistory(startedMs);
  restarted.countAccepted(100, 1, START_MS);
  assert.equal(restarted.last(1, 1, START_MS + 55_000)[0]?.lengthMs, 55_000, 'it was up before as well');
});

test('longer steps begin at whole multiples and add up the same', () => {
  const history = new MinuteHistory(START_MS);
  for (let minute = 0; minute < 20; minute++) history.countAccepted(1, 1, START_MS + minute * MINUTE_MS);
  const points = history.last(15, 5, START_MS + 19 * MINUTE_MS + 1);
  assert.ok(points.every(({ startMs }) => startMs % (5 * MINUTE_MS) === 0));
  assert.equal(
    points.reduce((sum, { accepted = 0 }) => sum + accepted, 0),
    15,
  );
});

test('what is a day old is overwritten, and a clock that jumps brings nothing old back', () => {
  const history = new MinuteHistory(START_MS);
  history.countAccepted(7, 1, START_MS);
  const later = START_MS + 1_441 * MINUTE_MS;
  history.countAccepted(1, 1, later);
  assert.equal(history.last(1, 1, later)[0]?.weight, 1, 'the slot of a day before is emptied');
  const points = history.last(1_440, 5, later + 365 * 1_440 * MINUTE_MS);
  assert.ok(points.every(({ weight }) => weight === 0));
});

test('a day is shown in at most 300 points', () => {
  for (const minutes of [1, 60, 300, 301, 1_440]) {
    assert.ok(minutes / historyStep(minutes) <= 300);
  }
});
