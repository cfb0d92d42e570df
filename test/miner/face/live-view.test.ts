import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type LiveFigures, renderLiveView, type ViewSize } from '../../../miner/face/live-view.ts';
import { columnsOf } from '../../../miner/face/text-width.ts';
import type { MinerStats } from '../../../miner/figures/statistics.ts';
import { SOME_STATS } from '../../kit/miner-stats.ts';

const FIGURES: LiveFigures = {
  stats: SOME_STATS,
  isStopping: false,
  temperatureCelsius: 61.4,
  cpuLimitPercent: 100,
  lines: [],
};
const SCREEN: ViewSize = { columns: 80, rows: 24, hasColors: false };

function view(stats: Partial<MinerStats> = {}, figures: Partial<LiveFigures> = {}): string[] {
  return renderLiveView({ ...FIGURES, ...figures, stats: { ...SOME_STATS, ...stats } }, SCREEN);
}

function logLines(count: number): LiveFigures['lines'] {
  return Array.from({ length: count }, (_, i) => ({
    time: '12:00:00',
    text: `line ${i}`,
    style: 'plain' as const,
  }));
}

describe('the live view', () => {
  test('tells all figures on a screen of the usual size', () => {
    assert.deepEqual(view(), [
      'nilz miner  mining  up 2.2 h',
      '',
      'pool         stratum+tcp://pool.test:3333',
      'mining for   dnilz1address.rig',
      'difficulty   share 0.001 · network 0.0153',
      '',
      'hash rate    now 8.91 MH/s · 1 min 8.88 MH/s · 15 min —',
      '2 threads    4.46 MH/s · 4.45 MH/s',
      'kernel       simd',
      'temperature  61 °C',
      '',
      'shares       accepted 123 · stale 2 · rejected 3 (duplicate 1, low-difficulty 2)',
      '             unanswered 1',
      'blocks       4',
      'best share   0.4821 · last accepted 4 s ago',
      'expected     a share every 0.5 s · a block every 7.4 s',
    ]);
  });

  test('says what keeps it from mining', () => {
    const text = 'nothing listens at pool.test:3333: is the pool running, and is the port right?';
    const lines = view({ state: 'waiting', problem: { code: 'connection-refused', text } });
    assert.equal(lines[0], 'nilz miner  not mining  up 2.2 h');
    assert.deepEqual(lines.slice(1, 4), [
      'problem      nothing listens at pool.test:3333: is the pool running, and is the',
      '             port right?',
      '',
    ]);
  });

  test('shows a dash for what is not known, and leaves out what the system does not tell', () => {
    const lines = view(
      {
        difficulty: null,
        hashRate: { now: null, seconds10: null, minute1: null, minutes15: null },
        threadHashRates: [null, null],
        expectedSecondsPerBlock: null,
      },
      { temperatureCelsius: null },
    );
    assert.ok(lines.includes('hash rate    now — · 1 min — · 15 min —'));
    assert.ok(lines.includes('2 threads    — · —'));
    assert.ok(lines.includes('expected     a share every 0.5 s · a block every —'));
    assert.ok(!lines.some((line) => line.startsWith('temperature')));
  });

  test('tells what the processor may be used for', () => {
    const lines = view({}, { cpuLimitPercent: 40 });
    assert.ok(lines.includes('kernel       simd · at most 40 % of a core each'));
  });

  test('tells the rates of many threads as a range', () => {
    const threadHashRates = Array.from({ length: 64 }, (_, i) => 4_000_000 + i * 10_000);
    assert.ok(view({ threadHashRates }).includes('64 threads   each 4.00 MH/s to 4.63 MH/s'));
    assert.ok(view({ threadHashRates: [...threadHashRates, null] }).includes('65 threads   —'));
  });

  test('tells while it stops how many shares it waits for', () => {
    const headline = (inFlight: number): string | undefined =>
      view({ shares: { ...SOME_STATS.shares, inFlight } }, { isStopping: true })[0];
    assert.equal(headline(1), 'nilz miner  stopping: 1 share to be answered  up 2.2 h');
    assert.equal(headline(0), 'nilz miner  stopping  up 2.2 h');
  });

  test('puts the newest log lines into the rest of the screen', () => {
    const lines = view({}, { lines: logLines(50) });
    assert.equal(lines.length, 24);
    assert.deepEqual(lines.slice(-8), [
      '',
      ...logLines(50)
        .slice(-7)
        .map(({ text }) => `12:00:00 ${text}`),
    ]);
  });

  test('shows log lines whole, or else the beginning of the newest', () => {
    const long = { time: '12:00:00', text: 'word '.repeat(12).trim(), style: 'plain' } as const;
    const view = (rows: number, lines: LiveFigures['lines']): string[] =>
      renderLiveView({ ...FIGURES, lines }, { ...SCREEN, columns: 40, rows });
    const wrapped = [`12:00:00 ${'word '.repeat(6).trim()}`, `         ${'word '.repeat(6).trim()}`];
    assert.deepEqual(view(40, [long, ...logLines(1)]).slice(-4), ['', ...wrapped, '12:00:00 line 0']);
    assert.deepEqual(view(3, [long, ...logLines(1)]), ['nilz miner  mining  up 2.2 h', '12:00:00 line 0']);
    assert.deepEqual(view(2, [long]), ['nilz miner  mining  up 2.2 h', wrapped[0]]);
  });

  test('drops the lesser figures where there is no room for them, and keeps three log lines', () => {
    const lines = renderLiveView({ ...FIGURES, lines: logLines(9) }, { ...SCREEN, rows: 8 });
    assert.deepEqual(lines, [
      'nilz miner  mining  up 2.2 h',
      'hash rate    now 8.91 MH/s · 1 min 8.88 MH/s · 15 min —',
      'shares       accepted 123 · stale 2 · rejected 3 (duplicate 1, low-difficulty 2)',
      '             unanswered 1',
      'blocks       4',
      '12:00:00 line 6',
      '12:00:00 line 7',
      '12:00:00 line 8',
    ]);
    assert.deepEqual(renderLiveView(FIGURES, { ...SCREEN, rows: 1 }), ['nilz miner  mining  up 2.2 h']);
  });

  test('goes on below where the screen is narrow', () => {
    const lines = renderLiveView(FIGURES, { ...SCREEN, columns: 30 });
    const from = lines.indexOf('hash rate    now 8.91 MH/s');
    assert.deepEqual(lines.slice(from, from + 3), [
      'hash rate    now 8.91 MH/s',
      '             1 min 8.88 MH/s',
      '             15 min —',
    ]);
  });

  test('has no labels where they would leave no room', () => {
    assert.deepEqual(renderLiveView(FIGURES, { ...SCREEN, columns: 20, rows: 8 }), [
      'mining',
      'now 8.91 MH/s',
      '1 min 8.88 MH/s',
      '15 min —',
      'accepted 123',
      'stale 2',
      'rejected 3 (duplica…',
      'unanswered 1',
    ]);
  });

  test('has colours where the terminal has them, and no escape sequence elsewhere', () => {
    const colored = renderLiveView(FIGURES, { ...SCREEN, hasColors: true });
    assert.equal(colored[0], '\x1b[0;2mnilz miner  \x1b[0;32mmining\x1b[0;2m  up 2.2 h\x1b[0m');
    assert.ok(!view().some((line) => line.includes('\x1b')));
  });

  test('shows nothing that a terminal would obey, whatever a pool is called', () => {
    const lines = view({ pool: 'a\x1b[2Jb\nc\td' });
    assert.ok(lines.includes('pool         a [2Jb c d'));
  });

  test('fits every screen, whatever it has to tell', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    const rate = fc.option(fc.double({ min: 0, max: 1e20, noNaN: true }));
    const shown = fc.record({
      pool: text,
      problem: fc.option(text),
      rates: fc.array(rate, { minLength: 1, maxLength: 100 }),
      difficulty: fc.option(fc.double({ min: 1e-320, max: 1e308, noNaN: true })),
      lines: fc.array(text, { maxLength: 60 }),
      columns: fc.nat(200),
      rows: fc.nat(80),
      isStopping: fc.boolean(),
    });
    fc.assert(
      fc.property(shown, ({ pool, problem, rates, difficulty, columns, rows, isStopping, lines }) => {
        const stats: MinerStats = {
          ...SOME_STATS,
          pool,
          problem: problem === null ? null : { code: 'garbage', text: problem },
          threadHashRates: rates,
          difficulty,
          expectedSecondsPerBlock: difficulty,
        };
        const log = lines.map((line) => ({ time: '12:00:00', text: line, style: 'plain' as const }));
        const view = renderLiveView(
          { stats, isStopping, temperatureCelsius: 50, cpuLimitPercent: 50, lines: log },
          { columns, rows, hasColors: false },
        );
        assert.ok(view.length <= rows);
        for (const line of view) {
          assert.ok(columnsOf(line) <= columns, `${columns}: ${JSON.stringify(line)}`);
          assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029]/u);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the width of a text', () => {
  test('is two columns for a wide letter or a picture, none for an accent', () => {
    assert.deepEqual(['abc', '日本', '⛏', '🦊', 'e\u0301', '', '—·°'].map(columnsOf), [3, 4, 1, 2, 1, 0, 3]);
  });
});
