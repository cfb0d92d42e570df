import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../../pool/jobs/job.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import { levelOf } from '../../../pool/stratum/difficulty.ts';
import { checkShare, MerkleRoots } from '../../../pool/stratum/share.ts';
import { answerIn, poolJob, SessionUnderTest, someTemplate, told } from '../../kit/session-kit.ts';
import { findShare } from '../../kit/stratum-miner.ts';

const tip = newTip(new Uint8Array(32).fill(7), 999);
const EASY = 1e-7;

function jobOf(payee: string): Job {
  return { ...poolJob(1, someTemplate(), tip), payee };
}

function solo(): SessionUnderTest {
  const session = new SessionUnderTest({ perAddress: true, start: EASY });
  session.jobs.push(jobOf('dnilz1qother'), jobOf('dnilz1qexample'));
  return session;
}

test('a solo miner gets the job that pays its own address', () => {
  const session = solo();
  session.call('mining.subscribe', []);
  const notify = session.call('mining.authorize', ['dnilz1qother.a']).find(({ type }) => type === 'notify');
  assert.equal(notify?.type === 'notify' && notify.job.payee, 'dnilz1qother');
});

test('in solo a connection has one address, with as many workers as it likes', () => {
  const session = solo().login('dnilz1qexample.a');
  assert.equal(answerIn(session.call('mining.authorize', ['dnilz1qexample.b'])).result, true);
  assert.deepEqual(told(session.call('mining.authorize', ['dnilz1qother.a'])), [
    {
      id: 1,
      result: false,
      error: [
        24,
        'in solo all workers of a connection have one address; this one mines for dnilz1qexample',
        null,
      ],
    },
  ]);
});

test('work on a job counts only for the address that it pays', () => {
  const session = solo().login('dnilz1qexample.a');
  const work = { extranonce1: session.extranonce1, difficulty: EASY, job: jobOf('dnilz1qexample') };
  const { params } = findShare({ ...work, user: 'dnilz1qexample.a' });
  const [recorded] = session.call('mining.submit', params);
  assert.equal(recorded?.type === 'record' && recorded.share.worker.address, 'dnilz1qexample');

  const verdict = checkShare(
    params,
    {
      extranonce: { extranonce1: session.extranonce1, extranonce2Size: 4 },
      workers: new Map([['dnilz1qexample.a', { address: 'dnilz1qexample', name: 'a' }]]),
      roots: new MerkleRoots(),
      findJob: () => ({
        job: jobOf('dnilz1qother'),
        level: levelOf(EASY),
        extranonce: { extranonce1: session.extranonce1, extranonce2Size: 4 },
        versionMask: 0,
      }),
    },
    session.clock,
  );
  assert.equal(verdict.outcome === 'rejected' && verdict.reason, 'unauthorized');
});
