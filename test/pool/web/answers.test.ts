import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLive, readStats } from '../../../pool/web/answers.ts';

const LEAST = { time: 1, network: { name: 'dev' }, shares: {} };

test('what an answer leaves out is unknown, and never zero', () => {
  const stats = readStats(LEAST);
  assert.equal(stats.network.difficulty, null);
  assert.equal(stats.shares.accepted, null);
  assert.equal(stats.luck, null);
  assert.deepEqual(stats.workers, []);
});

test('a field of another type is an error that names it', () => {
  assert.throws(() => readStats({ ...LEAST, network: { name: 'dev', height: '7' } }), /network\.height/);
});

test('live messages of a kind that is not known here are passed over', () => {
  assert.equal(readLive({ type: 'hello' }), undefined);
  assert.equal(readLive('nonsense'), undefined);
  const share = readLive({ type: 'share', address: 'a', worker: '<b>', time: 1 });
  assert.ok(share?.type === 'share');
  assert.equal(share.worker, '<b>');
  assert.equal(share.difficulty, null);
});
