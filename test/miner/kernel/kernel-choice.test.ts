import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hasher, SearchResult } from '../../../miner/kernel/hasher.ts';
import { createJsHasher } from '../../../miner/kernel/js-hasher.ts';
import {
  availableHashers,
  createChosenHasher,
  hasherFor,
  KERNEL_NAMES,
} from '../../../miner/kernel/kernel-choice.ts';
import { findsPlantedHits } from '../../../miner/kernel/self-check.ts';

const HEADER = new Uint8Array(80).fill(0x5a);
const EASY = 2n ** 250n;

/** A clock that only the kernels below move on. */
class Time {
  nowMs = 0;
}

/** The plain kernel under another name, so many milliseconds per call, changed at will. */
function kernel(
  name: string,
  time: Time,
  msPerCall: (call: number) => number,
  changes: Partial<Hasher> = {},
) {
  const exact = createJsHasher();
  let calls = 0;
  const hasher: Hasher = {
    name,
    setWork: (header, target) => exact.setWork(header, target),
    search(start, count) {
      time.nowMs += msPerCall(calls++);
      return exact.search(start, count);
    },
    ...changes,
  };
  return hasher;
}

/** Everything that a hasher finds, handed out in slices. */
function found(hasher: Hasher, slices: number): { hits: number[]; scanned: number } {
  const hits: number[] = [];
  let scanned = 0;
  for (let slice = 0; slice < slices; slice++) {
    const result: SearchResult = hasher.search(scanned, 100);
    hits.push(...result.hits);
    scanned += result.scanned;
  }
  return { hits, scanned };
}

test('every kernel of this machine finds the planted hits', () => {
  const hashers = availableHashers();
  assert.deepEqual(
    hashers.map(({ name }) => name),
    ['simd-2x', 'simd'],
  );
  for (const hasher of [...hashers, createJsHasher()]) assert.ok(findsPlantedHits(hasher), hasher.name);
});

test('the fastest kernel is chosen by the time that it takes once its code is what it will be', () => {
  const time = new Time();
  // The one that wins in the end is the slower one at first, as engines compile.
  const late = kernel('late', time, (call) => (call < 4 ? 50 : 2));
  const early = kernel('early', time, () => 6);
  const chosen: string[] = [];
  const hasher = createChosenHasher(
    [late, early],
    () => time.nowMs,
    (name) => chosen.push(name),
  );
  hasher.setWork(HEADER, EASY);
  for (let call = 0; call < 2_000; call++) hasher.search(call, 1);
  assert.deepEqual(chosen, ['late']);
  assert.equal(hasher.name, 'late');
});

test('what other programs take away in the meantime does not decide', () => {
  const time = new Time();
  const fast = kernel('fast', time, (call) => (call % 5 < 2 ? 30 : 4));
  const slow = kernel('slow', time, () => 5);
  const hasher = createChosenHasher([slow, fast], () => time.nowMs);
  hasher.setWork(HEADER, EASY);
  for (let call = 0; call < 400; call++) hasher.search(call, 1);
  assert.equal(hasher.name, 'fast');
});

test('while kernels take turns no nonce is left out and none is looked at twice', () => {
  const time = new Time();
  const hasher = createChosenHasher(
    [kernel('a', time, () => 7), kernel('b', time, () => 5)],
    () => time.nowMs,
  );
  hasher.setWork(HEADER, EASY);
  const exact = createJsHasher();
  exact.setWork(HEADER, EASY);
  assert.deepEqual(found(hasher, 300), found(exact, 300));
});

test('the work that came during the trial is gone on with after it', () => {
  const time = new Time();
  const hasher = createChosenHasher(
    [kernel('a', time, () => 100), kernel('b', time, () => 90)],
    () => time.nowMs,
  );
  hasher.setWork(HEADER, EASY);
  const chosenAfter = 9;
  for (let call = 0; call < chosenAfter; call++) hasher.search(0, 1);
  const exact = createJsHasher();
  exact.setWork(HEADER, EASY);
  assert.deepEqual(found(hasher, 20), found(exact, 20));
});

