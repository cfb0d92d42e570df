import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCrew } from '../../../miner/benchmark/crew.ts';
import { countingThreads } from '../../kit/counting-threads.ts';

const NEVER = new AbortController().signal;

/** Clocks by hand: the processor is busy half of the time. */
class Time {
  nowMs = 0;
  readonly clocks = { nowMs: () => this.nowMs, processorMs: () => this.nowMs / 2 };
}

/** Threads whose turns take 50 ms together. */
function someThreads(time: Time, hashesOf: (thread: number) => number) {
  return countingThreads(
    ({ thread }) => hashesOf(thread),
    () => {
      time.nowMs += 50;
    },
  );
}

test('the rates of all threads are added up, without what they did before their first report', async () => {
  const time = new Time();
  const { startThread, threads } = someThreads(time, (thread) => 100 * (thread + 1));
  const crew = await startCrew({ kernel: 'simd', threads: 2, startThread, clocks: time.clocks });
  // Two threads in turn: each reports every 100 ms.
  const measured = await crew.measure(2, 1_000, NEVER);
  assert.equal(measured?.hashesPerSecond, 1_000 + 2_000);
  assert.equal(measured.processorShare, 0.25);
  await crew.stop();
  assert.deepEqual(
    threads.map(({ assignment }) => [assignment.kernel, assignment.thread, assignment.threadCount]),
    [
      ['simd', 0, 2],
      ['simd', 1, 2],
    ],
  );
});

test('a part of the threads hashes while the others rest', async () => {
  const time = new Time();
  const { startThread, threads } = someThreads(time, () => 100);
  const crew = await startCrew({ kernel: 'js', threads: 3, startThread, clocks: time.clocks });
  assert.equal((await crew.measure(1, 500, NEVER))?.hashesPerSecond, 2_000);
  assert.deepEqual(
    threads.map(({ told }) => told.length),
    [2, 0, 0],
  );
  assert.deepEqual(threads[0]?.told.at(-1), { type: 'work', work: undefined }, 'and rests afterwards');
  await crew.stop();
});

test('what is left of one measurement is not counted in the next', async () => {
  const time = new Time();
  const { startThread } = someThreads(time, () => 100);
  const crew = await startCrew({ kernel: 'js', threads: 1, startThread, clocks: time.clocks });
  for (let round = 0; round < 3; round++) {
    assert.equal((await crew.measure(1, 500, NEVER))?.hashesPerSecond, 2_000);
  }
  await crew.stop();
});

test('no work meets its target, so that nothing but hashing is measured', async () => {
  const time = new Time();
  const { startThread, threads } = someThreads(time, () => 100);
  const crew = await startCrew({ kernel: 'js', threads: 1, startThread, clocks: time.clocks });
  await crew.measure(1, 100, NEVER);
  const message = threads[0]?.told[0];
  assert.equal(message?.type === 'work' && message.work?.target, 0n);
  await crew.stop();
});

test('a signal ends a measurement without a figure', async () => {
  const time = new Time();
  const { startThread, threads } = someThreads(time, () => 100);
  const crew = await startCrew({ kernel: 'js', threads: 1, startThread, clocks: time.clocks });
  const controller = new AbortController();
  const measured = crew.measure(1, Number.POSITIVE_INFINITY, controller.signal);
  controller.abort();
  assert.equal(await measured, undefined);
  assert.deepEqual(threads[0]?.told.at(-1), { type: 'work', work: undefined });
  assert.equal(await crew.measure(1, 100, controller.signal), undefined, 'nor does another begin');
  await crew.stop();
});

test('a thread that fails fails the measurement, and stopping still ends the others', async () => {
  const time = new Time();
  const { startThread, threads } = someThreads(time, () => 100);
  const crew = await startCrew({ kernel: 'js', threads: 2, startThread, clocks: time.clocks });
  const measured = crew.measure(2, Number.POSITIVE_INFINITY, NEVER);
  threads[1]?.fail(new Error('out of memory'));
  await assert.rejects(measured, /out of memory/);
  await assert.rejects(crew.measure(1, 100, NEVER), /out of memory/);
  await crew.stop();
  assert.deepEqual(threads[0]?.told.at(-1), { type: 'stop' });
});

test('threads that cannot start are told of, and those that could are ended', async () => {
  const time = new Time();
  const { startThread, threads } = someThreads(time, () => 100);
  const starting = startCrew({ kernel: 'js', threads: 2, startThread, clocks: time.clocks });
  threads[1]?.fail(new Error('no such module'));
  await assert.rejects(starting, /no such module/);
  assert.deepEqual(threads[0]?.told, [{ type: 'stop' }]);
});
