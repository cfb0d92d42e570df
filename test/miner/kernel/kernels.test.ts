import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type Hasher, HITS_PER_SEARCH, NONCE_COUNT } from '../../../miner/kernel/hasher.ts';
import { createJsHasher } from '../../../miner/kernel/js-hasher.ts';
import { createWasmHasher } from '../../../miner/kernel/wasm-hasher.ts';
import { hexToBytes } from '../../../protocol/bytes.ts';
import { sha256d } from '../../../protocol/hash.ts';
import { hashToNumber } from '../../../protocol/work.ts';

const KERNELS: readonly (() => Hasher)[] = [
  createJsHasher,
  ...(['scalar', 'simd', 'simd-2x'] as const).map((shape) => () => createWasmHasher(shape)),
];
const MAX_TARGET = 2n ** 256n - 1n;

/** The hash of a header under a nonce, by the code that the whole project trusts. */
function hashNumber(header80: Uint8Array, nonce: number): bigint {
  const bytes = header80.slice();
  new DataView(bytes.buffer).setUint32(76, nonce, true);
  return hashToNumber(sha256d(bytes));
}

const headers = fc.uint8Array({ minLength: 80, maxLength: 80 });

/** A range of odd ends around the middle of all nonces, where a signed number would change its sign. */
const LONG = {
  header: Uint8Array.from({ length: 80 }, (_, index) => (index * 101) & 0xff),
  start: 2 ** 31 - 40_001,
  count: 80_005,
  target: 2n ** 244n,
};
/** Its hits, some 20 far from each other, as the reference hash finds them. */
const longHits = Array.from({ length: LONG.count }, (_, index) => LONG.start + index).filter(
  (nonce) => hashNumber(LONG.header, nonce) <= LONG.target,
);

/** Two groups of the kernel that looks at most nonces together. */
const GROUPS = 16;
/** Headers whose least hash in a range is that of each of its nonces in turn. */
const LONE_HITS = [0, 2 ** 31 - GROUPS / 2, NONCE_COUNT - GROUPS].flatMap((start) =>
  Array.from({ length: GROUPS }, (_, index) => ({ ...headerWithLeast(start, start + index), start })),
);

function headerWithLeast(
  start: number,
  nonce: number,
): { readonly header: Uint8Array; readonly nonce: number } {
  for (let attempt = 0; ; attempt++) {
    const header = LONG.header.slice();
    new DataView(header.buffer).setUint32(0, attempt);
    const hashes = Array.from({ length: GROUPS }, (_, index) => hashNumber(header, start + index));
    const least = hashes.reduce((a, b) => (b < a ? b : a));
    if (hashes[nonce - start] === least) return { header, nonce };
  }
}

