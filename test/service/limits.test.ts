import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConnectionLimiter, clientOf, TokenBucket } from '../../service/limits.ts';

describe('a connection limiter', () => {
  test('admits so many in all and so many of one client, and again when they have closed', () => {
    const limiter = new ConnectionLimiter({ total: 3, perAddress: 2 });
    const first = limiter.admit('10.0.0.1');
    assert.ok(first !== undefined && limiter.admit('::ffff:10.0.0.1') !== undefined, 'two of one client');
    assert.equal(limiter.admit('10.0.0.1'), undefined);
    assert.ok(limiter.admit('10.0.0.2') !== undefined, 'another client');
    assert.equal(limiter.admit('10.0.0.3'), undefined);
    assert.equal(limiter.open, 3);
    first();
    first();
    assert.equal(limiter.open, 2);
    assert.ok(limiter.admit('10.0.0.1') !== undefined, 'again');
  });
});

test('an address stands for an IPv4 address or a /64 network', () => {
  const clients: Readonly<Record<string, string>> = {
    '10.0.0.1': '10.0.0.1',
    '::ffff:10.0.0.1': '10.0.0.1',
    '::FFFF:10.0.0.1': '10.0.0.1',
    '::ffff:a00:1': '10.0.0.1',
    '0:0:0:0:0:FFFF:0A00:0001': '10.0.0.1',
    '::fffe:a00:1': '0:0:0:0::/64',
    '::1': '0:0:0:0::/64',
    '2001:db8::1': '2001:db8:0:0::/64',
    '2001:0DB8:0:0:1:2:3:4': '2001:db8:0:0::/64',
    '2001:db8:0:1::': '2001:db8:0:1::/64',
    '1:2:3:4:5:6:7:8': '1:2:3:4::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '64:ff9b::10.0.0.1': '64:ff9b:0:0::/64',
    unknown: 'unknown',
  };
  for (const [address, client] of Object.entries(clients)) assert.equal(clientOf(address), client, address);
});

test('a bucket gives a burst, then so many a second, and time pays debts off', () => {
  const rate = { perSecond: 10, burst: 20 };
  const bucket = new TokenBucket(rate, 0);
  assert.equal(bucket.take(20, rate, 0), 0);
  assert.equal(bucket.take(1, rate, 0), 100);
  assert.equal(bucket.take(1, rate, 100), 100);
  assert.equal(bucket.isFull(rate, 2_199), false);
  assert.equal(bucket.isFull(rate, 2_200), true);
  assert.equal(bucket.take(20, rate, 1e9), 0, 'it never holds more than the burst');
  assert.equal(bucket.take(1, rate, 1e9), 100);
});
