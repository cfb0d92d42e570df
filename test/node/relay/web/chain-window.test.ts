import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type ChainWindow,
  isOvertaken,
  WINDOW_BLOCKS,
  windowAfter,
} from '../../../../node/relay/web/chain-window.ts';
import type { BlockRow } from '../../../../protocol/relay.ts';
import type { RelayEvent } from '../../../../protocol/relay-events.ts';
import { blockRow, hashOf, NETWORK } from '../../../kit/relay-samples.ts';

const NOW = 1_800_000_000;
const FRAME = { sequence: 1, time: NOW };

function block(height: number, branch = ''): BlockRow {
  return { ...blockRow(height, NOW), hash: hashOf(`${branch}${height}`) };
}

function connected(row: BlockRow): RelayEvent {
  return { ...FRAME, type: 'block_connected', block: row };
}

function disconnected({ hash, height }: BlockRow): RelayEvent {
  return { ...FRAME, type: 'block_disconnected', hash, height };
}

/** The window that all of them lead to; undefined where one does not follow. */
function after(window: ChainWindow, events: readonly RelayEvent[]): ChainWindow | undefined {
  return events.reduce<ChainWindow | undefined>(
    (known, event) => (known === undefined ? undefined : windowAfter(known, event)),
    window,
  );
}

const heights = (window: ChainWindow | undefined) => window?.map(({ height }) => height);

describe('the newest blocks of a page', () => {
  test('a block that follows stands in front, and the last one leaves when the window is full', () => {
    const full = Array.from({ length: WINDOW_BLOCKS }, (_, index) => block(100 - index));
    const window = windowAfter(full, connected(block(101)));
    assert.deepEqual(heights(window)?.slice(0, 2), [101, 100]);
    assert.equal(window?.length, WINDOW_BLOCKS);
    assert.equal(heights(window)?.at(-1), 101 - WINDOW_BLOCKS + 1);
  });

  test('a block that is told twice is there once', () => {
    const window = [block(8), block(7)];
    assert.equal(windowAfter(window, connected(block(8))), window);
    assert.equal(windowAfter(window, connected(block(7))), window);
  });

  test('a block that does not follow makes the page ask anew', () => {
    assert.equal(windowAfter([block(8)], connected(block(10))), undefined);
    assert.equal(windowAfter([block(8)], connected(block(8, 'other '))), undefined);
  });

  test('a reorganisation takes blocks from the front and puts those of the other branch there', () => {
    const window = after(
      [block(9), block(8), block(7)],
      [
        disconnected(block(9)),
        disconnected(block(8)),
        connected(block(8, 'other ')),
        connected(block(9, 'other ')),
        connected(block(10, 'other ')),
      ],
    );
    assert.deepEqual(heights(window), [10, 9, 8, 7]);
    assert.equal(window?.[0]?.hash, hashOf('other 10'));
  });

  test('a block that leaves from anywhere but the front, or the last known one, makes the page ask anew', () => {
    assert.equal(windowAfter([block(9), block(8)], disconnected(block(8))), undefined);
    assert.equal(windowAfter([block(9)], disconnected(block(9))), undefined);
  });

  test('a greeting with another tip makes the page ask anew, with the same one it changes nothing', () => {
    const hello = (row: BlockRow): RelayEvent => ({
      ...FRAME,
      type: 'hello',
      instance: 'a',
      id: 'relay',
      node: { state: 'ok', reason: null, since: null },
      network: NETWORK,
      tip: { height: row.height, hash: row.hash, time: row.time },
      template: null,
      mempool: null,
    });
    const window = [block(9), block(8)];
    assert.equal(windowAfter(window, hello(block(9))), window);
    assert.equal(windowAfter(window, hello(block(9, 'other '))), undefined);
  });

  test('an answer that an event has overtaken is not believed for a moment', () => {
    const window = [block(9), block(8)];
    const older = [block(8), block(7)];
    assert.equal(isOvertaken(window, older, 100), true);
    assert.equal(isOvertaken(window, older, 5_000), false);
    assert.equal(isOvertaken(window, older, undefined), false);
    assert.equal(isOvertaken(window, window, 100), false);
  });

  test('whatever is told, the window has no gap and no more blocks than it may', () => {
    const event = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 6 }), fc.constantFrom('', 'other '));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (told) => {
        let window: ChainWindow = [block(3), block(2)];
        for (const [isConnected, height, branch] of told) {
          const row = block(height, branch);
          window = windowAfter(window, isConnected ? connected(row) : disconnected(row)) ?? [row];
          assert.ok(window.length >= 1 && window.length <= WINDOW_BLOCKS);
          const [tip] = window;
          assert.deepEqual(
            heights(window),
            window.map((_, index) => (tip?.height ?? 0) - index),
          );
        }
      }),
    );
  });
});
