import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../../pool/jobs/job.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import type { Effect } from '../../../pool/stratum/effect.ts';
import { VolatileMemory } from '../../../pool/stratum/session-memory.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { answerIn, poolJob, SessionUnderTest, someTemplate, told } from '../../kit/session-kit.ts';
import { findShare } from '../../kit/stratum-miner.ts';

const USER = 'dnilz1qexample.rig-01';
const EASY = 1e-7;
const HARD_BITS = 0x170355f0;
const tip = newTip(new Uint8Array(32).fill(7), 999);

function job(sequence: number): Job {
  return poolJob(sequence, someTemplate({ bits: HARD_BITS }), tip);
}

function firstMiner(): SessionUnderTest {
  const miner = new SessionUnderTest({ start: EASY });
  miner.jobs.push(job(1));
  return miner.login(USER);
}

/** Session id and extranonce1 of the answer to subscribe. */
function given(effects: readonly Effect[]): { id: string; extranonce1: string } {
  const [[[, id]], extranonce1] = answerIn(effects).result as [[[string, string]], string];
  return { id, extranonce1 };
}

let nonce = 0;

function submit(miner: SessionUnderTest, of: Job, difficulty = EASY): Effect[] {
  const work = { user: USER, extranonce1: miner.extranonce1, difficulty, job: of };
  const found = findShare(work, { firstNonce: nonce });
  nonce = found.nonce + 1;
  return miner.call('mining.submit', found.params);
}

test('a session id is nothing that a stranger could guess from what everybody sees', () => {
  const miner = firstMiner();
  assert.match(miner.sessionId, /^[0-9a-f]{32}$/);
  assert.equal(miner.sessionId.includes(bytesToHex(miner.extranonce1)), false);
});

test('a miner that comes again gets its extranonce1 back, and its former connection is closed', () => {
  const former = firstMiner();
  const again = new SessionUnderTest({ beside: former });
  const effects = again.call('mining.subscribe', ['test', former.sessionId]);
  assert.deepEqual(effects[0], { type: 'supersede', id: former.session.id });
  assert.deepEqual(given(effects), { id: former.sessionId, extranonce1: bytesToHex(former.extranonce1) });
  // The closing of the former connection takes nothing away from the one that has the session now.
  former.context.registry.close(former.session);
  const third = new SessionUnderTest({ beside: former });
  assert.notEqual(given(third.call('mining.subscribe', [])).extranonce1, bytesToHex(former.extranonce1));
  assert.equal(given(again.call('mining.subscribe', [])).id, former.sessionId);
});

test('work under way counts on the new connection, with the difficulty it was sent with', () => {
  const former = firstMiner();
  former.call('mining.suggest_difficulty', [4e-7]);
  former.deliver(job(2));
  former.context.registry.close(former.session);

  const again = new SessionUnderTest({ start: 1, beside: former });
  assert.equal(
    again.call('mining.subscribe', ['test', former.sessionId])[0]?.type,
    'answer',
    'nobody to close',
  );
  assert.deepEqual(
    told(again.call('mining.authorize', [USER, 'x'])),
    [
      { id: 1, result: true, error: null },
      { id: null, method: 'mining.set_difficulty', params: [4e-7] },
      'notify',
    ],
    'the job it has already, at the difficulty it has it with',
  );
  const difficulties = [submit(again, job(1)), submit(again, job(2), 4e-7)].map(([effect]) =>
    effect?.type === 'record' ? effect.share.difficulty : undefined,
  );
  assert.deepEqual(difficulties, [EASY, 4e-7]);
});

test('a wish made on the new connection waits for a new job: one job never has two difficulties', () => {
  const former = firstMiner();
  former.context.registry.close(former.session);
  const again = new SessionUnderTest({ start: EASY, beside: former });
  again.call('mining.subscribe', ['test', former.sessionId]);
  const effects = again.call('mining.authorize', [USER, 'd=5e-6']);
  assert.deepEqual(told(effects).slice(1), [
    { id: null, method: 'mining.set_difficulty', params: [EASY] },
    'notify',
    'want-job',
  ]);
  assert.deepEqual(told(again.deliver(job(2)))[0], {
    id: null,
    method: 'mining.set_difficulty',
    params: [5e-6],
  });
  const [recorded] = submit(again, job(1));
  assert.equal(recorded?.type === 'record' && recorded.share.difficulty, EASY);
});

test('a session outlives the pool, in what the ledger keeps of it', () => {
  const memory = new VolatileMemory();
  const before = new SessionUnderTest({ start: EASY, memory, extranonce1: '0badcafe' });
  before.jobs.push(job(1));
  submit(before.login(USER), job(1));
  const after = new SessionUnderTest({ memory, extranonce1: '00000001' });
  const effects = after.call('mining.subscribe', ['test', before.sessionId]);
  assert.deepEqual(given(effects), { id: before.sessionId, extranonce1: '0badcafe' });
  const thief = new SessionUnderTest({ beside: after });
  const taken = thief.call('mining.subscribe', ['test', before.sessionId]);
  assert.equal(taken[0]?.type, 'supersede', 'whoever knows the id is the miner: it is 128 random bits');
});

