import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalIp,
  endpointText,
  ipBytes,
  ipText,
  parseHostAndPort,
  rangeOf,
  reachOf,
} from '../../../node/peers/ip-address.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';

describe('an IP address', () => {
  test('has one form and sixteen bytes', () => {
    const forms: [string, string, string][] = [
      ['203.0.113.7', '203.0.113.7', '00000000000000000000ffffcb007107'],
      ['::ffff:203.0.113.7', '203.0.113.7', '00000000000000000000ffffcb007107'],
      ['2001:DB8:0:0::1', '2001:db8::1', '20010db8000000000000000000000001'],
      ['::', '::', '00000000000000000000000000000000'],
      ['1::', '1::', '00010000000000000000000000000000'],
      ['64:ff9b::192.0.2.33', '64:ff9b::c000:221', '0064ff9b0000000000000000c0000221'],
    ];
    for (const [text, canonical, hex] of forms) {
      assert.equal(canonicalIp(text), canonical);
      assert.equal(bytesToHex(ipBytes(text)!), hex);
    }
    assert.equal(canonicalIp('fe80::1%eth0'), 'fe80::1');
    for (const none of ['', '1.2.3', '1.2.3.4.5', 'host', '::1::', '256.1.1.1']) {
      assert.equal(canonicalIp(none), undefined, none);
    }
  });

  test('of any bytes is written so that it reads the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const text = ipText(bytes);
        assert.equal(bytesToHex(ipBytes(text)!), bytesToHex(bytes));
        assert.equal(canonicalIp(text), text);
      }),
    );
  });
});

test('a host and port is read in every form people write, and nothing else', () => {
  assert.deepEqual(parseHostAndPort('node.example.org', 5001), { host: 'node.example.org', port: 5001 });
  assert.deepEqual(parseHostAndPort('node-1:6000', 5001), { host: 'node-1', port: 6000 });
  assert.deepEqual(parseHostAndPort('192.0.2.1:1', 5001), { host: '192.0.2.1', port: 1 });
  assert.deepEqual(parseHostAndPort('[::1]:6000', 5001), { host: '::1', port: 6000 });
  assert.deepEqual(parseHostAndPort('::1', 5001), { host: '::1', port: 5001 });
  for (const wrong of [
    '',
    ':1',
    'a:0',
    'a:65536',
    'a:x',
    '1.2.3:5',
    'a b',
    '[host]:1',
    '[::1',
    '-a',
    'a/b',
  ]) {
    assert.equal(parseHostAndPort(wrong, 5001), undefined, wrong);
  }
  assert.equal(endpointText({ ip: '2001:db8::1', port: 5001 }), '[2001:db8::1]:5001');
  assert.equal(endpointText({ ip: '192.0.2.1', port: 5001 }), '192.0.2.1:5001');
});

test('an address says from how far it can be reached', () => {
  const reaches = {
    loopback: ['127.0.0.1', '127.9.9.9', '::1'],
    site: ['10.1.2.3', '172.31.0.1', '192.168.0.1', '169.254.1.1', '100.64.0.1', 'fd00::1', 'fe80::1'],
    everywhere: ['8.8.8.8', '172.32.0.1', '2600::1'],
    nowhere: [
      '0.0.0.0',
      '192.0.2.1',
      '198.51.100.1',
      '224.0.0.1',
      '255.255.255.255',
      '::',
      '2001:db8::1',
      'ff02::1',
    ],
  };
  for (const [reach, addresses] of Object.entries(reaches)) {
    for (const ip of addresses) assert.equal(reachOf(ip), reach, ip);
  }
});

test('a range is a /16 of IPv4 and a /32 of IPv6', () => {
  assert.equal(rangeOf('8.9.10.11'), '8.9.0.0/16');
  assert.equal(rangeOf('2600:1f00:9::1'), '2600:1f00::/32');
  assert.notEqual(rangeOf('8.9.10.11'), rangeOf('8.10.10.11'));
});
