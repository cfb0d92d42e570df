import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../../pool/jobs/job.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import type { Effect } from '../../../pool/stratum/effect.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { answerIn, poolJob, SessionUnderTest, someTemplate, told } from '../../kit/session-kit.ts';
import { findShare } from '../../kit/stratum-miner.ts';

const USER = 'dnilz1qexample.rig-01';
const WORKER = { address: 'dnilz1qexample', name: 'rig-01' };
/** No bound for the difficulties of these tests. */
const HARD_BITS = 0x170355f0;
const EASY = 1e-7;
const tip = newTip(new Uint8Array(32).fill(7), 999);

function job(sequence: number, bits = HARD_BITS): Job {
  return poolJob(sequence, someTemplate({ bits }), tip);
}

function miner(limits: ConstructorParameters<typeof SessionUnderTest>[0] = {}): SessionUnderTest {
  const session = new SessionUnderTest({ start: EASY, ...limits });
  session.jobs.push(job(1));
  return session.login(USER);
}

let nonce = 0;

/** Searches a share of a job and hands it in. */
function bring(session: SessionUnderTest, { job: of = job(1), difficulty = EASY } = {}): Effect[] {
  const work = { user: USER, extranonce1: session.extranonce1, difficulty, job: of };
  const found = findShare(work, { firstNonce: nonce });
  nonce = found.nonce + 1;
  return session.call('mining.submit', found.params);
}

function credited(effects: readonly Effect[]): number | undefined {
  const record = effects.find(({ type }) => type === 'record');
  return record?.type === 'record' ? record.share.difficulty : undefined;
}

/** The difficulty that is set, of those that are. */
function setIn(effects: readonly Effect[]): unknown {
  const lines = told(effects) as { method?: string; params?: unknown[] }[];
  const set = lines.filter(({ method }) => method === 'mining.set_difficulty');
  assert.ok(set.length <= 1, 'miners queue them');
  return set[0]?.params?.[0];
}

