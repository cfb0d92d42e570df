import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attemptsFor, Demand } from '../../../faucet/challenge/demand.ts';

const RANGE = { least: 64, most: 4_096 };
const HOUR_MS = 3_600_000;

describe('what a claim costs', () => {
  test('is the least up to the pace that the budget lasts for, and rises in proportion above', () => {
    assert.equal(attemptsFor(0, 10, RANGE), 64);
    assert.equal(attemptsFor(10, 10, RANGE), 64);
    assert.equal(attemptsFor(20, 10, RANGE), 128);
    assert.equal(attemptsFor(100, 10, RANGE), 640);
    assert.equal(attemptsFor(1e9, 10, RANGE), 4_096);
  });

  test('is the most where nothing could be paid for ever', () => {
    assert.equal(attemptsFor(0, 0, RANGE), 4_096);
  });

  test('is decided by the claims of about the last hour', () => {
    const demand = new Demand(0);
    for (let claim = 0; claim < 100; claim += 1) demand.claimed(0);
    assert.equal(demand.claimsPerHour(0), 100);
    assert.ok(Math.abs(demand.claimsPerHour(HOUR_MS) - 100 / Math.E) < 1e-9);
    assert.ok(demand.claimsPerHour(10 * HOUR_MS) < 0.01);
  });

  test('settles at the pace of a steady stream', () => {
    const demand = new Demand(0);
    for (let minute = 0; minute < 600; minute += 1) demand.claimed(minute * 60_000);
    assert.ok(Math.abs(demand.claimsPerHour(600 * 60_000) - 60) < 1);
  });
});
