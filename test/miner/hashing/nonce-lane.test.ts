import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { extranonce2Bytes, laneOf, unitAt } from '../../../miner/hashing/nonce-lane.ts';
import { NONCE_COUNT } from '../../../miner/kernel/hasher.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';

/** What a lane covers within its first second: extranonce2 values with a range of nonces. */
function coverage(thread: number, threadCount: number, size: number) {
  const lane = laneOf(thread, threadCount, size);
  return Array.from({ length: lane.valueCount }, (_, index) => ({
    ...unitAt(lane, index),
    startNonce: lane.startNonce,
    endNonce: lane.startNonce + lane.nonceCount,
  }));
}

describe('lanes', () => {
  test('cover every extranonce2 and nonce exactly once between all threads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0, max: 1 }), (threadCount, size) => {
        const byValue = new Map<number, { startNonce: number; endNonce: number }[]>();
        for (let thread = 0; thread < threadCount; thread++) {
          for (const { extranonce2, startNonce, endNonce, timeRoll } of coverage(thread, threadCount, size)) {
            assert.equal(timeRoll, 0);
            byValue.set(extranonce2, [...(byValue.get(extranonce2) ?? []), { startNonce, endNonce }]);
          }
        }
        assert.equal(byValue.size, 256 ** size);
        for (const ranges of byValue.values()) {
          let next = 0;
          for (const range of ranges.sort((a, b) => a.startNonce - b.startNonce)) {
            assert.equal(range.startNonce, next);
            next = range.endNonce;
          }
          assert.equal(next, NONCE_COUNT);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('never meet where extranonce2 is wide', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 16 }),
        fc.integer({ min: 2, max: 256 }),
        fc.nat(1_000_000),
        fc.nat(1_000_000),
        (size, threadCount, indexA, indexB) => {
          const values = new Set<string>();
          for (let thread = 0; thread < threadCount; thread++) {
            const lane = laneOf(thread, threadCount, size);
            for (const index of new Set([indexA % lane.valueCount, indexB % lane.valueCount])) {
              const hex = bytesToHex(extranonce2Bytes(unitAt(lane, index).extranonce2, size));
              assert.equal(hex.length, 2 * size);
              assert.ok(!values.has(hex), `${hex} twice`);
              values.add(hex);
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('roll the time by a second when the values are used up, wherever they began', () => {
    const lane = laneOf(3, 5, 1);
    for (const offset of [0, 17, lane.valueCount - 1]) {
      const first = Array.from({ length: lane.valueCount }, (_, index) => unitAt(lane, index, offset));
      assert.equal(new Set(first.map((unit) => unit.extranonce2)).size, lane.valueCount);
      assert.ok(first.every((unit) => unit.timeRoll === 0));
      assert.deepEqual(unitAt(lane, lane.valueCount, offset), {
        extranonce2: first[0]!.extranonce2,
        timeRoll: 1,
      });
    }
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
