import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatDuration, formatHashRate, formatStats, lineOf } from '../../../miner/face/event-log.ts';
import { Statistics } from '../../../miner/figures/statistics.ts';

function someStatistics(): { statistics: Statistics; clock: { nowMs: number } } {
  const clock = { nowMs: 0 };
  const statistics = new Statistics({
    kernel: () => 'js',
    threads: 2,
    pool: 'stratum+tcp://pool.test:3333',
    user: 'dnilz1address',
    nowMs: () => clock.nowMs,
  });
  return { statistics, clock };
}

const share = { shareDifficulty: 0.5, hash: '00', isBlock: false };

describe('statistics', () => {
  test('know nothing at the start, and say so', () => {
    const { statistics } = someStatistics();
    const stats = statistics.snapshot();
    const unknown = [
      stats.difficulty,
      stats.networkDifficulty,
      stats.hashRate.now,
      stats.hashRate.seconds10,
      stats.hashRate.minute1,
      stats.hashRate.minutes15,
      stats.bestShareDifficulty,
      stats.secondsSinceAcceptedShare,
      stats.expectedSecondsPerShare,
      stats.expectedSecondsPerBlock,
      stats.problem,
    ];
    assert.deepEqual(new Set(unknown), new Set([null]));
    assert.equal(formatStats(stats).match(/—/g)?.length, 6);
  });

  test('count what became of every share', () => {
    const { statistics, clock } = someStatistics();
    for (let i = 0; i < 7; i++) statistics.observe({ type: 'share-found', ...share });
    statistics.observe({ type: 'share-accepted', difficulty: 0.25, isBlock: false, latencyMs: 5 });
    statistics.observe({ type: 'share-accepted', difficulty: 0.5, isBlock: true, latencyMs: 5 });
    for (const refusal of ['stale', 'duplicate', 'low-difficulty'] as const) {
      statistics.observe({ type: 'share-refused', refusal, text: '', isBlock: false });
    }
    statistics.observe({ type: 'share-unanswered', isBlock: false });
    statistics.observe({ type: 'share-discarded' });
    clock.nowMs = 4_000;
    const { shares, blocks, secondsSinceAcceptedShare } = statistics.snapshot();
    assert.deepEqual(shares, {
      accepted: 2,
      stale: 1,
      rejected: 2,
      reasons: { stale: 1, duplicate: 1, 'low-difficulty': 1 },
      discarded: 1,
      unanswered: 1,
      inFlight: 1,
      acceptedDifficulty: 0.75,
    });
    assert.equal(blocks, 1);
    assert.equal(secondsSinceAcceptedShare, 4);
  });

  test('keep the best share', () => {
    const { statistics } = someStatistics();
    for (const shareDifficulty of [0.5, 7, 2]) {
      statistics.observe({ type: 'share-found', ...share, shareDifficulty });
    }
    assert.equal(statistics.snapshot().bestShareDifficulty, 7);
  });

  test('expect shares and blocks by difficulty and hash rate', () => {
    const { statistics, clock } = someStatistics();
    statistics.observe({ type: 'job', jobId: 'a', clean: true, difficulty: 0.001, networkDifficulty: 1 });
    for (; clock.nowMs <= 20_000; clock.nowMs += 1_000) {
      statistics.addHashes(0, 1_000_000);
      statistics.addHashes(1, 500_000);
    }
    const stats = statistics.snapshot();
    assert.deepEqual(stats.hashRate, {
      now: 1_500_000,
      seconds10: 1_500_000,
      minute1: null,
      minutes15: null,
    });
    assert.deepEqual(stats.threadHashRates, [1_000_000, 500_000]);
    assert.equal(stats.expectedSecondsPerShare, (0.001 * 2 ** 32) / 1_500_000);
    assert.equal(stats.expectedSecondsPerBlock, 2 ** 32 / 1_500_000);
  });

  test('have a rate for now after a few seconds, and for a window only when it has passed', () => {
    const { statistics, clock } = someStatistics();
    const rates = (): unknown[] => {
      const { hashRate, threadHashRates } = statistics.snapshot();
      return [hashRate.now, hashRate.seconds10, threadHashRates[0]];
    };
    for (; clock.nowMs < 3_000; clock.nowMs += 500) statistics.addHashes(0, 1_000);
    clock.nowMs = 2_999;
    assert.deepEqual(rates(), [null, null, null]);
    clock.nowMs = 3_000;
    assert.deepEqual(rates(), [2_000, null, 2_000]);
    clock.nowMs = 11_000;
    assert.deepEqual(rates(), [400, 400, 400]);
  });

  test('survive the largest difficulties there are', () => {
    const { statistics, clock } = someStatistics();
    statistics.observe({ type: 'job', jobId: 'a', clean: true, difficulty: 1e60, networkDifficulty: 1e307 });
    for (; clock.nowMs <= 15_000; clock.nowMs += 1_000) statistics.addHashes(0, 10);
    assert.ok(statistics.snapshot().expectedSecondsPerShare! > 1e60);
  });

  test('forget the difficulty with the connection, and remember why it ended', () => {
    const { statistics } = someStatistics();
    statistics.observe({ type: 'authorized', user: 'a' });
    statistics.observe({ type: 'job', jobId: 'a', clean: true, difficulty: 1, networkDifficulty: 2 });
    assert.equal(statistics.snapshot().state, 'mining');
    const problem = { code: 'silent', text: 'it has fallen silent' } as const;
    statistics.observe({ type: 'disconnected', problem, retryInMs: 1_000 });
    const stats = statistics.snapshot();
    assert.equal(stats.state, 'waiting');
    assert.equal(stats.difficulty, null);
    assert.deepEqual(stats.problem, problem);
    statistics.observe({ type: 'authorized', user: 'a' });
    assert.equal(statistics.snapshot().problem, null);
  });
});

describe('words', () => {
  test('hash rates have three digits and a unit', () => {
    assert.deepEqual([null, 0, 950, 1_234, 99_940, 1_520_000, 123_456_789, 5e15].map(formatHashRate), [
      '—',
      '0 H/s',
      '950 H/s',
      '1.23 kH/s',
      '99.9 kH/s',
      '1.52 MH/s',
      '123 MH/s',
      '5000 TH/s',
    ]);
  });

  test('durations have the unit that suits them', () => {
    assert.deepEqual([0.42, 12.3, 210, 7_500, 400_000].map(formatDuration), [
      '0.4 s',
      '12 s',
      '3.5 min',
      '2.1 h',
      '4.63 d',
    ]);
  });

  test('the line of figures shows why shares were refused', () => {
    const { statistics } = someStatistics();
    statistics.observe({ type: 'share-refused', refusal: 'duplicate', text: '', isBlock: false });
    statistics.observe({ type: 'share-refused', refusal: 'stale', text: '', isBlock: false });
    assert.match(formatStats(statistics.snapshot()), /stale 1, rejected 1 \(duplicate 1\)/);
  });

  test('a refused address is an error, a lost connection a warning, a job a detail', () => {
    const gone = { type: 'disconnected', retryInMs: 2_000 } as const;
    assert.deepEqual(lineOf({ ...gone, problem: { code: 'unauthorized', text: 'wrong network' } }), {
      level: 'error',
      text: 'wrong network; next attempt in 2 s',
    });
    assert.equal(lineOf({ ...gone, problem: { code: 'silent', text: '' } }).level, 'warn');
    assert.equal(
      lineOf({ type: 'job', jobId: 'a', clean: true, difficulty: 1, networkDifficulty: 1 }).level,
      'debug',
    );
  });
});
