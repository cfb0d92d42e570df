import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { MinerEvent } from '../../../miner/event.ts';
import { ShareLines } from '../../../miner/face/share-lines.ts';

const SHARE: MinerEvent = { type: 'share-accepted', difficulty: 1e-9, isBlock: false, latencyMs: 1 };
const BLOCK: MinerEvent = { ...SHARE, isBlock: true };

/** The texts of events at their times. */
function texts(...events: readonly (readonly [nowMs: number, event: MinerEvent])[]): string[] {
  const lines = new ShareLines();
  return events.flatMap(([nowMs, event]) => lines.of(event, nowMs).map(({ text }) => text));
}

const flood = (count: number, nowMs: number) => Array.from({ length: count }, () => [nowMs, SHARE] as const);

describe('the lines of accepted shares', () => {
  test('are one for each at the pace of a pool that has found its difficulty', () => {
    const shares = Array.from({ length: 50 }, (_, index) => [index * 200, SHARE] as const);
    assert.equal(texts(...shares).length, 50);
  });

  test('are ten in a second of a flood, and the number of the others with the next event after it', () => {
    const told = texts(...flood(1_500, 0), [1_000, SHARE]);
    assert.equal(told.length, 12);
    assert.equal(told[10], '1490 more shares accepted within a second');
    assert.match(told[11] ?? '', /^share accepted/);
  });

  test('leave out no block and no other event', () => {
    assert.match(texts(...flood(20, 0), [1, BLOCK]).at(-1) ?? '', /^block accepted/);
    assert.match(texts(...flood(20, 0), [1, { type: 'message', text: 'hello' }]).at(-1) ?? '', /hello/);
  });

  test('are complete at the end', () => {
    assert.equal(
      texts(...flood(11, 0), [1, { type: 'stopped' }]).at(-2),
      '1 more share accepted within a second',
    );
  });

  test('tell of every share once, whenever they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 300 }), { maxLength: 200 }), (pauses) => {
        let nowMs = 0;
        const shares = pauses.map((pauseMs) => {
          nowMs += pauseMs;
          return [nowMs, SHARE] as const;
        });
        const told = texts(...shares, [nowMs, { type: 'stopped' }]);
        const count = told.reduce((sum, text) => {
          const more = /^(\d+) more/.exec(text);
          return sum + (more ? Number(more[1]) : text.startsWith('share accepted') ? 1 : 0);
        }, 0);
        assert.equal(count, pauses.length);
      }),
    );
  });
});
