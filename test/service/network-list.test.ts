import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkList, networksComplaint } from '../../service/network-list.ts';

test('addresses are found in networks of both families, and single ones', () => {
  const list = new NetworkList(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32', '::1']);
  for (const address of [
    '192.0.2.0',
    '192.0.2.255',
    '::ffff:192.0.2.3',
    '198.51.100.7',
    '2001:db8:ffff::1',
    '::1',
  ]) {
    assert.equal(list.has(address), true, address);
  }
  for (const address of ['192.0.3.0', '198.51.100.8', '2001:db9::1', '::2', '', 'localhost']) {
    assert.equal(list.has(address), false, address);
  }
});

test('an empty list has nothing', () => {
  const list = new NetworkList([]);
  assert.equal(list.isEmpty, true);
  assert.equal(list.has('127.0.0.1'), false);
});

test('what is no network is named', () => {
  for (const wrong of [
    '',
    'localhost',
    '192.0.2.0/33',
    '192.0.2.0/',
    '192.0.2.0/-1',
    '192.0.2.0/8/8',
    '192.0.2/24',
    '::/129',
  ]) {
    assert.throws(
      () => new NetworkList([wrong]),
      (error: Error) => error.message.includes(`"${wrong}"`),
      wrong,
    );
    assert.match(networksComplaint([wrong]) ?? '', /must be networks/);
  }
  assert.equal(networksComplaint(['10.0.0.0/8']), undefined);
});
