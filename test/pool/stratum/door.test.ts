import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newConnectionCounters } from '../../../pool/stratum/connection-counter.ts';
import { Door, type Guest } from '../../../pool/stratum/door.ts';
import { DEFAULT_LIMITS, type StratumLimits } from '../../../pool/stratum/limits.ts';
import { NetworkList } from '../../../service/network-list.ts';
import { ManualClock } from '../../kit/session-kit.ts';

function openDoor(limits: Partial<StratumLimits>, allowed?: NetworkList) {
  const clock = new ManualClock(1_795_132_800_000);
  const counters = newConnectionCounters();
  const door = new Door({ ...DEFAULT_LIMITS, ...limits }, clock, counters, allowed);
  const enter = (address: string): Guest => {
    const guest = door.enter(address);
    assert.ok(guest !== undefined);
    return guest;
  };
  return { door, enter, clock, counters };
}

test('connections are limited in total and per address, and a place is given back', () => {
  const { door, enter, counters } = openDoor({ connections: 3, connectionsPerAddress: 2 });
  enter('192.0.2.1');
  const second = enter('::ffff:192.0.2.1');
  assert.equal(door.enter('192.0.2.1'), undefined);
  enter('192.0.2.2');
  assert.equal(door.enter('192.0.2.3'), undefined);
  assert.deepEqual([counters.opened, counters.refused_address, counters.refused_full], [3, 1, 1]);
  door.leave(second);
  enter('192.0.2.1');
});

test('the addresses of one IPv6 customer count together', () => {
  const { door, enter, counters } = openDoor({ connectionsPerAddress: 1 });
  enter('2001:db8:1:2::1');
  assert.equal(door.enter('2001:db8:1:2:ffff::9'), undefined);
  enter('2001:db8:1:3::1');
  assert.equal(counters.refused_address, 1);
});

test('a burst of five seconds is free, then every message waits for its turn', () => {
  const { door, enter, clock, counters } = openDoor({ messagesPerSecond: 10 });
  const guest = enter('192.0.2.1');
  assert.equal(door.take(guest, 50, clock.steady), 0);
  assert.equal(door.take(guest, 5, clock.steady), 500);
  assert.equal(counters.slowed_connection, 1);
  clock.pass(500);
  assert.equal(door.take(guest, 1, clock.steady), 100);
  clock.pass(60_000);
  assert.equal(door.take(guest, 50, clock.steady), 0);
});

test('all connections of an address share one rate, and hanging up brings no new burst', () => {
  const { door, enter, clock, counters } = openDoor({ messagesPerSecondPerAddress: 100 });
  const one = enter('192.0.2.1');
  const two = enter('192.0.2.1');
  assert.equal(door.take(one, 240, clock.steady), 0);
  assert.equal(door.take(two, 340, clock.steady), 1_000);
  assert.equal(counters.slowed_address, 1);
  assert.equal(counters.slowed_connection, 0);
  door.leave(one);
  door.leave(two);
  clock.pass(1_000);
  assert.equal(door.take(enter('192.0.2.1'), 1, clock.steady), 110);
  assert.equal(door.take(enter('192.0.2.2'), 490, clock.steady), 0, 'others are not slowed');
});

test('who connects again and again is refused after a while, and let in again when time has passed', () => {
  const { door, enter, clock, counters } = openDoor({ messagesPerSecondPerAddress: 100 });
  const connects = (times: number): number => {
    let entered = 0;
    for (let index = 0; index < times; index++) {
      const guest = door.enter('192.0.2.1');
      if (guest === undefined) continue;
      entered += 1;
      door.leave(guest);
    }
    return entered;
  };
  assert.equal(connects(10_000), 51, 'a burst, and the one that made the debt');
  assert.equal(counters.refused_rate, 9_949);
  clock.pass(1_000);
  assert.equal(connects(10_000), 10);
  enter('192.0.2.2');
});

test('clients that are gone are remembered only while it matters, and never more than 10,000', () => {
  const { door, enter, clock } = openDoor({ connections: 100_000, messagesPerSecondPerAddress: 10 });
  for (let index = 0; index < 10_500; index++) {
    const guest = enter(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    door.take(guest, 30, clock.steady);
    door.leave(guest);
  }
  assert.equal(door.take(enter('10.0.0.0'), 30, clock.steady), 0, 'the first was forgotten');
  assert.equal(door.take(enter('10.0.41.3'), 30, clock.steady), 3_000, 'the last was not');
});

test('who is banned is refused until the ban is over; others from elsewhere are not', () => {
  const { door, enter, clock, counters } = openDoor({ banMs: 600_000 });
  const guest = enter('192.0.2.1');
  assert.equal(door.ban(guest)?.times, 1);
  door.leave(guest);
  assert.equal(door.enter('192.0.2.1'), undefined);
  assert.equal(counters.refused_banned, 1);
  assert.deepEqual(
    door.bans().map(({ client }) => client),
    ['192.0.2.1'],
  );
  enter('192.0.2.2');
  clock.pass(600_000);
  enter('192.0.2.1');
  assert.deepEqual(door.bans(), []);
});

test('with a list of those that are let in, everybody else is refused', () => {
  const { door, enter, counters } = openDoor({}, new NetworkList(['192.0.2.0/24']));
  enter('192.0.2.9');
  assert.equal(door.enter('198.51.100.1'), undefined);
  assert.equal(counters.refused_not_allowed, 1);
});
