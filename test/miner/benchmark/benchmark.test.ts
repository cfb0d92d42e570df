import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBenchmark, threadCounts } from '../../../miner/benchmark/benchmark.ts';
import type { Reference } from '../../../miner/benchmark/reference.ts';
import { countingThreads } from '../../kit/counting-threads.ts';

/** Clocks that go on by a step with every look. */
function steppingClocks(stepMs: number) {
  let nowMs = 0;
  const look = (): number => {
    nowMs += stepMs;
    return nowMs;
  };
  return { nowMs: look, processorMs: look };
}

/** A reference that notes when it has its turn. */
function someReference(turns: string[], threads: number): Reference {
  return {
    name: 'other',
    threads,
    async measure() {
      turns.push('other');
      return { hashesPerSecond: 50, processorShare: null };
    },
  };
}

test('every number of threads is measured up to four, then those that double, and the last', () => {
  assert.deepEqual(threadCounts(1), [1]);
  assert.deepEqual(threadCounts(2), [1, 2]);
  assert.deepEqual(threadCounts(4), [1, 2, 3, 4]);
  assert.deepEqual(threadCounts(6), [1, 2, 3, 4, 6]);
  assert.deepEqual(threadCounts(8), [1, 2, 3, 4, 8]);
  assert.deepEqual(threadCounts(24), [1, 2, 3, 4, 8, 16, 24]);
});

test('kernels and references take turns, three times', async () => {
  const turns: string[] = [];
  const { startThread } = countingThreads(({ kernel }) => {
    if (turns.at(-1) !== kernel) turns.push(kernel);
    return 100;
  });
  const progress: string[] = [];
  const report = await runBenchmark({
    threads: 2,
    seconds: 3,
    kernels: ['simd', 'js'],
    references: [someReference(turns, 2)],
    startThread,
    clocks: steppingClocks(25),
    onProgress: (done, total) => progress.push(`${done}/${total}`),
  });
  assert.deepEqual(turns, ['other', 'simd', 'js', 'other', 'simd', 'js', 'other', 'simd', 'js']);
  assert.equal(progress.length, 18);
  assert.equal(progress.at(-1), '18/18');
  assert.deepEqual(
    report.figures.map(({ name, threads }) => `${name} ${threads}`),
    ['simd 1', 'simd 2', 'js 1', 'js 2'],
  );
  assert.deepEqual(
    report.references.map(({ name, threads }) => `${name} ${threads}`),
    ['@noble/hashes 1', 'other 2'],
  );
  const [one, two] = report.figures;
  assert.deepEqual(Object.keys(one?.timesReference ?? {}), ['@noble/hashes'], 'one thread beside one thread');
  assert.deepEqual(two?.timesReference, { other: (two?.hashesPerSecond.median ?? 0) / 50 });
  assert.equal(report.isComplete, true);
});

test('a kernel is checked before it is measured', async () => {
  const { startThread, threads } = countingThreads(() => 100);
  const report = await runBenchmark({
    threads: 1,
    kernels: ['scalar', 'js'],
    startThread,
    clocks: steppingClocks(100),
  });
  assert.deepEqual(report.kernels, [
    { name: 'scalar', check: 'passed' },
    { name: 'js', check: 'passed' },
  ]);
  assert.equal(threads.length, 6, 'a crew for each kernel and round');
  assert.ok(threads.every(({ told }) => told.at(-1)?.type === 'stop'));
});

test('an interrupted benchmark ends its threads and reports what it has', async () => {
  const controller = new AbortController();
  const { startThread, threads } = countingThreads(() => 100);
  const report = await runBenchmark({
    threads: 1,
    kernels: ['simd', 'js'],
    startThread,
    clocks: steppingClocks(100),
    signal: controller.signal,
    onProgress: (done) => {
      // The reference and the first kernel are through.
      if (done === 2) controller.abort();
    },
  });
  assert.equal(report.isComplete, false);
  assert.deepEqual(
    report.figures.map(({ name }) => name),
    ['simd'],
  );
  assert.equal(report.fastest, 'simd');
  assert.deepEqual(
    threads.map(({ told }) => told.at(-1)?.type),
    ['stop'],
  );
});

test('real threads hash, and a kernel of vectors is faster than a loop over a library', async () => {
  const report = await runBenchmark({ threads: 1, seconds: 0.3, kernels: ['simd'] });
  assert.deepEqual(report.kernels, [{ name: 'simd', check: 'passed' }]);
  assert.equal(report.fastest, 'simd');
  assert.ok(report.machine.cpu.length > 0);
  assert.match(report.machine.engine, /^Node\.js \d+\.\d+\.\d+ \(V8 \d+\.\d+\)$/);
  const [figure] = report.figures;
  assert.ok((figure?.timesReference['@noble/hashes'] ?? 0) > 1);
  assert.ok((figure?.processorShare ?? 0) > 0);
});
