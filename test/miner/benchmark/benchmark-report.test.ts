import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Measured,
  reportOf,
  reportText,
  type Series,
} from '../../../miner/benchmark/benchmark-report.ts';

const MACHINE = { cpu: 'Abacus 3', processors: 2, architecture: 'x64', engine: 'Node.js 20.0.0 (V8 11.3)' };

function series(name: string, threads: number, rates: readonly number[], processorShare = 1): Series {
  return { name, threads, rounds: rates.map((hashesPerSecond) => ({ hashesPerSecond, processorShare })) };
}

const MEASURED: Measured = {
  machine: MACHINE,
  kernels: [
    { name: 'simd', check: 'passed' },
    { name: 'scalar', check: 'failed' },
    { name: 'js', check: 'passed' },
  ],
  references: [series('@noble/hashes', 1, [300e3, 100e3, 200e3]), series('minerd', 2, [20e6, 10e6, 20e6])],
  series: [
    series('simd', 1, [6e6, 2e6, 4e6]),
    series('simd', 2, [11e6, 5e6, 8e6]),
    series('js', 1, [1.2e6, 0.4e6, 0.8e6]),
  ],
  isComplete: true,
};

test('ratios are made round by round, so that a machine that slows down does not change them', () => {
  const { figures, fastest } = reportOf(MEASURED);
  assert.deepEqual(figures[0], {
    name: 'simd',
    threads: 1,
    hashesPerSecond: { median: 4e6, min: 2e6, max: 6e6 },
    processorShare: 1,
    hashesPerProcessorSecond: 4e6,
    timesOneThread: null,
    timesReference: { '@noble/hashes': 20 },
  });
  assert.equal(figures[1]?.timesOneThread, 2);
  assert.deepEqual(figures[1]?.timesReference, { minerd: 0.5 });
  assert.equal(fastest, 'simd');
});

test('hashes per second of processor time are of one thread, round by round', () => {
  const rounds = [
    { hashesPerSecond: 4e6, processorShare: 1 },
    { hashesPerSecond: 1e6, processorShare: 0.2 },
    { hashesPerSecond: 2e6, processorShare: 0.5 },
  ];
  const { figures } = reportOf({ ...MEASURED, series: [{ name: 'simd', threads: 2, rounds }] });
  assert.equal(figures[0]?.hashesPerProcessorSecond, 2e6);
  const unknown = rounds.map((round) => ({ ...round, processorShare: null }));
  const [figure] = reportOf({ ...MEASURED, series: [{ name: 'simd', threads: 2, rounds: unknown }] }).figures;
  assert.equal(figure?.hashesPerProcessorSecond, null);
  assert.equal(figure?.processorShare, null);
});

test('the fastest is the one that does most in its processor time', () => {
  const disturbed = [series('simd', 1, [2e6], 0.3), series('js', 1, [3e6], 0.9)];
  assert.equal(reportOf({ ...MEASURED, series: disturbed }).fastest, 'simd');
});

test('a benchmark that ended in mid-round compares the rounds that both have', () => {
  const { figures } = reportOf({
    ...MEASURED,
    references: [series('@noble/hashes', 1, [300e3, 100e3])],
    series: [series('simd', 1, [6e6]), series('simd', 2, [])],
    isComplete: false,
  });
  assert.equal(figures.length, 1);
  assert.deepEqual(figures[0]?.timesReference, { '@noble/hashes': 20 });
});

test('the report is a table', () => {
  assert.equal(
    reportText(reportOf(MEASURED)),
    [
      'Abacus 3, 2 processors, x64, Node.js 20.0.0 (V8 11.3)',
      'self-check: simd passed, scalar failed, js passed',
      '',
      '               threads  hash rate              from – to  processor  × one thread  × @noble/hashes  × minerd',
      '@noble/hashes        1   200 kH/s    100 kH/s – 300 kH/s      100 %',
      'minerd               2  20.0 MH/s  10.0 MH/s – 20.0 MH/s      100 %',
      'simd                 1  4.00 MH/s  2.00 MH/s – 6.00 MH/s      100 %                           20.0',
      'simd                 2  8.00 MH/s  5.00 MH/s – 11.0 MH/s      100 %          2.00                       0.50',
      'js                   1   800 kH/s   400 kH/s – 1.20 MH/s      100 %                           4.00',
      '',
      'The fastest kernel is simd: a miner chooses it here.',
    ].join('\n'),
  );
});

test('the report says when others took part of the processor, and when it was ended early', () => {
  const disturbed = reportText(
    reportOf({ ...MEASURED, series: [series('simd', 1, [1e6], 0.6)], isComplete: false }),
  );
  assert.match(disturbed, /^simd .* 60 %/m);
  assert.match(disturbed, /^Other programs took part of the processor/m);
  assert.match(disturbed, /^Ended early/m);
  assert.doesNotMatch(disturbed, /a miner chooses it/, 'there was nothing to choose from');
});

test('a benchmark that measured nothing still tells of the machine and the checks', () => {
  const report = reportOf({ ...MEASURED, references: [], series: [], isComplete: false });
  assert.equal(report.fastest, null);
  assert.deepEqual(report.figures, []);
  assert.match(reportText(report), /^Abacus 3, .*\nself-check: /);
});
