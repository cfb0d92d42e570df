import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerLog } from '../../../node/peers/peer-log.ts';
import { createLogger } from '../../../service/log.ts';

const MINUTE_MS = 60_000;

test('what strangers cause is told up to a limit a minute, and the rest counted by the rule that was broken', () => {
  const lines: { msg: string; lines?: number; rules?: unknown }[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) };
  let nowMs = 0;
  const log = new PeerLog(
    createLogger({ name: 'test', level: 'info', pretty: false, destination }),
    () => nowMs,
  );
  for (let time = 0; time < 100; time++) log.info({}, 'peer connected', true);
  for (let time = 0; time < 7; time++) log.warn({ rule: 'bad-checksum' }, 'peer disconnected', true);
  log.info({ rule: 'slow-message' }, 'peer disconnected', true);
  log.info({}, 'peer left', true);
  assert.equal(lines.length, 100);
  log.info({ rule: 'slow-message' }, 'peer disconnected', false);
  assert.equal(lines.length, 101, 'whom we chose is always told of');
  nowMs = MINUTE_MS;
  log.info({}, 'peer connected', true);
  const summary = lines.at(-2);
  assert.equal(summary?.msg, 'more happened to inbound peers');
  assert.deepEqual([summary?.lines, summary?.rules], [9, { 'bad-checksum': 7, 'slow-message': 1 }]);
  nowMs = 3 * MINUTE_MS;
  log.info({}, 'peer connected', true);
  assert.equal(lines.length, 104, 'and once only');
});
