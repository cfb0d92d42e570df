import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BanList } from '../../../pool/stratum/ban-list.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

test('each ban lasts twice as long as the one before, a day at most', () => {
  const list = new BanList(10 * MINUTE);
  let nowMs = 0;
  const terms = [];
  for (let times = 1; times <= 10; times++) {
    const ban = list.ban('192.0.2.7', nowMs);
    assert.equal(ban?.times, times);
    terms.push(((ban?.untilMs ?? 0) - nowMs) / MINUTE);
    nowMs = ban?.untilMs ?? 0;
    assert.equal(list.isBanned('192.0.2.7', nowMs - 1), true);
    assert.equal(list.isBanned('192.0.2.7', nowMs), false);
  }
  assert.deepEqual(terms, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
});

test('who behaves for a day after a ban begins anew', () => {
  const list = new BanList(10 * MINUTE);
  const first = list.ban('192.0.2.7', 0)?.untilMs ?? 0;
  assert.equal(list.ban('192.0.2.7', first + DAY - 1)?.times, 2);
  const second = list.ban('192.0.2.8', 0)?.untilMs ?? 0;
  assert.equal(list.ban('192.0.2.8', second + DAY)?.times, 1);
});

test('the list is bounded: the bans spoken first are forgotten first', () => {
  const list = new BanList(10 * MINUTE);
  for (let index = 0; index < 10_001; index++) list.ban(`client ${index}`, index);
  assert.equal(list.isBanned('client 0', 10_001), false);
  assert.equal(list.isBanned('client 1', 10_001), true);
  assert.equal(list.current(10_001).length, 10_000);
  assert.equal(list.current(10 * MINUTE + 10_001).length, 0);
});

test('a first term of 0 bans nobody', () => {
  const list = new BanList(0);
  assert.equal(list.ban('192.0.2.7', 0), undefined);
  assert.equal(list.isBanned('192.0.2.7', 0), false);
});
