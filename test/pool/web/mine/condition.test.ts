import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Statistics } from '../../../../miner/figures/statistics.ts';
import { conditionOf } from '../../../../pool/web/mine/condition.ts';

const RUNNING = { name: 'running' } as const;

function newStatistics(): Statistics {
  return new Statistics({ kernel: () => 'simd', threads: 1, pool: 'here', user: 'me', nowMs: () => 0 });
}

test('before, between and after runs it says that nothing is mined', () => {
  assert.equal(conditionOf({ name: 'off' }, undefined).words, 'Begins when you press start.');
  assert.match(conditionOf({ name: 'off' }, newStatistics().snapshot()).words, /last figures/);
  assert.deepEqual(conditionOf({ name: 'failed', reason: 'x' }, undefined).tone, 'bad');
  assert.equal(conditionOf({ name: 'starting' }, undefined).word, 'starting');
  assert.equal(conditionOf({ name: 'stopping' }, newStatistics().snapshot()).word, 'stopping');
});

test('a running miner is as well as its connection, and says what keeps it from mining', () => {
  const statistics = newStatistics();
  const word = () => conditionOf(RUNNING, statistics.snapshot()).word;
  assert.equal(word(), 'connecting');
  statistics.observe({ type: 'connected', pool: 'here' });
  assert.equal(word(), 'connected');
  statistics.observe({ type: 'authorized', user: 'me' });
  assert.equal(word(), 'waiting for work');
  statistics.observe({ type: 'job', jobId: '1', clean: true, difficulty: 1, networkDifficulty: 2 });
  assert.deepEqual(conditionOf(RUNNING, statistics.snapshot()), {
    word: 'mining',
    tone: 'good',
    words: 'Connected to this pool.',
  });
  const problem = { code: 'closed-by-pool', text: 'here closed the connection' } as const;
  statistics.observe({ type: 'disconnected', problem, retryInMs: 1_000 });
  assert.deepEqual(conditionOf(RUNNING, statistics.snapshot()), {
    word: 'no connection',
    tone: 'bad',
    words: 'here closed the connection. It tries again by itself.',
  });
});
