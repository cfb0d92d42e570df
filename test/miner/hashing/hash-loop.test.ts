import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HashLoop, UNSETTLED_HITS_MAX } from '../../../miner/hashing/hash-loop.ts';
import { type Hit, headerOfWork, type Work } from '../../../miner/hashing/work.ts';
import { type Hasher, HITS_PER_SEARCH, NONCE_COUNT } from '../../../miner/kernel/hasher.ts';
import { createJsHasher } from '../../../miner/kernel/js-hasher.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { hashHeaderBytes } from '../../../protocol/header.ts';
import { meetsTarget } from '../../../protocol/work.ts';
import { someJob } from '../../kit/stratum-job.ts';

const SLICE_MS = 5;

let lastSerial = 0;

function someWork(changes: Partial<Work> = {}): Work {
  lastSerial += 1;
  return {
    serial: lastSerial,
    job: someJob(),
    extranonce1: Uint8Array.of(1, 2, 3, 4),
    extranonce2Size: 4,
    versionMask: 0,
    target: 0n,
    difficulty: 1,
    ...changes,
  };
}

/** A clock that tests move, and a hasher that takes a set time per nonce and notes what it was asked. */
class Bench {
  nowMs = 0;
  /** Ranges that were searched, by header without nonce. */
  readonly searched = new Map<string, [start: number, end: number][]>();
  readonly sliceLengths: number[] = [];
  readonly hits: Hit[] = [];
  /** Nonces that are hits. */
  isHit: (nonce: number) => boolean = () => false;
  msPerNonce = 0.001;

  hasher(): Hasher {
    let header = '';
    return {
      name: 'noting',
      setWork: (header80) => {
        header = bytesToHex(header80.subarray(0, 76));
      },
      search: (start, count) => {
        this.sliceLengths.push(count);
        this.searched.set(header, [...(this.searched.get(header) ?? []), [start, start + count]]);
        this.nowMs += count * this.msPerNonce;
        const hits: number[] = [];
        for (let nonce = start; nonce < start + Math.min(count, 1_000); nonce++) {
          if (this.isHit(nonce)) hits.push(nonce);
          if (hits.length === HITS_PER_SEARCH) return { hits, scanned: nonce - start + 1 };
        }
        return { hits, scanned: count };
      },
    };
  }

  loop(thread = 0, threadCount = 1, hasher = this.hasher()): HashLoop {
    const onHit = (hit: Hit): void => {
      this.hits.push(hit);
    };
    const nowMs = () => this.nowMs;
    return new HashLoop({ hasher, thread, threadCount, usedValues: 0, sliceMs: SLICE_MS, nowMs, onHit });
  }

  /** How often any nonce of any header was searched at most, and how many were searched at all. */
  get overlap(): { readonly most: number; readonly total: number } {
    let total = 0;
    let most = 0;
    for (const ranges of this.searched.values()) {
      let end = 0;
      for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
        if (from < end) most = 2;
        end = Math.max(end, to);
        total += to - from;
      }
    }
    return { most: Math.max(most, total > 0 ? 1 : 0), total };
  }
}

function slices(loop: HashLoop, count: number): void {
  for (let i = 0; i < count; i++) loop.slice();
}

