/** Real threads against the clock. What other programs on the machine take away from them is allowed for. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startNodeThread } from '../../../miner/hashing/node-thread.ts';
import type { Work } from '../../../miner/hashing/work.ts';
import {
  startWorkerPool,
  type WorkerPool,
  type WorkerPoolOptions,
} from '../../../miner/hashing/worker-pool.ts';
import { someJob } from '../../kit/stratum-job.ts';

/** Within this all threads are to have taken up a new job. */
const SWITCH_MAX_MS = 20;
const SWITCHES = 25;

function someWork(serial: number): Work {
  return {
    serial,
    job: someJob({ bits: serial }),
    extranonce1: new Uint8Array(4),
    extranonce2Size: 4,
    versionMask: 0,
    target: 0n,
    difficulty: 1,
  };
}

async function mining(changes: Partial<WorkerPoolOptions>): Promise<WorkerPool> {
  const pool = await startWorkerPool({
    threads: 1,
    startThread: startNodeThread,
    nowMs: () => performance.now(),
    kernel: 'simd',
    onHit: () => {},
    onHashes: () => {},
    onFailure: (_, error) => assert.fail(error),
    ...changes,
  });
  pool.setWork(someWork(1));
  // Until the engine has compiled what it wants to: its own threads are not the miner's.
  await wait(600);
  return pool;
}

/** Processors that this process has during some time. */
async function processorsUsed(during: Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  const before = process.cpuUsage();
  await during;
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / (performance.now() - startMs);
}

/** The times of changing over to new jobs, one after the other. */
async function switchTimes(
  cpuLimitPercent: number,
): Promise<{ readonly timesMs: number[]; readonly processors: number }> {
  let onSwitch = (_elapsedMs: number): void => {};
  const pool = await mining({
    threads: 2,
    cpuLimitPercent,
    onJobSwitch: (elapsedMs) => onSwitch(elapsedMs),
  });
  const timesMs: number[] = [];
  async function change(): Promise<void> {
    for (let serial = 2; timesMs.length < SWITCHES; serial++) {
      // Not in step with the slices.
      await wait(7 + ((serial * 5) % 11));
      timesMs.push(
        await new Promise<number>((resolve) => {
          onSwitch = resolve;
          pool.setWork(someWork(serial));
        }),
      );
    }
  }
  const processors = await processorsUsed(change());
  await pool.stop();
  return { timesMs: timesMs.sort((a, b) => a - b), processors };
}

describe('worker threads', () => {
  test('all take up a new job within 20 ms', async (t) => {
    const { timesMs, processors } = await switchTimes(100);
    const share = Math.min(1, processors / 2);
    const median = timesMs[Math.floor(SWITCHES / 2)]!;
    t.diagnostic(
      `median ${median.toFixed(1)} ms, longest ${timesMs.at(-1)!.toFixed(1)} ms, ${share.toFixed(2)} of the processors`,
    );
    assert.ok(median <= SWITCH_MAX_MS / share, `${median} ms`);
  });

  test('take up a new job as soon while they rest', async (t) => {
    const { timesMs } = await switchTimes(5);
    const median = timesMs[Math.floor(SWITCHES / 2)]!;
    t.diagnostic(`median ${median.toFixed(1)} ms, longest ${timesMs.at(-1)!.toFixed(1)} ms`);
    assert.ok(median <= SWITCH_MAX_MS, `${median} ms`);
  });

  async function usedWithoutLimit(): Promise<number> {
    const unlimited = await mining({});
    const used = Math.min(1, await processorsUsed(wait(500)));
    await unlimited.stop();
    return used;
  }

  for (const percent of [10, 50]) {
    test(`compute for ${percent} % of the time when they are told to`, async (t) => {
      const before = await usedWithoutLimit();
      const limited = await mining({ cpuLimitPercent: percent });
      const used = 100 * (await processorsUsed(wait(1_500)));
      await limited.stop();
      // What other programs leave changes from one second to the next.
      const all = Math.min(before, await usedWithoutLimit());
      t.diagnostic(`${used.toFixed(1)} % used; a thread without limit had ${(100 * all).toFixed(0)} %`);
      assert.ok(used <= percent + 5, `${used} % for ${percent} %`);
      // Slices that other programs interrupt count up to double: the thread has less then, never more.
      assert.ok(used >= (percent - 5) * all * 0.4, `${used} % for ${percent} %`);
    });
  }
});
