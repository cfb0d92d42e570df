import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HashLoop } from '../../../miner/hashing/hash-loop.ts';
import { nodeThreads, startNodeThread } from '../../../miner/hashing/node-thread.ts';
import type { Hit, Work } from '../../../miner/hashing/work.ts';
import { startWorkerPool, type WorkerPoolOptions } from '../../../miner/hashing/worker-pool.ts';
import { createJsHasher } from '../../../miner/kernel/js-hasher.ts';
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

function someWork(serial: number, target: bigint): Work {
  return {
    serial,
    job: someJob({ jobId: `job-${serial}` }),
    extranonce1: new Uint8Array(4),
    extranonce2Size: 4,
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

  test('a thread that fails is reported, and replaced for the next work', async () => {
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
    // Work of the pool keeps coming; at some time there is a thread again that takes it, and fails again.
    const jobs = setInterval(() => pool.setWork(someWork(2, 0n)), 50);
    await failed[1]!.fired;
    clearInterval(jobs);
    await pool.stop();
    assert.deepEqual(failures.slice(0, 2), ['0: this thread cannot hash', '0: this thread cannot hash']);
  });

  test('a thread that cannot start is an error at once', async () => {
    const startThread = nodeThreads(new URL('../../kit/no-such-worker.ts', import.meta.url));
    await assert.rejects(startWorkerPool({ ...quiet, threads: 2, startThread }), /no-such-worker/);
  });
});
