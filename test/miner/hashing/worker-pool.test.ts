import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HashLoop } from '../../../miner/hashing/hash-loop.ts';
import { nodeThreads, startNodeThread } from '../../../miner/hashing/node-thread.ts';
import type { StartThread, ThreadHandlers } from '../../../miner/hashing/thread.ts';
import type { Hit, Work } from '../../../miner/hashing/work.ts';
import type { ToWorker, WorkerAssignment } from '../../../miner/hashing/worker-message.ts';
import { startWorkerPool, type WorkerPoolOptions } from '../../../miner/hashing/worker-pool.ts';
import { createJsHasher } from '../../../miner/kernel/js-hasher.ts';
import type { KernelName } from '../../../miner/kernel/kernel-choice.ts';
import { someJob } from '../../kit/stratum-job.ts';

const quiet: WorkerPoolOptions = {
  threads: 1,
  startThread: startNodeThread,
  nowMs: () => performance.now(),
  onHit: () => {},
  onHashes: () => {},
  onFailure: () => {},
};

/** A promise to be resolved from outside. */
function signal(): { readonly fired: Promise<void>; readonly fire: () => void } {
  let fire = (): void => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire };
}

function someWork(serial: number, target: bigint, extranonce2Size = 4): Work {
  return {
    serial,
    job: someJob({ jobId: `job-${serial}`, bits: serial }),
    extranonce1: new Uint8Array(4),
    extranonce2Size,
    versionMask: 0,
    target,
    difficulty: 1,
  };
}

describe('the threads of a miner', () => {
  test('hash in a thread exactly what the loop hashes here', async () => {
    const work = someWork(1, 2n ** 242n);
    const expected: Hit[] = [];
    const loop = new HashLoop({
      hasher: createJsHasher(),
      thread: 0,
      threadCount: 1,
      usedValues: 0,
      sliceMs: 5,
      nowMs: () => 0,
      onHit: (hit) => expected.push(hit),
    });
    loop.setWork(work);
    while (expected.length < 3) loop.slice();

    const found: Hit[] = [];
    const enough = signal();
    const pool = await startWorkerPool({
      ...quiet,
      onHit: (hit) => {
        found.push(hit);
        if (found.length === 3) enough.fire();
      },
    });
    pool.setWork(work);
    await enough.fired;
    await pool.stop();
    assert.deepEqual(found.slice(0, 3), expected.slice(0, 3));
  });

  test('tell their last hashes before they end', async () => {
    let hashes = 0;
    const hit = signal();
    const pool = await startWorkerPool({
      ...quiet,
      onHit: hit.fire,
      onHashes: (_, count) => {
        hashes += count;
      },
    });
    pool.setWork(someWork(1, 2n ** 250n));
    await hit.fired;
    await pool.stop();
    assert.ok(hashes > 0);
  });

  test('a thread that cannot start is an error at once', async () => {
    const startThread = nodeThreads(new URL('../../kit/no-such-worker.ts', import.meta.url));
    await assert.rejects(startWorkerPool({ ...quiet, threads: 2, startThread }), /no-such-worker/);
  });

  test('a thread that dies of its work is reported, and replaced', async () => {
    const failures: string[] = [];
    const failed = [signal(), signal()];
    const pool = await startWorkerPool({
      ...quiet,
      startThread: nodeThreads(new URL('../../kit/failing-hash-worker.ts', import.meta.url)),
      onFailure: (thread, error) => {
        failures.push(`${thread}: ${error.message}`);
        failed[failures.length - 1]?.fire();
      },
    });
    pool.setWork(someWork(1, 0n));
    await failed[0]!.fired;
    await failed[1]!.fired;
    await pool.stop();
    assert.deepEqual(failures.slice(0, 2), ['0: this thread cannot hash', '0: this thread cannot hash']);
  });

  test('all hash with the kernel that was asked for', async () => {
    const pool = await startWorkerPool({ ...quiet, threads: 2, kernel: 'scalar' });
    assert.equal(pool.kernel, 'scalar');
    await pool.stop();
  });

  test('a share of the processor of no sense is an error at once', async () => {
    await assert.rejects(startWorkerPool({ ...quiet, cpuLimitPercent: 0 }), /1 to 100 percent/);
  });
});

/** A thread that a test plays. */
interface PlayedThread extends ThreadHandlers {
  readonly assignment: WorkerAssignment;
  readonly told: ToWorker[];
}

/** Threads that do what a test has them do; they are ready at once, and end when they are told to. */
function playedThreads(): { readonly startThread: StartThread; readonly threads: PlayedThread[] } {
  const threads: PlayedThread[] = [];
  const startThread: StartThread = (assignment, handlers) => {
    const told: ToWorker[] = [];
    threads.push({ ...handlers, assignment, told });
    queueMicrotask(() => handlers.onMessage({ type: 'ready', kernel: 'js' }));
    return {
      tell: (message) => {
        told.push(message);
        if (message.type === 'stop') queueMicrotask(() => handlers.onEnd(undefined));
      },
      terminate: () => handlers.onEnd(undefined),
    };
  };
  return { startThread, threads };
}

