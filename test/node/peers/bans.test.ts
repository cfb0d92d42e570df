import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BanList, DISCOURAGED_SECONDS, MAX_DISCOURAGED } from '../../../node/peers/ban-list.ts';
import { Subnet } from '../../../node/peers/subnet.ts';

const NOW = 1_800_000_000;

describe('a range of addresses', () => {
  test('is written in one way, however it was given', () => {
    const forms: [string, string][] = [
      ['192.0.2.7', '192.0.2.7/32'],
      ['192.0.2.7/24', '192.0.2.0/24'],
      ['192.0.2.7/255.255.255.0', '192.0.2.0/24'],
      ['192.0.2.7/0.0.0.0', '0.0.0.0/0'],
      ['10.20.30.40/12', '10.16.0.0/12'],
      ['2001:db8:1:2::3', '2001:db8:1:2::3/128'],
      ['2001:db8:ffff::/33', '2001:db8:8000::/33'],
      ['::/0', '::/0'],
    ];
    for (const [text, canonical] of forms) assert.equal(Subnet.parse(text)?.text, canonical, text);
  });

  test('is refused when it is none', () => {
    const wrong = [
      '',
      'x',
      '1.2.3.4/33',
      '::1/129',
      '1.2.3.4/',
      '1.2.3.4/255.0.255.0',
      '1.2.3.4/8/8',
      '::1/255.0.0.0',
    ];
    for (const text of wrong) assert.equal(Subnet.parse(text), undefined, text);
  });

  test('has the addresses in it and no other', () => {
    const subnet = Subnet.parse('10.16.0.0/12');
    assert.ok(subnet?.has('10.31.255.255'));
    assert.ok(!subnet?.has('10.32.0.0'));
    assert.ok(!subnet?.has('2001:db8::1'));
    assert.ok(Subnet.parse('2001:db8::/32')?.has('2001:db8:ffff::1'));
    assert.ok(!Subnet.parse('0.0.0.0/0')?.has('::1'));
  });
});

describe('bans', () => {
  const subnet = Subnet.parse('10.0.0.0/8')!;

  test('hold until they end, and are lifted in the words they were spoken in', () => {
    const bans = new BanList([{ subnet, createdSeconds: NOW, untilSeconds: NOW + 60 }]);
    assert.ok(bans.isRefused('10.1.2.3', NOW + 59));
    assert.ok(!bans.isRefused('10.1.2.3', NOW + 60));
    assert.deepEqual(bans.bans(NOW + 60), []);
    bans.ban({ subnet, createdSeconds: NOW, untilSeconds: NOW + 60 });
    assert.equal(bans.lift(Subnet.parse('10.0.0.0/9')!), false);
    assert.equal(bans.lift(subnet), true);
    assert.ok(!bans.isRefused('10.1.2.3', NOW));
  });

  test('may be of this machine too, when the operator says so', () => {
    const loopback = Subnet.parse('127.0.0.1')!;
    const bans = new BanList([{ subnet: loopback, createdSeconds: NOW, untilSeconds: NOW + 60 }]);
    assert.ok(bans.isRefused('127.0.0.1', NOW));
  });
});

describe('who is discouraged', () => {
  test('is refused for a day, with the rest of its /64', () => {
    const bans = new BanList([]);
    bans.discourage('8.8.8.8', NOW);
    bans.discourage('2600:1:2:3::4', NOW);
    assert.ok(bans.isRefused('8.8.8.8', NOW + DISCOURAGED_SECONDS - 1));
    assert.ok(!bans.isRefused('8.8.8.8', NOW + DISCOURAGED_SECONDS));
    assert.ok(!bans.isRefused('8.8.8.9', NOW));
    assert.ok(bans.isRefused('2600:1:2:3:9::9', NOW));
    assert.ok(!bans.isRefused('2600:1:2:4::4', NOW));
  });

  test('is never this machine', () => {
    const bans = new BanList([]);
    bans.discourage('127.0.0.1', NOW);
    bans.discourage('::1', NOW);
    assert.ok(!bans.isRefused('127.0.0.1', NOW));
    assert.ok(!bans.isRefused('::1', NOW));
  });

  test('is forgotten first when there are too many', () => {
    const bans = new BanList([]);
    for (let n = 0; n <= MAX_DISCOURAGED; n++)
      bans.discourage(`20.${n >> 16}.${(n >> 8) & 0xff}.${n & 0xff}`, NOW);
    assert.ok(!bans.isDiscouraged('20.0.0.0', NOW));
    assert.ok(bans.isDiscouraged('20.0.0.1', NOW));
  });

  test('is forgotten when all bans are lifted', () => {
    const bans = new BanList([]);
    bans.discourage('8.8.8.8', NOW);
    bans.clear();
    assert.ok(!bans.isRefused('8.8.8.8', NOW));
  });
});
