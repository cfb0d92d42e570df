import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Thread } from '../../../../miner/hashing/thread.ts';
import type { WorkerAssignment } from '../../../../miner/hashing/worker-message.ts';
import { webThreads } from '../../../../pool/web/mine/web-thread.ts';

const ASSIGNMENT: WorkerAssignment = {
  thread: 0,
  threadCount: 1,
  cpuLimitPercent: 100,
  kernel: 'auto',
  rememberedKernel: undefined,
  usedValues: 0,
};

/** A web worker whose inside is the test. */
class FakeWorker extends EventTarget {
  readonly told: unknown[] = [];
  terminations = 0;

  postMessage(message: unknown): void {
    this.told.push(message);
  }

  terminate(): void {
    this.terminations += 1;
  }

  says(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  fails(message: string | undefined): void {
    this.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { message }));
  }
}

class Bench {
  readonly worker = new FakeWorker();
  readonly heard: string[] = [];
  readonly thread: Thread;

  constructor() {
    // What of a worker is used is there.
    const start = webThreads(() => this.worker as unknown as Worker);
    this.thread = start(ASSIGNMENT, {
      onMessage: ({ type }) => this.heard.push(type),
      onEnd: (error) => this.heard.push(error === undefined ? 'end' : `end: ${error.message}`),
    });
  }
}

test('a worker is told what it is first, then what it is to do', () => {
  const { worker, thread } = new Bench();
  thread.tell({ type: 'settled', count: 1 });
  assert.deepEqual(worker.told, [ASSIGNMENT, { type: 'settled', count: 1 }]);
});

test('its last word is its end, since a worker that ends itself says nothing of it', () => {
  const { worker, heard } = new Bench();
  worker.says({ type: 'ready', kernel: 'js' });
  worker.says({ type: 'stopped' });
  worker.says({ type: 'progress', hashes: 1, usedValues: 0 });
  assert.deepEqual(heard, ['ready', 'stopped', 'end']);
  assert.equal(worker.terminations, 1);
});

test('a worker that fails is ended, for it would hash no more, and why is told', () => {
  const { worker, heard } = new Bench();
  worker.fails('out of memory');
  worker.fails('again');
  assert.deepEqual(heard, ['end: out of memory']);
  assert.equal(worker.terminations, 1);
});

test('a worker whose script does not come says nothing of why, and that is said', () => {
  const { worker, heard } = new Bench();
  worker.fails(undefined);
  assert.deepEqual(heard, ['end: the worker could not be loaded']);
});

test('ended from outside, its end is heard after the call, and once', async () => {
  const { thread, worker, heard } = new Bench();
  thread.terminate();
  thread.terminate();
  assert.deepEqual(heard, []);
  await Promise.resolve();
  assert.deepEqual(heard, ['end']);
  worker.fails('late');
  assert.deepEqual(heard, ['end']);
});
