import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  keepSettings,
  kernelMemory,
  recallSettings,
  type Store,
  speedMemory,
  usualThreads,
} from '../../../../pool/web/mine/miner-settings.ts';

const LAPTOP = { cores: 8, isHandheld: false };
const FIRST_VISIT = { address: '', worker: 'browser', threads: 7, cpuLimitPercent: 100 };
const CHOSEN = { address: 'dnilz1qq', worker: 'sofa', threads: 3, cpuLimitPercent: 45 };

class MemoryStore implements Store {
  readonly texts = new Map<string, string>();

  getItem(key: string): string | null {
    return this.texts.get(key) ?? null;
  }

  setItem(key: string, text: string): void {
    this.texts.set(key, text);
  }
}

test('a computer keeps a core for its owner, a phone half of them; one thread there always is', () => {
  assert.deepEqual(
    [1, 2, 4, 12].map((cores) => usualThreads(cores, false)),
    [1, 1, 3, 11],
  );
  assert.deepEqual(
    [1, 2, 8].map((cores) => usualThreads(cores, true)),
    [1, 1, 4],
  );
});

test('what was chosen is there at the next visit', () => {
  const store = new MemoryStore();
  assert.deepEqual(recallSettings(store, LAPTOP), FIRST_VISIT);
  keepSettings(store, CHOSEN);
  assert.deepEqual(recallSettings(store, LAPTOP), CHOSEN);
  assert.equal(recallSettings(store, { ...LAPTOP, cores: 2 }).threads, 2, 'no more than there are cores');
});

test('what makes no sense in the store is as if it were not there', () => {
  const wrong = [
    'not JSON',
    'null',
    '[]',
    JSON.stringify({ ...CHOSEN, threads: 0 }),
    JSON.stringify({ ...CHOSEN, threads: 1.5 }),
    JSON.stringify({ ...CHOSEN, cpuLimitPercent: 101 }),
    JSON.stringify({ ...CHOSEN, address: 'x'.repeat(121) }),
    JSON.stringify({ ...CHOSEN, worker: 7 }),
  ];
  for (const text of wrong) {
    const store = new MemoryStore();
    keepSettings(store, CHOSEN);
    for (const key of store.texts.keys()) store.setItem(key, text);
    assert.deepEqual(recallSettings(store, LAPTOP), FIRST_VISIT, text);
    assert.equal(kernelMemory(store, 'a', Date.now).recall(), undefined, text);
  }
});

test('a store that refuses, or that a browser does not give, costs the convenience only', () => {
  const refusing: Store = {
    getItem: () => {
      throw new Error('SecurityError');
    },
    setItem: () => {
      throw new Error('QuotaExceededError');
    },
  };
  for (const store of [refusing, undefined]) {
    keepSettings(store, CHOSEN);
    assert.deepEqual(recallSettings(store, LAPTOP), FIRST_VISIT);
    kernelMemory(store, 'a', Date.now).remember('simd');
    assert.equal(kernelMemory(store, 'a', Date.now).recall(), undefined);
  }
});

test('what was measured with one version of a browser says nothing of another, and a kernel for a day only', () => {
  const store = new MemoryStore();
  let nowMs = 1_795_132_800_000;
  kernelMemory(store, 'Browser 1', () => nowMs).remember('simd');
  speedMemory(store, 'Browser 1').remember(1_500_000);
  assert.equal(kernelMemory(store, 'Browser 1', () => nowMs).recall(), 'simd');
  assert.equal(kernelMemory(store, 'Browser 2', () => nowMs).recall(), undefined);
  assert.equal(speedMemory(store, 'Browser 1').recall(), 1_500_000);
  assert.equal(speedMemory(store, 'Browser 2').recall(), undefined);
  nowMs += 24 * 3_600_000;
  assert.equal(kernelMemory(store, 'Browser 1', () => nowMs).recall(), undefined);
  nowMs -= 25 * 3_600_000;
  assert.equal(kernelMemory(store, 'Browser 1', () => nowMs).recall(), undefined, 'measured in the future');
});
