import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, Jobs } from '../../../pool/jobs/jobs.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import { JOB_SETTINGS, someTemplate } from '../../kit/session-kit.ts';

const TIMES = { refreshMs: 30_000, ttlMs: 90_000 };
const tipA = new Uint8Array(32).fill(0xa);
const tipB = new Uint8Array(32).fill(0xb);

function newJobs(knownTip?: ReturnType<typeof newTip>): Jobs {
  return new Jobs(JOB_SETTINGS, TIMES, 0x500, knownTip);
}

test('what a template calls for', () => {
  const template = someTemplate({ previous: tipA });
  const current = { template, ageMs: 6_000 };
  const richer = someTemplate({ previous: tipA, reward: template.reward + 1n });
  const longer = someTemplate({ previous: tipA, branch: [tipB] });
  assert.equal(decide(undefined, template, TIMES), 'clean', 'the first');
  assert.equal(decide(current, someTemplate({ previous: tipB }), TIMES), 'clean', 'a new tip');
  assert.equal(
    decide(current, someTemplate({ previous: tipA, bits: 0x1f00ffff }), TIMES),
    'renew',
    'other bits',
  );
  assert.equal(decide(current, richer, TIMES), 'renew', 'more fees');
  assert.equal(decide(current, longer, TIMES), 'renew', 'other transactions');
  assert.equal(decide({ template, ageMs: 0 }, richer, TIMES), 'renew', 'the first payments, at once');
  const paying = someTemplate({
    previous: tipA,
    transactions: new Map([['aa', { bytes: new Uint8Array(1), wtxid: tipA }]]),
  });
  assert.equal(decide({ template: paying, ageMs: 4_999 }, richer, TIMES), 'keep', 'more fees, too soon');
  assert.equal(decide({ template: paying, ageMs: 5_000 }, richer, TIMES), 'renew', 'more fees, in time');
  assert.equal(
    decide(current, someTemplate({ previous: tipA, time: template.time + 9 }), TIMES),
    'keep',
    'later',
  );
  assert.equal(decide({ template, ageMs: 30_000 }, template, TIMES), 'renew', 'age');
});

test('every job has an id and a search space of its own', () => {
  const jobs = newJobs();
  const template = someTemplate({ previous: tipA });
  const first = jobs.offer(template, 0)?.job;
  const second = jobs.fresh(0);
  const third = jobs.offer(template, 30_000)?.job;
  assert.deepEqual([first?.jobId, second?.jobId, third?.jobId], ['500', '501', '502']);
  const coinbases = [first, second, third].map((job) => Buffer.from(job?.coinbase1 ?? []).toString('hex'));
  assert.equal(new Set(coinbases).size, 3);
  assert.deepEqual(first?.tip, second?.tip);
});

test('a job for some miners does not put off the next one for all', () => {
  const jobs = newJobs();
  const template = someTemplate({ previous: tipA });
  jobs.offer(template, 0);
  jobs.fresh(29_000);
  assert.equal(jobs.isRefreshDue(29_999), false);
  assert.equal(jobs.isRefreshDue(30_000), true);
  assert.ok(jobs.offer(template, 30_000));
});

test('jobs live while their tip stands, and 90 s longer', () => {
  const jobs = newJobs();
  const old = jobs.offer(someTemplate({ previous: tipA }), 0)?.job;
  assert.ok(old);
  for (let hour = 1; hour < 10; hour++) jobs.offer(someTemplate({ previous: tipA }), hour * 3_600_000);
  assert.equal(jobs.find(old.jobId), old);
  const retired = 36_000_000;
  assert.equal(jobs.offer(someTemplate({ previous: tipB }), retired)?.clean, true);
  assert.equal(old.tip.retiredMs, retired);
  jobs.offer(someTemplate({ previous: tipB }), retired + 90_000);
  assert.equal(jobs.find(old.jobId), old);
  jobs.offer(someTemplate({ previous: tipB }), retired + 90_001);
  assert.equal(jobs.find(old.jobId), undefined);
});

test('a tip that a reorganisation brings back stands again, with what was credited on it', () => {
  const jobs = newJobs();
  const first = jobs.offer(someTemplate({ previous: tipA }), 0)?.job;
  const share = new Uint8Array(32).fill(1);
  first?.tip.seen.add(share);
  jobs.offer(someTemplate({ previous: tipB }), 1_000);
  const back = jobs.offer(someTemplate({ previous: tipA }), 2_000);
  assert.equal(back?.clean, true);
  assert.equal(back.round.tip.retiredMs, undefined);
  assert.equal(back.round.tip.seen.has(share), true);
});

test('what was credited before a restart is still known when the tip is the same', () => {
  const share = new Uint8Array(32).fill(1);
  const jobs = newJobs(newTip(tipA, 999, [share]));
  assert.equal(jobs.offer(someTemplate({ previous: tipA }), 0)?.round.tip.seen.has(share), true);
});

test('without a template there is no fresh job', () => {
  assert.equal(newJobs().fresh(0), undefined);
});

test('memory stays bounded while one tip stands', () => {
  const jobs = newJobs();
  const first = jobs.offer(someTemplate({ previous: tipA }), 0)?.job;
  for (let index = 0; index < 4_096; index++) jobs.fresh(index);
  assert.equal(jobs.find(first?.jobId ?? ''), undefined);
});
