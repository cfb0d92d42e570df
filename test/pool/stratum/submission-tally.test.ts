import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newTip } from '../../../pool/jobs/tip.ts';
import { REJECTIONS, type RejectReason } from '../../../pool/stratum/share.ts';
import { SubmissionTally } from '../../../pool/stratum/submission-tally.ts';
import { poolJob, SessionUnderTest, someTemplate, told } from '../../kit/session-kit.ts';

function enter(
  tally: SubmissionTally,
  accepted: number,
  rejected: number,
  reason: RejectReason = 'duplicate',
): void {
  for (let index = 0; index < accepted; index++) tally.countAccepted();
  for (let index = 0; index < rejected; index++) tally.countRejected(reason);
}

test('a client is judged by its last 200 submissions, and by no fewer', () => {
  const tally = new SubmissionTally();
  enter(tally, 0, 199);
  assert.equal(tally.isMostlyInvalid, false);
  enter(tally, 0, 1);
  assert.equal(tally.isMostlyInvalid, true);
  enter(tally, 100, 0);
  assert.equal(tally.isMostlyInvalid, false, 'half is not most');
  enter(tally, 0, 100);
  assert.equal(tally.isMostlyInvalid, false, 'the old ones have left');
  enter(tally, 0, 1);
  assert.equal(tally.isMostlyInvalid, true);
});

test('the tally says the same after any number of rounds as a list would', () => {
  const tally = new SubmissionTally();
  const list: boolean[] = [];
  for (let index = 0; index < 5_000; index++) {
    const isInvalid = (index * 7_919) % 1_000 < index % 900;
    if (isInvalid) tally.countRejected('low-difficulty');
    else tally.countAccepted();
    list.push(isInvalid);
    const last = list.slice(-200);
    assert.equal(
      tally.isMostlyInvalid,
      list.length >= 200 && last.filter(Boolean).length > 100,
      String(index),
    );
  }
});

test('stale work and our own trouble are no offence; rare low shares never are enough', () => {
  const tally = new SubmissionTally();
  enter(tally, 0, 1_000, 'stale');
  enter(tally, 0, 1_000, 'not-recorded');
  assert.equal(tally.isMostlyInvalid, false);
  for (let index = 0; index < 1_000; index++) enter(tally, 3, 1, 'low-difficulty');
  assert.equal(tally.isMostlyInvalid, false);
});

for (const reason of Object.keys(REJECTIONS) as RejectReason[]) {
  if (reason === 'stale' || reason === 'not-recorded') continue;
  test(`nothing but ${reason} is a flood`, () => {
    const tally = new SubmissionTally();
    enter(tally, 0, 200, reason);
    assert.equal(tally.isMostlyInvalid, true);
  });
}

test('jobs that nobody was sent are made up; those that were once known are as good as stale', () => {
  const miner = new SessionUnderTest();
  const tip = newTip(new Uint8Array(32).fill(7), 999);
  for (const sequence of [10, 11, 12]) miner.jobs.push(poolJob(sequence, someTemplate(), tip));
  miner.login();
  const submit = (jobId: unknown) =>
    told(
      miner.call('mining.submit', ['dnilz1qexample.rig-01', jobId, '00000000', '00000000', '00000000']),
    ).at(-1);
  miner.jobs.length = 0;
  for (let index = 0; index < 500; index++) assert.notEqual(submit('c'), 'ban');
  for (let index = 0; index < 199; index++) assert.notEqual(submit('d'), 'ban');
  assert.equal(submit('d'), 'ban');
});
