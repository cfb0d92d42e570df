import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connect } from '../../../pool/web/answers.ts';
import { guides, reachableUrl, webSocketUrl } from '../../../pool/web/connect-guide.ts';

const CONNECT: Connect = {
  stratum: 'stratum+tcp://0.0.0.0:3333',
  stratum_tls: null,
  websocket: null,
  start_difficulty: 0.001,
  share_interval_seconds: 10,
  minimum_difficulty: 0.0001,
};

test('a pool that listens everywhere is reached where the page was', () => {
  assert.equal(reachableUrl('stratum+tcp://0.0.0.0:3333', 'pool.example'), 'stratum+tcp://pool.example:3333');
  assert.equal(reachableUrl('ws://[::]:8000/stratum', '10.0.0.5'), 'ws://10.0.0.5:8000/stratum');
  assert.equal(reachableUrl('stratum+tcp://0.0.0.0:3333', 'localhost'), 'stratum+tcp://localhost:3333');
});

test("the pool's own machine is elsewhere for a reader elsewhere, and only for one", () => {
  assert.equal(reachableUrl('stratum+tcp://127.0.0.1:3333', '10.0.0.5'), 'stratum+tcp://10.0.0.5:3333');
  assert.equal(reachableUrl('stratum+tcp://127.0.0.1:3333', 'localhost'), 'stratum+tcp://127.0.0.1:3333');
  assert.equal(
    reachableUrl('stratum+ssl://pool.example:3443', '10.0.0.5'),
    'stratum+ssl://pool.example:3443',
  );
});

test('the WebSocket is where the page is, and as safe', () => {
  const url = 'ws://127.0.0.1:8000/stratum';
  assert.equal(webSocketUrl(url, { protocol: 'https:', host: 'pool.example' }), 'wss://pool.example/stratum');
  assert.equal(webSocketUrl(url, { protocol: 'http:', host: '10.0.0.5:8000' }), 'ws://10.0.0.5:8000/stratum');
});

test('every kind of miner is told where and as whom', () => {
  for (const guide of guides(CONNECT, 'dnilz1q.rig1', 'pool.example')) {
    const words = guide.command ?? guide.fields?.map(({ value }) => value).join(' ') ?? '';
    assert.match(words, /pool\.example/, guide.name);
    assert.match(words, /3333/, guide.name);
    assert.match(words, /dnilz1q\.rig1/, guide.name);
  }
});

test('the guides cover what people mine with', () => {
  const names = guides(CONNECT, 'a.b', 'h').map(({ name }) => name);
  assert.deepEqual(names, ['cpuminer', 'cpuminer-opt', 'NilzCoin miner', 'Bitaxe', 'cgminer']);
});

test('nothing is told while the pool has not said where it listens', () => {
  assert.deepEqual(guides({ ...CONNECT, stratum: null }, 'a.b', 'h'), []);
});
