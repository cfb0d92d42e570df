import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CoinsCache } from '../../../node/chain/coins-cache.ts';
import type { CoinChange, CoinChanges, PlacedCoin } from '../../../node/storage/coins-table.ts';

import { atOnce } from '../../../protocol/steps.ts';

function coin(value: bigint): PlacedCoin {
  return { value, script: new Uint8Array(22), height: 1, coinbase: false, position: 0 };
}

const ROW = { height: 1, position: 0 };
const made = (value: bigint): CoinChange => ({ coin: coin(value), onDisk: undefined });
const SPENT: CoinChange = { coin: undefined, onDisk: ROW };

function change(cache: CoinsCache, changes: CoinChanges): void {
  atOnce(cache.change(changes));
}

/** What a write hands to the table. */
function write(cache: CoinsCache): CoinChanges {
  const changes = cache.beginWrite();
  atOnce(cache.endWrite());
  return changes;
}

describe('the coins cache', () => {
  it('lets a change stand before what the table held', () => {
    const cache = new CoinsCache(1_000_000);
    cache.remember(new Map([['a', coin(1n)]]));
    assert.equal(cache.get('a')?.value, 1n);
    change(cache, new Map([['a', SPENT]]));
    assert.ok(cache.has('a'));
    assert.equal(cache.get('a'), undefined);
    // A query that was under way comes back with the old row.
    cache.remember(new Map([['a', coin(1n)]]));
    assert.equal(cache.get('a'), undefined);
  });

  it('writes nothing of a coin that came and went between two writes', () => {
    const cache = new CoinsCache(1_000_000);
    change(cache, new Map([['a', made(1n)]]));
    change(cache, new Map([['a', SPENT]]));
    assert.equal(write(cache).size, 0);
    assert.equal(cache.get('a'), undefined);
  });

  it('removes the row of a coin that went and came back before it is written anew', () => {
    const cache = new CoinsCache(1_000_000);
    change(cache, new Map([['a', SPENT]]));
    change(cache, new Map([['a', made(2n)]]));
    assert.deepEqual(write(cache).get('a'), { coin: coin(2n), onDisk: ROW });
    change(cache, new Map([['a', SPENT]]));
    assert.deepEqual(write(cache).get('a'), SPENT);
  });

  it('keeps written coins in memory and forgets spent ones', () => {
    const cache = new CoinsCache(1_000_000);
    cache.remember(new Map([['b', coin(2n)]]));
    change(
      cache,
      new Map([
        ['a', made(1n)],
        ['b', SPENT],
      ]),
    );
    write(cache);
    assert.equal(cache.isDirty, false);
    assert.equal(cache.get('a')?.value, 1n);
    assert.equal(cache.has('b'), false);
  });

  it('goes on changing while it is written', () => {
    const cache = new CoinsCache(1_000_000);
    change(
      cache,
      new Map([
        ['made', made(1n)],
        ['spent', SPENT],
        ['both', made(2n)],
      ]),
    );
    assert.equal(cache.beginWrite().size, 3);
    // What the table will hold by the time these are written decides how.
    change(
      cache,
      new Map([
        ['made', SPENT],
        ['spent', made(3n)],
      ]),
    );
    assert.equal(cache.get('made'), undefined);
    assert.equal(cache.get('spent')?.value, 3n);
    assert.equal(cache.get('both')?.value, 2n);
    assert.throws(() => cache.beginWrite(), /already/);
    atOnce(cache.endWrite());
    assert.equal(cache.get('made'), undefined);
    assert.equal(cache.get('spent')?.value, 3n);
    assert.equal(cache.get('both')?.value, 2n);
    assert.deepEqual(
      write(cache),
      new Map([
        ['made', SPENT],
        ['spent', made(3n)],
      ]),
    );
  });

  it('shows the coins as they were until a step is on disk', () => {
    const cache = new CoinsCache(1_000_000);
    cache.remember(new Map([['old', coin(1n)]]));
    const changes = new Map([
      ['old', SPENT],
      ['new', made(2n)],
      ['older', SPENT],
    ]);
    cache.beginStep(
      changes,
      new Map([
        ['old', coin(1n)],
        ['older', coin(3n)],
      ]),
    );
    const seen = () => ['old', 'new', 'older'].map((key) => [cache.has(key), cache.get(key)?.value]);
    assert.deepEqual(seen(), [
      [true, 1n],
      [true, undefined],
      [true, 3n],
    ]);
    atOnce(cache.written(changes));
    cache.endStep();
    assert.deepEqual(seen(), [
      [false, undefined],
      [true, 2n],
      [false, undefined],
    ]);
    assert.equal(cache.isDirty, false);
  });

  it('shows nothing of a step while it takes it over, half of it or all', () => {
    const cache = new CoinsCache(10_000_000);
    const changes = new Map(Array.from({ length: 1_000 }, (_, at) => [`${at}`, made(1n)]));
    for (const takeOver of [cache.change(changes), cache.written(changes)]) {
      cache.beginStep(changes, new Map());
      let steps = 0;
      while (takeOver.next().done !== true) {
        steps += 1;
        for (const key of changes.keys()) assert.ok(cache.has(key) && cache.get(key) === undefined);
      }
      assert.ok(steps > 2);
      cache.endStep();
      for (const key of changes.keys()) assert.equal(cache.get(key)?.value, 1n);
    }
  });

  it('tells a reader of the table what has changed meanwhile', () => {
    const cache = new CoinsCache(1_000_000);
    change(cache, new Map([['before', SPENT]]));
    const watch = cache.watch();
    assert.deepEqual(watch.take(), new Set());
    change(cache, new Map([['later', SPENT]]));
    atOnce(cache.written(new Map([['at once', made(1n)]])));
    assert.deepEqual(watch.take(), new Set(['later', 'at once']));
    assert.deepEqual(watch.take(), new Set());
    const other = cache.watch();
    change(cache, new Map([['again', SPENT]]));
    watch.end();
    change(cache, new Map([['more', SPENT]]));
    assert.deepEqual(other.take(), new Set(['again', 'more']));
    other.end();
  });

  it('makes room by letting unchanged coins go, the oldest first, and never a change', () => {
    const cache = new CoinsCache(8_000);
    change(cache, new Map([['kept', made(0n)]]));
    for (let value = 0n; value < 20n; value++) cache.remember(new Map([[`${value}`, coin(value)]]));
    assert.equal(cache.has('0'), false);
    assert.ok(cache.has('19'));
    assert.ok(cache.has('kept'));
    assert.equal(cache.isFull, false);
    change(cache, new Map(Array.from({ length: 3 }, (_, at) => [`new ${at}`, made(1n)])));
    assert.ok(cache.isFull);
    change(cache, new Map(Array.from({ length: 30 }, (_, at) => [`gone ${at}`, SPENT])));
    assert.equal(cache.has('19'), false);
    assert.ok(cache.has('kept'));
    write(cache);
    assert.equal(cache.isFull, false);
  });
});
