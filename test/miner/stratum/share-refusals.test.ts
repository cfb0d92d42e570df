import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Script } from '../../kit/client-script.ts';

const REFUSALS = [
  [[21, 'stale', null], 'stale', /new block/],
  [[21, 'Job not found', null], 'unknown-job', /no longer knows the job/],
  [[22, 'duplicate share', null], 'duplicate', /has this share already/],
  [[23, "difficulty 0.93 under the job's 1.00", null], 'low-difficulty', /below the difficulty.*0\.93/],
  [[20, 'Stale share', null], 'stale', /new block/],
  [[20, 'time out of range', null], 'other', /time out of range/],
  [{ code: 22, message: 'dup' }, 'duplicate', /dup/],
  ['high-hash', 'low-difficulty', /high-hash/],
  // The numbers of ckpool, which are its own.
  [[1, 'Invalid JobID', null], 'unknown-job', /Invalid JobID/],
  [[2, 'Stale', null], 'stale', /new block/],
  [[3, 'Ntime out of range', null], 'other', /Ntime/],
  [[4, 'Duplicate', null], 'duplicate', /already/],
  [[5, 'Above target', null], 'low-difficulty', /below/],
  [[6, 'Invalid version mask', null], 'other', /version mask/],
  // Late, in other words and under other codes.
  [[-1, 'job expired', null], 'stale', /expired/],
  [[20, 'Share is too late', null], 'stale', /too late/],
  [[21, 'Job id is outdated', null], 'stale', /outdated/],
  [[23, 'work too old', null], 'stale', /too old/],
  [[20, 'rejected: bad-prevblk', null], 'stale', /bad-prevblk/],
  [[20, 'inconclusive-not-best-prevblk', null], 'stale', /prevblk/],
  ['old job', 'stale', /old job/],
  [[20, 'ntime too old', null], 'other', /ntime/],
  [[20, 'low difficulty share of 0.3', null], 'low-difficulty', /0\.3/],
  [7, 'other', /7/],
  [{}, 'other', /refused/],
  [true, 'other', /refused/],
] as const;

for (const [error, refusal, words] of REFUSALS) {
  test(`a refusal with ${JSON.stringify(error)} counts as ${refusal}`, () => {
    const script = new Script().mine();
    script.hit();
    script.answer('mining.submit', null, error);
    assert.equal(script.last('share-refused').refusal, refusal);
    assert.match(script.last('share-refused').text, words);
    assert.equal(script.client.phase, 'mining');
  });
}

test('a share that the pool counts is accepted, whatever stands beside it', () => {
  for (const error of [null, [], '', false, 0, {}]) {
    const script = new Script().mine();
    script.hit();
    script.answer('mining.submit', true, error);
    assert.equal(script.count('share-accepted'), 1);
  }
});

test('a plain false is a refusal too', () => {
  const script = new Script().mine();
  script.hit();
  script.answer('mining.submit', false);
  assert.equal(script.last('share-refused').refusal, 'other');
});

describe('a share whose tip passed while it was on its way', () => {
  for (const [how, change] of [
    ['a clean job', { cleanJobs: true }],
    ['a job on another block', { cleanJobs: false, previousHash: new Uint8Array(32).fill(9) }],
  ] as const) {
    test(`is stale after ${how}, where the pool says no more than that it knows no such job`, () => {
      const script = new Script().mine();
      script.hit();
      script.job({ jobId: 'job-2', ...change });
      script.answer('mining.submit', null, [21, 'Job not found', null]);
      assert.equal(script.last('share-refused').refusal, 'stale');
    });
  }

  test('is what the pool says it is in every other case', () => {
    const script = new Script().mine();
    script.hit(0);
    script.hit(1);
    script.job({ jobId: 'job-2', cleanJobs: true });
    script.answer('mining.submit', null, [23, 'low difficulty', null]);
    assert.equal(script.last('share-refused').refusal, 'low-difficulty');
    const first = script.sent.find(({ method }) => method === 'mining.submit')!;
    script.pool({ id: first.id, result: true, error: null });
    assert.equal(script.count('share-accepted'), 1);
  });

  test('is not stale while its tip stands', () => {
    const script = new Script().mine();
    script.hit();
    script.job({ jobId: 'job-2', cleanJobs: false });
    script.answer('mining.submit', null, [21, 'Job not found', null]);
    assert.equal(script.last('share-refused').refusal, 'unknown-job');
  });
});

test('a block is sent even when its tip has passed, and its loss is told as stale', () => {
  const script = new Script().authorize();
  script.notify('mining.set_difficulty', 1e-10);
  const passed = script.job({ bits: 0x207fffff });
  script.job({ jobId: 'job-2', cleanJobs: true });
  for (let nonce = 0; nonce < 64; nonce++) script.hit(nonce, passed);
  const sent = script.sent.filter(({ method }) => method === 'mining.submit');
  assert.ok(sent.length > 0 && sent.length < 64, 'half of all hashes are blocks here');
  assert.ok(sent.every(({ params }) => params?.[1] === 'job-1'));
  assert.equal(script.count('share-discarded') + sent.length, 64);
  assert.equal(script.last('share-found').isBlock, true);
  script.answer('mining.submit', null, [21, 'Job not found', null]);
  const { refusal, isBlock } = script.last('share-refused');
  assert.deepEqual({ refusal, isBlock }, { refusal: 'stale', isBlock: true });
});
