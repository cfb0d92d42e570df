import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  extranonce2Bytes,
  type Lane,
  laneOf,
  versionBitsAt,
  versionCount,
} from '../../../miner/hashing/nonce-lane.ts';
import { NONCE_COUNT } from '../../../miner/kernel/hasher.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { VERSION_ROLLING_MASK } from '../../../protocol/stratum.ts';

function valueAt({ first, step }: Lane, position: number): number {
  return first + position * step;
}

describe('lanes', () => {
  test('cover every extranonce2 and nonce exactly once between all threads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0, max: 1 }), (threadCount, size) => {
        const byValue = new Map<number, { start: number; end: number }[]>();
        for (let thread = 0; thread < threadCount; thread++) {
          const lane = laneOf(thread, threadCount, size);
          for (let position = 0; position < lane.valueCount; position++) {
            const value = valueAt(lane, position);
            const range = { start: lane.startNonce, end: lane.startNonce + lane.nonceCount };
            byValue.set(value, [...(byValue.get(value) ?? []), range]);
          }
        }
        assert.equal(byValue.size, 256 ** size);
        for (const ranges of byValue.values()) {
          let next = 0;
          for (const range of ranges.sort((a, b) => a.start - b.start)) {
            assert.equal(range.start, next);
            next = range.end;
          }
          assert.equal(next, NONCE_COUNT);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('never meet, for any number of threads and any size of extranonce2', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 16 }),
        fc.integer({ min: 1, max: 64 }),
        fc.array(fc.nat({ max: 2 ** 48 }), { minLength: 1, maxLength: 4 }),
        (size, threadCount, positions) => {
          const taken = new Map<string, { start: number; end: number }[]>();
          for (let thread = 0; thread < threadCount; thread++) {
            const lane = laneOf(thread, threadCount, size);
            const range = { start: lane.startNonce, end: lane.startNonce + lane.nonceCount };
            assert.ok(range.start < range.end);
            for (const position of new Set(positions.map((any) => any % lane.valueCount))) {
              const hex = bytesToHex(extranonce2Bytes(valueAt(lane, position), size));
              assert.equal(hex.length, 2 * size);
              const others = taken.get(hex) ?? [];
              assert.ok(
                others.every(({ start, end }) => range.end <= start || end <= range.start),
                `${hex} twice`,
              );
              taken.set(hex, [...others, range]);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('write extranonce2 most significant byte first, padded to its size', () => {
    assert.equal(bytesToHex(extranonce2Bytes(0, 4)), '00000000');
    assert.equal(bytesToHex(extranonce2Bytes(0x01020304, 4)), '01020304');
    assert.equal(bytesToHex(extranonce2Bytes(2 ** 48 - 1, 8)), '0000ffffffffffff');
    assert.equal(bytesToHex(extranonce2Bytes(0, 0)), '');
  });

  test('refuse a thread that does not exist', () => {
    assert.throws(() => laneOf(4, 4, 4), RangeError);
    assert.throws(() => laneOf(-1, 4, 4), RangeError);
  });
});

describe('versions under a mask', () => {
  test('are all different and touch no bit outside', () => {
    const anyMask = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(anyMask, fc.array(fc.nat({ max: 2 ** 32 - 1 }), { maxLength: 50 }), (mask, numbers) => {
        const count = versionCount(mask);
        const indices = new Set(numbers.map((number) => number % count));
        const versions = [...indices].map((index) => versionBitsAt(mask, index));
        assert.equal(new Set(versions).size, indices.size);
        for (const bits of versions) {
          assert.ok(bits >= 0);
          assert.equal((bits & ~mask) >>> 0, 0);
        }
      }),
    );
  });

  test('are as many as the bits can make', () => {
    assert.equal(versionCount(0), 1);
    assert.equal(versionCount(VERSION_ROLLING_MASK), 2 ** 16);
    assert.equal(versionCount(0xffff_ffff), 2 ** 32);
    const mask = 0b1010_0001;
    const all = Array.from({ length: versionCount(mask) }, (_, index) => versionBitsAt(mask, index));
    assert.deepEqual(
      all.map((bits) => bits.toString(2)),
      ['0', '1', '100000', '100001', '10000000', '10000001', '10100000', '10100001'],
    );
    assert.equal(versionBitsAt(0xffff_ffff, 0xffff_ffff), 0xffff_ffff);
    assert.equal(versionBitsAt(0, 0), 0);
  });
});