describe('threads that are played', () => {
  test('the successor of a thread that failed goes on with the work, behind all that was used of it', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { startThread, threads } = playedThreads();
    const pool = await startWorkerPool({ ...quiet, threads: 2, startThread });
    pool.setWork(someWork(5, 0n));
    threads[1]!.onMessage({ type: 'progress', hashes: 1, usedValues: 700 });
    threads[1]!.onEnd(new Error('out of memory'));
    t.mock.timers.tick(1_000);
    const successor = threads[2]!;
    assert.equal(successor.assignment.thread, 1);
    assert.ok(successor.assignment.usedValues >= 700 + 65_536);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      successor.told.map((message) => message.type === 'work' && message.work?.serial),
      [5],
    );
    // Its own successor begins later still, though it never told of anything.
    successor.onEnd(undefined);
    t.mock.timers.tick(1_000);
    assert.ok(threads[3]!.assignment.usedValues >= 700 + 2 * 65_536);
    await pool.stop();
  });

  test('where extranonce2 is short, the successor waits for the next work', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { startThread, threads } = playedThreads();
    const pool = await startWorkerPool({ ...quiet, startThread });
    pool.setWork(someWork(5, 0n, 2));
    threads[0]!.onEnd(new Error('out of memory'));
    t.mock.timers.tick(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(threads[1]!.told, []);
    const next = someWork(6, 0n, 2);
    pool.setWork(next);
    assert.deepEqual(threads[1]!.told, [{ type: 'work', work: next }]);
    await pool.stop();
  });

  test('where extranonce2 is short, the successor leaves out every coinbase that was searched before it', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { startThread, threads } = playedThreads();
    const pool = await startWorkerPool({ ...quiet, startThread });
    const earlier = someWork(4, 0n, 2);
    pool.setWork(earlier);
    pool.setWork(someWork(5, 0n, 2));
    threads[0]!.onEnd(new Error('out of memory'));
    t.mock.timers.tick(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    // The pool goes back to a coinbase, under another name and asking for more.
    pool.setWork({ ...earlier, serial: 6, difficulty: 2 });
    pool.setWork({ ...earlier, serial: 7, extranonce1: new Uint8Array(4).fill(1) });
    const wide = someWork(4, 0n, 4);
    pool.setWork({ ...wide, serial: 8 });
    assert.deepEqual(
      threads[1]!.told.map((message) => message.type === 'work' && message.work?.serial),
      [undefined, 7, 8],
    );
    await pool.stop();
  });

  test('the time to change over is that of the last thread, and of the newest work', async () => {
    const { startThread, threads } = playedThreads();
    let nowMs = 100;
    const switches: number[] = [];
    const pool = await startWorkerPool({
      ...quiet,
      threads: 2,
      startThread,
      nowMs: () => nowMs,
      onJobSwitch: (elapsedMs) => switches.push(elapsedMs),
    });
    pool.setWork(someWork(1, 0n));
    nowMs += 3;
    threads[0]!.onMessage({ type: 'took', serial: 1 });
    pool.setWork(someWork(2, 0n));
    threads[1]!.onMessage({ type: 'took', serial: 1 });
    nowMs += 4;
    threads[0]!.onMessage({ type: 'took', serial: 2 });
    assert.deepEqual(switches, []);
    nowMs += 5;
    threads[1]!.onMessage({ type: 'took', serial: 2 });
    assert.deepEqual(switches, [9]);
    pool.setWork(undefined);
    assert.deepEqual(switches, [9]);
    await pool.stop();
  });

  test('what most threads measured is remembered, and told to threads of the next run', async () => {
    const { startThread, threads } = playedThreads();
    let kept: KernelName | undefined;
    const calibration = {
      recall: () => kept,
      remember: (kernel: KernelName) => {
        kept = kernel;
      },
    };
    const first = await startWorkerPool({ ...quiet, threads: 3, startThread, calibration });
    assert.equal(threads[0]!.assignment.rememberedKernel, undefined);
    threads[0]!.onMessage({ type: 'kernel', kernel: 'simd', basis: 'measured' });
    threads[1]!.onMessage({ type: 'kernel', kernel: 'simd-2x', basis: 'measured' });
    assert.equal(kept, undefined);
    threads[2]!.onMessage({ type: 'kernel', kernel: 'simd-2x', basis: 'measured' });
    assert.equal(kept, 'simd-2x');
    await first.stop();
    const second = await startWorkerPool({ ...quiet, startThread, calibration });
    assert.equal(threads[3]!.assignment.rememberedKernel, 'simd-2x');
    // What is only believed is not written again: it would never grow old.
    kept = undefined;
    threads[3]!.onMessage({ type: 'kernel', kernel: 'simd-2x', basis: 'remembered' });
    assert.equal(kept, undefined);
    await second.stop();
  });

  test('a name of no kernel that was kept is as good as none', async () => {
    const { startThread, threads } = playedThreads();
    const calibration = { recall: () => 'gpu', remember: () => {} };
    const pool = await startWorkerPool({ ...quiet, startThread, calibration });
    assert.equal(threads[0]!.assignment.rememberedKernel, undefined);
    await pool.stop();
  });

  test('a thread that does not end by itself is ended', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let isTerminated = false;
    const startThread: StartThread = (_, { onMessage, onEnd }) => {
      queueMicrotask(() => onMessage({ type: 'ready', kernel: 'js' }));
      return {
        tell: () => {},
        terminate: () => {
          isTerminated = true;
          onEnd(undefined);
        },
      };
    };
    const pool = await startWorkerPool({ ...quiet, startThread });
    const stopped = pool.stop();
    t.mock.timers.tick(300);
    await stopped;
    assert.ok(isTerminated);
  });
});