describe('hash loop', () => {
  test('reports true shares of the work it was given', () => {
    const bench = new Bench();
    const loop = bench.loop(0, 1, createJsHasher());
    const work = someWork({ target: 2n ** 250n });
    loop.setWork(work);
    loop.slice();
    assert.ok(bench.hits.length > 0);
    for (const hit of bench.hits) {
      assert.equal(hit.serial, work.serial);
      assert.ok(meetsTarget(hashHeaderBytes(headerOfWork(work, hit)), work.target));
    }
  });

  test('reports true shares under every version and time that it rolls', () => {
    const bench = new Bench();
    // So many threads that each has 4,096 nonces under a header.
    const loop = bench.loop(3, 2 ** 20, createJsHasher());
    const work = someWork({ target: 2n ** 246n, extranonce2Size: 0, versionMask: 0x0000_6000 });
    loop.setWork(work);
    for (let second = 0; second < 4; second++) {
      while (loop.slice() === 'searched') loop.settle(UNSETTLED_HITS_MAX);
      bench.nowMs += 1_000;
    }
    assert.equal(loop.hashCount, 4 * 4 * 4_096);
    assert.equal(new Set(bench.hits.map((hit) => hit.versionBits)).size, 4);
    assert.deepEqual([...new Set(bench.hits.map((hit) => hit.ntime - work.job.time))], [0, 1, 2, 3]);
    for (const hit of bench.hits)
      assert.ok(meetsTarget(hashHeaderBytes(headerOfWork(work, hit)), work.target));
  });

  test('rests without work, and when work is taken away', () => {
    const bench = new Bench();
    const loop = bench.loop();
    assert.equal(loop.slice(), 'idle');
    loop.setWork(someWork());
    assert.equal(loop.slice(), 'searched');
    loop.setWork(undefined);
    assert.equal(loop.slice(), 'idle');
    assert.equal(bench.searched.size, 1);
  });

  test('never searches a header twice, over threads, jobs and times, however small extranonce2 is', () => {
    for (const extranonce2Size of [0, 1, 4]) {
      const bench = new Bench();
      bench.msPerNonce = 1e-6;
      const loops = Array.from({ length: 5 }, (_, thread) => bench.loop(thread, 5));
      for (let round = 0; round < 4; round++) {
        const job = someJob({ jobId: `job-${round}`, time: 1_795_132_800 + 3_600 * round });
        for (const loop of loops) loop.setWork(someWork({ extranonce2Size, job }));
        for (let i = 0; i < 900; i++) for (const loop of loops) loop.slice();
      }
      assert.equal(bench.overlap.most, 1, `extranonce2 of ${extranonce2Size} bytes`);
      const counted = loops.reduce((sum, loop) => sum + loop.hashCount, 0);
      assert.equal(bench.overlap.total, counted);
    }
  });

  test('does not repeat itself when a pool sends the same job again', () => {
    for (const extranonce2Size of [0, 1, 4]) {
      const bench = new Bench();
      const loops = [bench.loop(0, 2), bench.loop(1, 2)];
      for (let repetition = 0; repetition < 20; repetition++) {
        for (const loop of loops) loop.setWork(someWork({ extranonce2Size }));
        for (const loop of loops) slices(loop, 5);
      }
      assert.equal(bench.overlap.most, 1, `extranonce2 of ${extranonce2Size} bytes`);
    }
  });

  test('goes on with a job that is sent again with another difficulty, at the new one', () => {
    const bench = new Bench();
    const loop = bench.loop(0, 1, createJsHasher());
    loop.setWork(someWork({ extranonce2Size: 0 }));
    loop.slice();
    const work = someWork({ extranonce2Size: 0, target: 2n ** 250n, job: someJob({ jobId: 'job-2' }) });
    const before = loop.hashCount;
    loop.setWork(work);
    loop.slice();
    assert.ok(bench.hits.length > 0);
    for (const hit of bench.hits) {
      assert.equal(hit.serial, work.serial);
      assert.ok(hit.nonce >= before);
      assert.ok(meetsTarget(hashHeaderBytes(headerOfWork(work, hit)), work.target));
    }
  });

  test('moves the time on only as fast as time passes', () => {
    const bench = new Bench();
    bench.msPerNonce = 1e-9;
    const loop = bench.loop();
    const work = someWork({ extranonce2Size: 0 });
    loop.setWork(work);
    while (loop.slice() === 'searched');
    assert.equal(loop.hashCount, NONCE_COUNT);
    assert.equal(loop.slice(), 'exhausted');
    bench.nowMs += 1_000;
    bench.isHit = (nonce) => nonce === 0;
    assert.equal(loop.slice(), 'searched');
    assert.equal(bench.hits[0]!.ntime, work.job.time + 1);
  });

  test('keeps its slices as short as it was told, on fast and on slow machines', () => {
    for (const msPerNonce of [1e-5, 1e-3, 0.1, 5]) {
      const bench = new Bench();
      bench.msPerNonce = msPerNonce;
      const loop = bench.loop();
      loop.setWork(someWork());
      slices(loop, 30);
      const last = bench.sliceLengths.at(-1)! * msPerNonce;
      assert.ok(last > SLICE_MS * 0.3 && last <= Math.max(SLICE_MS * 1.01, msPerNonce), `${last} ms`);
    }
  });

  test('grows its slices slowly after one that seemed quick', () => {
    const bench = new Bench();
    bench.msPerNonce = 0;
    const loop = bench.loop();
    loop.setWork(someWork());
    slices(loop, 2);
    assert.equal(bench.sliceLengths[1]! / bench.sliceLengths[0]!, 4);
  });

  test('waits for the pool when every hash is a share, and loses none', () => {
    const bench = new Bench();
    bench.isHit = () => true;
    const loop = bench.loop();
    loop.setWork(someWork());
    while (loop.slice() === 'searched');
    assert.equal(loop.slice(), 'blocked');
    assert.equal(bench.hits.length, UNSETTLED_HITS_MAX);
    loop.settle(HITS_PER_SEARCH);
    assert.equal(loop.slice(), 'searched');
    assert.equal(loop.slice(), 'blocked');
    assert.deepEqual(
      bench.hits.map((hit) => hit.nonce),
      bench.hits.map((_, i) => i),
    );
  });

  test('takes up new work with the next slice', () => {
    const bench = new Bench();
    bench.isHit = () => true;
    const loop = bench.loop();
    const before = someWork();
    const after = someWork({ job: someJob({ jobId: 'next' }) });
    loop.setWork(before);
    loop.slice();
    loop.setWork(after);
    loop.slice();
    assert.equal(bench.hits.at(HITS_PER_SEARCH - 1)!.serial, before.serial);
    assert.equal(bench.hits.at(HITS_PER_SEARCH)!.serial, after.serial);
  });
});