test('a share counts with the difficulty its job was sent with, whatever has changed since', () => {
  const session = miner();
  session.call('mining.suggest_difficulty', [1e-6]);
  assert.equal(credited(bring(session)), EASY, 'before the change arrives');
  assert.equal(setIn(session.deliver(job(2))), 1e-6);
  assert.equal(credited(bring(session)), EASY, 'afterwards, for the job of before');
  assert.equal(credited(bring(session, { job: job(2), difficulty: 1e-6 })), 1e-6);
  const low = bring(session, { job: job(2), difficulty: 1e-8 });
  if (credited(low) === undefined)
    assert.match(String((answerIn(low).error as unknown[])[1]), /under the job's/);
});

test('two changes without a job between them are one, and neither costs a share', () => {
  const session = miner();
  session.call('mining.suggest_difficulty', [1e-5]);
  session.call('mining.suggest_difficulty', [2e-7]);
  assert.equal(credited(bring(session)), EASY);
  assert.equal(setIn(session.deliver(job(2))), 2e-7);
  assert.equal(credited(bring(session, { job: job(2), difficulty: 2e-7 })), 2e-7);
  assert.equal(credited(bring(session)), EASY);
});

test('a miner that brings too much gets a harder job, and one step at a time', () => {
  const session = miner();
  session.clock.pass(1_000);
  const effects: Effect[][] = [];
  for (let index = 0; index < 8; index++) effects.push(bring(session));
  assert.equal(
    effects[6]?.some(({ type }) => type === 'want-job'),
    false,
  );
  assert.equal(effects[7]?.at(-1)?.type, 'want-job');
  for (let index = 0; index < 10; index++) assert.equal(credited(bring(session)), EASY);
  assert.equal(setIn(session.deliver(job(2))), 8e-7, 'eight times, however much more has come meanwhile');
  assert.equal(session.memory.difficultyOf(WORKER), 8e-7, 'and is remembered');
});

test('silence alone makes work easier', () => {
  const session = miner({ start: 1 });
  session.clock.pass(39_000);
  assert.deepEqual(session.tick(), []);
  session.clock.pass(1_000);
  assert.deepEqual(told(session.tick()), ['want-job']);
  assert.deepEqual(session.tick(), [], 'the change is under way');
  assert.equal(setIn(session.deliver(job(2))), 0.25);
});

test('before it has a job, time does nothing to a miner', () => {
  const session = new SessionUnderTest();
  session.clock.pass(600_000);
  assert.deepEqual(session.tick(), []);
  session.login(USER);
  assert.deepEqual(session.tick(), []);
});

test('with interval 0 nothing changes by itself, wishes still count', () => {
  const session = miner({ limits: { shareIntervalMs: 0 } });
  for (let index = 0; index < 40; index++) assert.equal(credited(bring(session)), EASY);
  session.clock.pass(3_600_000);
  assert.deepEqual(session.tick(), []);
  assert.deepEqual(told(session.call('mining.suggest_difficulty', [2e-8])), [
    { id: 1, result: true, error: null },
    'want-job',
  ]);
  assert.equal(setIn(session.deliver(job(2))), 2e-8, 'no rate stands above it');
});

test('a wish replaces what was measured, but not the cap of shares that follows from it', () => {
  const session = miner();
  for (let index = 0; index < 40; index++) bring(session);
  session.clock.pass(1_000);
  session.call('mining.suggest_difficulty', [1e-9]);
  const set = Number(setIn(session.deliver(job(2))));
  assert.ok(set > (40 * EASY) / 10 && set <= 8 * EASY, `${set}: forty a second at ${EASY}`);
});

test('the difficulty of a worker is what it had when it was here last', () => {
  const session = new SessionUnderTest({ start: 1 });
  session.memory.keepDifficulty(WORKER, 0.125);
  session.jobs.push(job(1));
  session.call('mining.subscribe', ['bitaxe/BM1370/v2.4']);
  assert.equal(setIn(session.call('mining.authorize', [USER, 'x'])), 0.125);
  const other = new SessionUnderTest({ start: 1, beside: session });
  other.call('mining.subscribe', []);
  assert.equal(setIn(other.call('mining.authorize', [USER, 'd=1/2'])), 0.5, 'a password stands before it');
  const slow = new SessionUnderTest({ start: 1, beside: session });
  slow.call('mining.subscribe', ['cpuminer/2.5.1']);
  assert.equal(setIn(slow.call('mining.authorize', ['dnilz1qnobody', 'x'])), 0.005);
});

test('a difficulty in a password that is none is told to its owner, and nothing else happens', () => {
  const session = new SessionUnderTest({ start: 1 });
  session.jobs.push(job(1));
  session.call('mining.subscribe', []);
  assert.deepEqual(told(session.call('mining.authorize', [USER, 'd=0,01'])), [
    { id: 1, result: true, error: null },
    {
      id: null,
      method: 'client.show_message',
      params: ['the d= in your password is no difficulty; write d=0.01 or d=1/8'],
    },
    { id: null, method: 'mining.set_difficulty', params: [1] },
    'notify',
  ]);
});

test('shares stay finer than blocks when the network gets easier under a miner’s feet', () => {
  const session = miner({ start: 1e-3 });
  session.clock.pass(60_000);
  session.tick();
  assert.equal(setIn(session.deliver(job(2))), 1.66e-4, 'measured: less than one share a minute');
  // 0x1e7fffff is a difficulty of 3.05e-5.
  assert.equal(setIn(session.deliver(job(3, 0x1e7fffff))), 1.9e-6);
  assert.equal(
    setIn(session.deliver(job(4, 0x1e7f0000))),
    undefined,
    'a little more is no reason for a change',
  );
});

test('a change of user mid-session: shares go to whom they name, a name nobody authorised is refused', () => {
  const session = miner();
  const other = 'dnilz1qother.rig';
  const submitAs = (user: string) => {
    const work = { user, extranonce1: session.extranonce1, difficulty: EASY, job: job(1) };
    const found = findShare(work, { firstNonce: nonce });
    nonce = found.nonce + 1;
    return session.call('mining.submit', found.params);
  };
  assert.equal((answerIn(submitAs(other)).error as unknown[])[0], 24);
  assert.deepEqual(told(session.call('mining.authorize', [other, 'x'], 5)), [
    { id: 5, result: true, error: null },
  ]);
  const recorded = [other, USER].map((user) => {
    const [effect] = submitAs(user);
    return effect?.type === 'record' ? effect.share.worker : effect?.type;
  });
  assert.deepEqual(recorded, [{ address: 'dnilz1qother', name: 'rig' }, WORKER]);
});

test('a duplicate in upper case is one', () => {
  const session = miner();
  const work = { user: USER, extranonce1: session.extranonce1, difficulty: EASY, job: job(1) };
  const { params, hash } = findShare(work, { extranonce2: 'abcdef01', firstNonce: nonce });
  const [recorded] = session.call('mining.submit', params);
  assert.equal(recorded?.type === 'record' && displayHash(recorded.share.hash), displayHash(hash));
  const upper = params.map((param, index) => (index > 1 ? param.toUpperCase() : param));
  assert.deepEqual(answerIn(session.call('mining.submit', upper)).error, [22, 'duplicate share', null]);
});