test('after a restart nobody else is given an extranonce1 that is remembered', () => {
  const memory = new VolatileMemory();
  memory.keepSession('cd'.repeat(16), Buffer.from('00000005', 'hex'));
  const miner = new SessionUnderTest({ memory, extranonce1: '00000005' });
  assert.equal(given(miner.call('mining.subscribe', [])).extranonce1, '00000006');
  const owner = new SessionUnderTest({ beside: miner });
  assert.equal(given(owner.call('mining.subscribe', ['', 'cd'.repeat(16)])).extranonce1, '00000005');
});

test('a session without a share, and what fits its miner, are kept on no disk', () => {
  const memory = new VolatileMemory();
  const miner = new SessionUnderTest({ start: EASY, memory });
  miner.jobs.push(job(1));
  miner.login(USER);
  // It brings nothing for so long that its difficulty comes down.
  miner.clock.pass(3_600_000);
  miner.tick();
  assert.equal(told(miner.deliver(job(2)))[0] === 'notify', false, 'a new difficulty');
  assert.equal(memory.session(miner.sessionId), undefined);
  const worker = { address: 'dnilz1qexample', name: 'rig-01' };
  assert.equal(memory.difficultyOf(worker), undefined);
  const { sessionId } = miner;
  const extranonce1 = bytesToHex(miner.extranonce1);
  miner.context.registry.close(miner.session);
  const again = new SessionUnderTest({ beside: miner });
  assert.deepEqual(
    given(again.call('mining.subscribe', ['', sessionId])),
    { id: sessionId, extranonce1 },
    'while the pool runs it may come again',
  );
});

test('sessions without a share drive none that has brought one out of memory', () => {
  const worker = firstMiner();
  submit(worker, job(1));
  worker.context.registry.close(worker.session);
  for (let count = 0; count < 3_000; count++) {
    const idle = new SessionUnderTest({ beside: worker });
    idle.login(USER);
    idle.context.registry.close(idle.session);
  }
  const again = new SessionUnderTest({ beside: worker });
  again.call('mining.subscribe', ['', worker.sessionId]);
  again.call('mining.authorize', [USER, 'x']);
  assert.equal(submit(again, job(1))[0]?.type, 'record', 'work from before still counts');
});

test('an extranonce1 that has no room any more after a restart is cut, so that the miner can vary something', () => {
  const kept = '0badcafe0102030405';
  for (const [length, given, size] of [
    [5, '0badcafe01', 3],
    [6, '0badcafe0102', 2],
    [7, '0badcafe', 4],
    [9, '0badcafe', 4],
  ] as const) {
    const memory = new VolatileMemory();
    const id = 'cd'.repeat(16);
    memory.keepSession(id, Buffer.from(kept.slice(0, 2 * length), 'hex'));
    const miner = new SessionUnderTest({ memory });
    const { result } = answerIn(miner.call('mining.subscribe', ['', id]));
    assert.deepEqual((result as unknown[]).slice(1), [given, size]);
    const other = new SessionUnderTest({ beside: miner });
    other.call('mining.subscribe', []);
    const wanted = Buffer.from('0badcafe', 'hex');
    assert.equal(other.context.registry.exchange(other.session, wanted), undefined, 'it is taken');
  }
});

test('a session that nobody was authorised in leaves nothing behind', () => {
  const memory = new VolatileMemory();
  const miner = new SessionUnderTest({ memory });
  miner.call('mining.subscribe', []);
  const { sessionId } = miner;
  miner.context.registry.close(miner.session);
  assert.equal(memory.session(sessionId), undefined);
  const again = new SessionUnderTest({ beside: miner });
  assert.notEqual(given(again.call('mining.subscribe', ['', sessionId])).id, sessionId);
});

test('an id nobody was given opens a new session, whatever it looks like', () => {
  const miner = firstMiner();
  for (const asked of [
    '',
    'ab',
    'AB'.repeat(16),
    'cd'.repeat(16),
    '../../etc/passwd',
    'x'.repeat(10_000),
    '__proto__',
  ]) {
    const other = new SessionUnderTest({ beside: miner });
    const { id, extranonce1 } = given(other.call('mining.subscribe', ['test', asked]));
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.notEqual(extranonce1, bytesToHex(miner.extranonce1), asked);
  }
});

test('when every extranonce1 is taken, subscribe says so, and works when there is one again', () => {
  const first = new SessionUnderTest({ extranonces: { prefix: 0x4000_0000, prefixBits: 31, first: 0 } });
  const second = new SessionUnderTest({ beside: first });
  const third = new SessionUnderTest({ beside: first });
  first.call('mining.subscribe', []);
  second.call('mining.subscribe', []);
  assert.deepEqual(answerIn(third.call('mining.subscribe', [])).error, [
    20,
    'every extranonce1 is in use; try again later',
    null,
  ]);
  first.context.registry.close(first.session);
  assert.equal(given(third.call('mining.subscribe', [])).extranonce1, '80000000');
});
