import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import {
  clientAddressBehind,
  clientAddressBehindCount,
} from '../../../service/http-server/client-address.ts';
import { NetworkList } from '../../../service/network-list.ts';

function request(remoteAddress: string, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return { headers, socket: { remoteAddress, remotePort: 1 } } as IncomingMessage;
}

test('only a listed proxy is believed, and only what it added itself', () => {
  const client = clientAddressBehind(new NetworkList(['10.0.0.0/8']));
  assert.equal(client(request('192.0.2.1')), '192.0.2.1');
  assert.equal(client(request('192.0.2.1', '203.0.113.9')), '192.0.2.1', 'anybody can write a header');
  assert.equal(client(request('10.0.0.1', '203.0.113.9')), '203.0.113.9');
  assert.equal(
    client(request('10.0.0.1', '198.51.100.7, 203.0.113.9')),
    '203.0.113.9',
    'counted from the right',
  );
  assert.equal(client(request('10.0.0.1', '203.0.113.9, 10.0.0.2')), '203.0.113.9', 'two proxies of ours');
  assert.equal(client(request('10.0.0.1', 'junk')), '10.0.0.1');
  assert.equal(client(request('10.0.0.1', '')), '10.0.0.1');
});

test('behind a number of proxies as many entries from the right are true', () => {
  const forwarded = '203.0.113.66, 198.51.100.7, 10.0.0.1';
  assert.equal(clientAddressBehindCount(0)(request('192.0.2.1', forwarded)), '192.0.2.1');
  assert.equal(clientAddressBehindCount(1)(request('192.0.2.1', forwarded)), '10.0.0.1');
  assert.equal(clientAddressBehindCount(2)(request('192.0.2.1', forwarded)), '198.51.100.7');
  assert.equal(
    clientAddressBehindCount(2)(request('192.0.2.1', '198.51.100.7')),
    '198.51.100.7',
    'fewer than said',
  );
  assert.equal(clientAddressBehindCount(2)(request('192.0.2.1')), '192.0.2.1');
  assert.equal(clientAddressBehindCount(1)(request('192.0.2.1', '198.51.100.7, <script>')), '192.0.2.1');
  assert.equal(clientAddressBehindCount(2)(request('192.0.2.1', 'x, 2001:db8::7')), '2001:db8::7');
});
