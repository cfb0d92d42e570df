import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RollingFloor } from '../../../node/mempool/rolling-floor.ts';
import { COIN } from '../../../protocol/amount.ts';
import { alice, bob, carol, outputOf, payOn } from '../payment-kit.ts';
import { auditMempool } from './mempool-audit.ts';
import { blockOf, idOf, idsOf, mempoolKit } from './mempool-kit.ts';

const HOUR = 3_600;
/** About what a payment of one input and one output takes up. */
const ROOM = 1_700;

describe('a full mempool', () => {
  test('keeps within its limit by evicting what pays least for its size', async () => {
    const { chain, mempool, capacity, enter, removed } = mempoolKit({ maxBytes: 5 * ROOM });
    const payments = [900n, 300n, 700n, 500n, 800n].map((fee) => payOn(chain.fund(alice, COIN), bob, fee));
    await enter(...payments);
    const rich = payOn(chain.fund(alice, COIN), carol, 600n);
    await enter(rich);
    assert.ok(mempool.usage <= capacity.maxBytes);
    assert.deepEqual(removed, [[idOf(payments[1]!), 'evicted']]);
    auditMempool(mempool);
  });

  test('counts an entry with what depends on it, and evicts them together', async () => {
    const { chain, mempool, enter, removed } = mempoolKit({ maxBytes: 4 * ROOM });
    const poor = payOn(chain.fund(alice, COIN), bob, 150n);
    const rich = payOn(outputOf(poor, 0, bob), carol, 2_000n);
    const middle = [400n, 500n].map((fee) => payOn(chain.fund(alice, COIN), bob, fee));
    await enter(poor, rich, ...middle);
    const higher = payOn(chain.fund(alice, COIN), carol, 1_500n);
    await enter(higher);
    assert.deepEqual(removed, [[idOf(middle[0]!), 'evicted']], 'the child lifts its parent');
    const [highest, more] = [3_000n, 3_500n].map((fee) => payOn(chain.fund(alice, COIN), carol, fee));
    await enter(highest!, more!);
    assert.deepEqual(removed.slice(1), [
      [idOf(middle[1]!), 'evicted'],
      [idOf(rich), 'evicted'],
      [idOf(poor), 'evicted'],
    ]);
    assert.deepEqual(idsOf(mempool), [higher, highest!, more!].map(idOf).sort());
  });

  test('refuses what pays no more than was evicted, and from then on asks for more', async () => {
    const { chain, capacity, enter, reason } = mempoolKit({ maxBytes: 3 * ROOM });
    for (const fee of [550n, 660n, 770n]) await enter(payOn(chain.fund(alice, COIN), bob, fee));
    assert.equal(capacity.minFeeRate, 1_000n);
    assert.equal(await reason(payOn(chain.fund(alice, COIN), bob, 440n)), 'mempool full');
    assert.equal(capacity.minFeeRate, 5_000n, '4 nits/vB and the increment');
    assert.equal(await reason(payOn(chain.fund(alice, COIN), bob, 549n)), 'mempool min fee not met');
    assert.equal(await reason(payOn(chain.fund(alice, COIN), bob, 551n)), undefined);
  });

  test('lets its floor fall by half in twelve hours once a block has come, faster when it is not full', async () => {
    const { chain, capacity, clock, follower, enter, reason } = mempoolKit({ maxBytes: 3 * ROOM });
    for (let count = 0; count < 3; count++) await enter(payOn(chain.fund(alice, COIN), bob, 1_100n));
    assert.equal(await reason(payOn(chain.fund(alice, COIN), bob, 770n)), 'mempool full');
    assert.equal(capacity.minFeeRate, 8_000n);
    clock.seconds += 12 * HOUR;
    assert.equal(capacity.minFeeRate, 8_000n, 'no block, no change');
    follower.blockConnected(blockOf());
    clock.seconds += 12 * HOUR;
    assert.equal(capacity.minFeeRate, 4_000n);
    clock.seconds += 24 * HOUR;
    assert.equal(capacity.minFeeRate, 1_000n);
    clock.seconds += 13 * HOUR;
    assert.equal(await reason(payOn(chain.fund(alice, COIN), bob, 110n)), 'mempool full');
  });
});

describe('the rolling floor', () => {
  test('falls four times as fast in a nearly empty mempool, twice as fast below a half, to nothing in the end', () => {
    const floorAfter = (hours: number, fullness: number) => {
      const floor = new RollingFloor(1_000);
      floor.evicted(63_000);
      floor.blockConnected(0);
      return floor.at(hours * HOUR, fullness);
    };
    assert.equal(floorAfter(12, 0.9), 32_000);
    assert.equal(floorAfter(12, 0.4), 16_000);
    assert.equal(floorAfter(12, 0.1), 4_000);
    assert.equal(floorAfter(72, 0.9), 1_000);
    assert.equal(floorAfter(73, 0.9), 1_000, 'never below the increment …');
    assert.equal(floorAfter(85, 0.9), 0, '… until it is gone');
  });

  test('rises at once and stays until the next block', () => {
    const floor = new RollingFloor(1_000);
    floor.evicted(5_000);
    floor.evicted(2_000);
    assert.equal(floor.at(1_000 * HOUR, 1), 6_000);
  });
});

describe('what waits too long', () => {
  test('leaves after 72 hours, with all that depends on it', async () => {
    const { chain, mempool, capacity, clock, enter, removed } = mempoolKit();
    const old = payOn(chain.fund(alice, COIN), bob, 500n);
    await enter(old);
    clock.seconds += 71 * HOUR;
    const child = payOn(outputOf(old, 0, bob), carol, 500n);
    const young = payOn(chain.fund(alice, COIN), bob, 500n);
    await enter(child, young);
    assert.equal(mempool.size, 3);
    clock.seconds += HOUR + 1;
    capacity.enforce();
    assert.deepEqual(removed, [
      [idOf(child), 'expired'],
      [idOf(old), 'expired'],
    ]);
    assert.deepEqual(idsOf(mempool), [idOf(young)]);
  });

  test('leaves when the next transaction comes', async () => {
    const { chain, mempool, clock, enter } = mempoolKit();
    await enter(payOn(chain.fund(alice, COIN), bob, 500n));
    clock.seconds += 73 * HOUR;
    const next = payOn(chain.fund(alice, COIN), bob, 500n);
    await enter(next);
    assert.deepEqual(idsOf(mempool), [idOf(next)]);
  });
});