test('a kernel that misses a hit is not chosen, however fast it is', () => {
  const time = new Time();
  const blind = kernel('blind', time, () => 1, {
    search: (_, count) => {
      time.nowMs += 1;
      return { hits: [], scanned: count };
    },
  });
  const hasher = createChosenHasher([blind, kernel('sound', time, () => 20)], () => time.nowMs);
  hasher.setWork(HEADER, EASY);
  for (let call = 0; call < 200; call++) hasher.search(0, 1);
  assert.equal(hasher.name, 'sound');
});

test('when no kernel is sound, plain JavaScript goes on', () => {
  const time = new Time();
  const invents = kernel('invents', time, () => 10, {
    search: (start, count) => {
      time.nowMs += 10;
      return { hits: [start], scanned: count };
    },
  });
  const hasher = createChosenHasher([invents], () => time.nowMs);
  hasher.setWork(HEADER, EASY);
  for (let call = 0; call < 200; call++) hasher.search(0, 1);
  assert.equal(hasher.name, 'js');
});

test('a remembered kernel works alone, and is named once it has been checked warm', () => {
  const time = new Time();
  const asked: string[] = [];
  const noting = (name: string) => {
    const exact = kernel(name, time, () => 10);
    const search: Hasher['search'] = (...range) => {
      asked.push(name);
      return exact.search(...range);
    };
    return { ...exact, search };
  };
  const chosen: string[] = [];
  const hasher = createChosenHasher(
    [noting('usual'), noting('known')],
    () => time.nowMs,
    (name, basis) => chosen.push(`${name} ${basis}`),
    'known',
  );
  assert.equal(hasher.name, 'known');
  hasher.setWork(HEADER, EASY);
  const exact = createJsHasher();
  exact.setWork(HEADER, EASY);
  assert.deepEqual(chosen, []);
  assert.deepEqual(found(hasher, 100), found(exact, 100));
  assert.deepEqual(chosen, ['known remembered']);
  assert.deepEqual([...new Set(asked)], ['known']);
});

test('a remembered kernel that does not exist here, or miscounts at once, is not used', () => {
  for (const remembered of ['other', 'blind']) {
    const time = new Time();
    const blind = kernel('blind', time, () => 1, { search: (_, scanned) => ({ hits: [], scanned }) });
    const chosen: string[] = [];
    const hasher = createChosenHasher(
      [blind, kernel('sound', time, () => 20)],
      () => time.nowMs,
      (name, basis) => chosen.push(`${name} ${basis}`),
      remembered,
    );
    hasher.setWork(HEADER, EASY);
    for (let call = 0; call < 200; call++) hasher.search(0, 1);
    assert.deepEqual(chosen, ['sound measured']);
  }
});

test('a remembered kernel that miscounts when compiled well gives way to the others, on the same work', () => {
  const time = new Time();
  const exact = createJsHasher();
  const spoilt = kernel('spoilt', time, () => 10, {
    setWork: (header, target) => exact.setWork(header, target),
    search: (start, count) => {
      time.nowMs += 10;
      return time.nowMs < 1_000 ? exact.search(start, count) : { hits: [], scanned: count };
    },
  });
  const chosen: string[] = [];
  const hasher = createChosenHasher(
    [spoilt, kernel('slow', time, () => 30), kernel('sound', time, () => 10)],
    () => time.nowMs,
    (name, basis) => chosen.push(`${name} ${basis}`),
    'spoilt',
  );
  hasher.setWork(HEADER, EASY);
  for (let call = 0; call < 400; call++) hasher.search(0, 1);
  assert.deepEqual(chosen, ['sound measured']);
  const plain = createJsHasher();
  plain.setWork(HEADER, EASY);
  assert.deepEqual(found(hasher, 50), found(plain, 50));
});

test('a kernel can be asked for by its name, and is checked first', () => {
  const never = (): void => assert.fail('nothing was to be chosen');
  for (const name of KERNEL_NAMES) {
    const hasher = hasherFor(name, undefined, () => 0, never);
    assert.equal(hasher.name, name);
  }
});
