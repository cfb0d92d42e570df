import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameDomain } from '../../../miner/source/same-domain.ts';
import { isSameHost } from '../../../miner/stratum/reconnect.ts';

const SAME: readonly (readonly [string, string])[] = [
  ['pool.example.com', 'pool.example.com'],
  ['eu.example.com', 'us.example.com'],
  ['example.com', 'stratum.example.com'],
  ['a.b.example.co.uk', 'c.example.co.uk'],
  ['POOL.Example.com', 'pool.example.COM.'],
  ['localhost', 'LOCALHOST'],
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:DB8::1'],
  ['pool-1.lan', 'pool-1.lan'],
];

const DIFFERENT: readonly (readonly [string, string])[] = [
  ['example.com', 'example.org'],
  ['example.com', 'notexample.com'],
  ['example.com', 'example.com.thief.net'],
  ['first.co.uk', 'second.co.uk'],
  ['co.uk', 'uk'],
  ['com', 'example.com'],
  // Neighbours with a hosting service are strangers.
  ['miner.github.io', 'thief.github.io'],
  ['miner.duckdns.org', 'thief.duckdns.org'],
  ['192.0.2.1', '192.0.2.2'],
  ['2001:db8::1', '2001:db8::2'],
  ['pool.example.com', '192.0.2.1'],
  ['localhost', '127.0.0.1'],
  ['pool-1.lan', 'pool-2.lan'],
  ['localhost', 'thief.localhost'],
  ['', 'example.com'],
];

for (const [host, other] of SAME) {
  test(`${host} and ${other} are one pool`, () => {
    assert.ok(isSameDomain(host, other) && isSameDomain(other, host));
  });
}

for (const [host, other] of DIFFERENT) {
  test(`${host || 'nothing'} and ${other} are strangers`, () => {
    assert.ok(!isSameDomain(host, other) && !isSameDomain(other, host));
    assert.ok(!isSameHost(host, other));
  });
}