for (const create of KERNELS) {
  describe(`kernel ${create().name}`, () => {
    test('finds the nonce of the first Bitcoin block', () => {
      const header = hexToBytes(
        '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e' +
          '67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c',
      );
      const nonce = 0x7c2bac1d;
      const hasher = create();
      hasher.setWork(header, 0xffffn << 208n);
      assert.deepEqual(hasher.search(nonce - 50, 100), { hits: [nonce], scanned: 100 });
    });

    test('finds exactly the hits that the reference hash finds', () => {
      const hasher = create();
      fc.assert(
        fc.property(
          headers,
          fc.integer({ min: 0, max: NONCE_COUNT - 60 }),
          fc.integer({ min: 0, max: 60 }),
          // Targets around 2^253: every eighth hash or so is a hit.
          fc.bigInt({ min: 2n ** 251n, max: 2n ** 253n }),
          (header, start, count, target) => {
            const expected: number[] = [];
            for (let nonce = start; nonce < start + count; nonce++) {
              if (hashNumber(header, nonce) <= target) expected.push(nonce);
            }
            fc.pre(expected.length < HITS_PER_SEARCH);
            hasher.setWork(header, target);
            assert.deepEqual(hasher.search(start, count), { hits: expected, scanned: count });
          },
        ),
        { numRuns: 200 },
      );
    });

    test('finds them too where most hashes are hits', () => {
      const hasher = create();
      fc.assert(
        fc.property(
          headers,
          fc.integer({ min: 1, max: HITS_PER_SEARCH - 1 }),
          // The leading word is a negative number if taken as signed.
          fc.bigInt({ min: 2n ** 255n, max: MAX_TARGET }),
          (header, count, target) => {
            hasher.setWork(header, target);
            const nonces = Array.from({ length: count }, (_, nonce) => nonce);
            const expected = nonces.filter((nonce) => hashNumber(header, nonce) <= target);
            assert.deepEqual(hasher.search(0, count), { hits: expected, scanned: count });
          },
        ),
        { numRuns: 200 },
      );
    });

    test('a hit counts at a target equal to its hash, and not at one below', () => {
      const hasher = create();
      fc.assert(
        fc.property(headers, fc.integer({ min: 0, max: NONCE_COUNT - 1 }), (header, nonce) => {
          const hash = hashNumber(header, nonce);
          hasher.setWork(header, hash);
          assert.deepEqual(hasher.search(nonce, 1), { hits: [nonce], scanned: 1 });
          hasher.setWork(header, hash - 1n);
          assert.deepEqual(hasher.search(nonce, 1), { hits: [], scanned: 1 });
        }),
        { numRuns: 100 },
      );
    });

    test('sees a hit at the first and at the last nonce of a range', () => {
      const hasher = create();
      fc.assert(
        fc.property(headers, fc.integer({ min: 2, max: HITS_PER_SEARCH - 1 }), (header, count) => {
          for (const start of [0, 0x7fffffff - 10, 0x80000000 - 1, NONCE_COUNT - count]) {
            for (const planted of [start, start + count - 1]) {
              hasher.setWork(header, hashNumber(header, planted));
              const { hits, scanned } = hasher.search(start, count);
              assert.equal(scanned, count);
              assert.ok(hits.includes(planted), `hit at ${planted} of ${start} + ${count}`);
              assert.ok(hits.every((nonce) => nonce >= start && nonce < start + count));
            }
          }
        }),
        { numRuns: 20 },
      );
    });

    test('goes through a long range, from hit to hit', () => {
      assert.ok(longHits.length > 10, `${longHits.length} hits`);
      const hasher = create();
      hasher.setWork(LONG.header, LONG.target);
      const hits: number[] = [];
      let scanned = 0;
      while (scanned < LONG.count) {
        const result = hasher.search(LONG.start + scanned, LONG.count - scanned);
        hits.push(...result.hits);
        scanned += result.scanned;
      }
      assert.deepEqual(hits, longHits);
      assert.equal(scanned, LONG.count);
    });

    test('sees a lone hit in every lane', () => {
      const hasher = create();
      for (const { header, start, nonce } of LONE_HITS) {
        hasher.setWork(header, hashNumber(header, nonce));
        assert.deepEqual(hasher.search(start, GROUPS), { hits: [nonce], scanned: GROUPS });
      }
    });

    test('stops at a full list of hits and goes on from there without losing one', () => {
      const hasher = create();
      hasher.setWork(new Uint8Array(80), MAX_TARGET);
      const first = hasher.search(100, 1_000);
      assert.deepEqual(
        first.hits,
        Array.from({ length: HITS_PER_SEARCH }, (_, i) => 100 + i),
      );
      assert.equal(first.scanned, HITS_PER_SEARCH);
      assert.equal(hasher.search(100 + first.scanned, 1).hits[0], 100 + HITS_PER_SEARCH);
    });

    test('forgets the work before it', () => {
      fc.assert(
        fc.property(headers, headers, (before, after) => {
          const reused = create();
          reused.setWork(before, MAX_TARGET);
          reused.search(0, 3);
          const target = hashNumber(after, 7);
          reused.setWork(after, target);
          assert.deepEqual(reused.search(7, 1).hits, [7]);
        }),
        { numRuns: 20 },
      );
    });

    test('does not read the nonce field of the header it is given', () => {
      const header = new Uint8Array(80).fill(0xab);
      const hasher = create();
      hasher.setWork(header, hashNumber(header, 5));
      assert.deepEqual(hasher.search(5, 1).hits, [5]);
    });

    test('reads a header that is a view into a larger buffer', () => {
      const buffer = new Uint8Array(200).map((_, i) => i * 31);
      const header = buffer.subarray(7, 87);
      const hasher = create();
      hasher.setWork(header, hashNumber(header, 9));
      assert.deepEqual(hasher.search(9, 1).hits, [9]);
    });

    test('refuses wrong headers, targets and ranges', () => {
      const hasher = create();
      assert.throws(() => hasher.setWork(new Uint8Array(79), 1n), RangeError);
      assert.throws(() => hasher.setWork(new Uint8Array(80), -1n), RangeError);
      assert.throws(() => hasher.setWork(new Uint8Array(80), 2n ** 256n), RangeError);
      hasher.setWork(new Uint8Array(80), 1n);
      for (const [start, count] of [
        [-1, 5],
        [0, -1],
        [0.5, 1],
        [NONCE_COUNT, 1],
        [NONCE_COUNT - 1, 2],
      ] as const) {
        assert.throws(() => hasher.search(start, count), RangeError);
      }
      assert.deepEqual(hasher.search(NONCE_COUNT, 0), { hits: [], scanned: 0 });
    });
  });
}
