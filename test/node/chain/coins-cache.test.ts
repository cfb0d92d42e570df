import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CoinsCache } from '../../../node/chain/coins-cache.ts';
import type { CoinChange } from '../../../node/storage/coins-table.ts';
import type { Coin } from '../../../protocol/coins.ts';

function coin(value: bigint): Coin {
  return { value, script: new Uint8Array(22), height: 1, coinbase: false };
}

const made = (value: bigint): CoinChange => ({ coin: coin(value), onDisk: false });
const SPENT: CoinChange = { coin: undefined, onDisk: true };

describe('the coins cache', () => {
  it('lets a change stand before what the table held', () => {
    const cache = new CoinsCache(1_000_000);
    cache.remember(new Map([['a', coin(1n)]]));
    assert.equal(cache.get('a')?.value, 1n);
    cache.change(new Map([['a', SPENT]]));
    assert.ok(cache.has('a'));
    assert.equal(cache.get('a'), undefined);
    // A query that was under way comes back with the old row.
    cache.remember(new Map([['a', coin(1n)]]));
    assert.equal(cache.get('a'), undefined);
  });

  it('writes nothing of a coin that came and went between two writes', () => {
    const cache = new CoinsCache(1_000_000);
    cache.change(new Map([['a', made(1n)]]));
    cache.change(new Map([['a', SPENT]]));
    assert.equal(cache.changes.size, 0);
    assert.equal(cache.get('a'), undefined);
  });

  it('removes the row of a coin that went and came back before it is written anew', () => {
    const cache = new CoinsCache(1_000_000);
    cache.change(new Map([['a', SPENT]]));
    cache.change(new Map([['a', made(2n)]]));
    assert.deepEqual(cache.changes.get('a'), { coin: coin(2n), onDisk: true });
    cache.change(new Map([['a', SPENT]]));
    assert.deepEqual(cache.changes.get('a'), SPENT);
  });

  it('keeps written coins in memory and forgets spent ones', () => {
    const cache = new CoinsCache(1_000_000);
    cache.remember(new Map([['b', coin(2n)]]));
    const before = cache.version;
    cache.change(
      new Map([
        ['a', made(1n)],
        ['b', SPENT],
      ]),
    );
    cache.written();
    assert.notEqual(cache.version, before);
    assert.equal(cache.changes.size, 0);
    assert.equal(cache.get('a')?.value, 1n);
    assert.equal(cache.has('b'), false);
  });

  it('makes room by letting unchanged coins go, the oldest first, and never a change', () => {
    const cache = new CoinsCache(2_000);
    cache.change(new Map([['kept', made(0n)]]));
    for (let value = 0n; value < 10n; value++) cache.remember(new Map([[`${value}`, coin(value)]]));
    assert.equal(cache.has('0'), false);
    assert.ok(cache.has('9'));
    assert.ok(cache.has('kept'));
    assert.equal(cache.isFull, false);
    cache.change(new Map(Array.from({ length: 3 }, (_, at) => [`new ${at}`, made(1n)])));
    assert.ok(cache.isFull);
    assert.ok(cache.has('kept'));
    cache.written();
    assert.equal(cache.isFull, false);
  });
});
