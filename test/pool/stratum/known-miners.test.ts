import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../../pool/jobs/job.ts';
import { newTip, type Tip } from '../../../pool/jobs/tip.ts';
import type { Effect } from '../../../pool/stratum/effect.ts';
import { hexWord, rolledVersion } from '../../../protocol/stratum.ts';
import { answerIn, poolJob, SessionUnderTest, someTemplate, told } from '../../kit/session-kit.ts';
import { findShare } from '../../kit/stratum-miner.ts';

/** Conversations as known miners hold them, line by line in the spelling of their own JSON writers. */

const USER = 'dnilz1qexample.rig-01';
const HARD_BITS = 0x170355f0;

interface Table {
  readonly miner: SessionUnderTest;
  readonly tip: Tip;
  job(sequence: number): Job;
}

function table(start: number): Table {
  const tip = newTip(new Uint8Array(32).fill(7), 999);
  const job = (sequence: number) => poolJob(sequence, someTemplate({ bits: HARD_BITS }), tip);
  const miner = new SessionUnderTest({ start });
  miner.jobs.push(job(1));
  return { miner, tip, job };
}

const set = (difficulty: number) => ({ id: null, method: 'mining.set_difficulty', params: [difficulty] });
const yes = (id: unknown) => ({ id, result: true, error: null });
const subscribed = (id: unknown) => ({
  id,
  result: [
    [
      ['mining.set_difficulty', 'ab'.repeat(16)],
      ['mining.notify', 'ab'.repeat(16)],
    ],
    '0000a7c3',
    4,
  ],
  error: null,
});
const types = (effects: readonly Effect[]) => effects.map(({ type }) => type);

test('Bitaxe: pipelined start, a suggestion that brings a new job, submissions with rolled bits', () => {
  const { miner, job } = table(1e-7);
  assert.deepEqual(
    told(
      miner.say(
        '{"id": 1, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "ffffffff"}]}',
      ),
    ),
    [{ id: 1, result: { 'version-rolling': true, 'version-rolling.mask': '1fffe000' }, error: null }],
  );
  assert.deepEqual(
    told(miner.say('{"id": 2, "method": "mining.subscribe", "params": ["bitaxe/BM1370/v2.4.5"]}')),
    [subscribed(2)],
  );
  assert.deepEqual(told(miner.say(`{"id": 3, "method": "mining.authorize", "params": ["${USER}", "x"]}`)), [
    yes(3),
    set(1e-7),
    'notify',
  ]);
  assert.deepEqual(told(miner.say('{"id": 4, "method": "mining.suggest_difficulty", "params": [1000]}')), [
    yes(4),
    'want-job',
  ]);
  assert.deepEqual(told(miner.say('{"id": 5, "method": "mining.extranonce.subscribe", "params": []}')), [
    yes(5),
  ]);

  // The sixth parameter is the version it hashed XOR the job's version.
  const work = { user: USER, extranonce1: miner.extranonce1, difficulty: 1e-7, job: job(1) };
  const versionBits = 0x0a5e_6000;
  const hashed = rolledVersion(job(1).version, 0x1fffe000, versionBits);
  const { params } = findShare(work, { versionBits, extranonce2: '01000000' });
  assert.equal(params[5], hexWord(hashed ^ job(1).version));
  assert.deepEqual(
    types(miner.say({ id: 6, method: 'mining.submit', params })),
    ['record'],
    'the job of before the suggestion still counts',
  );
  assert.deepEqual(told(miner.deliver(job(2))), [set(1000), 'notify']);
  const low = miner.say({ id: 7, method: 'mining.submit', params: params.with(1, '2') });
  assert.match(
    String((answerIn(low).error as unknown[])[1]),
    /^difficulty \d\.\d\de-\d+ under the job's 1000$/,
  );
});

test('Bitaxe sends no version bits when it has rolled none to speak of: zeros are inside every mask', () => {
  const { miner, job } = table(1e-7);
  miner.login(USER);
  const work = { user: USER, extranonce1: miner.extranonce1, difficulty: 1e-7, job: job(1) };
  const { params } = findShare(work, { versionBits: 0 });
  assert.equal(params[5], '00000000');
  assert.deepEqual(types(miner.call('mining.submit', params)), ['record']);
});

test('cgminer: configures first and gives up on an empty mask, names its session when it comes again', () => {
  const { miner, job } = table(1e-7);
  const [configured] = told(
    miner.say(
      '{"id": 0, "method": "mining.configure", "params": [["version-rolling"], {"version-rolling.mask": "1fffe000", "version-rolling.min-bit-count": 2}]}',
    ),
  ) as { result: Record<string, string> }[];
  assert.notEqual(Number.parseInt(configured?.result['version-rolling.mask'] ?? '0', 16), 0);
  assert.deepEqual(told(miner.say('{"id": 1, "method": "mining.subscribe", "params": ["cgminer/4.12.1"]}')), [
    subscribed(1),
  ]);
  assert.deepEqual(told(miner.say(`{"id": 2, "method": "mining.authorize", "params": ["${USER}", ""]}`)), [
    yes(2),
    set(1e-7),
    'notify',
  ]);
  const { sessionId } = miner;
  miner.context.registry.close(miner.session);

  const again = new SessionUnderTest({ start: 1, beside: miner });
  const resumed = again.say(
    `{"id": 3, "method": "mining.subscribe", "params": ["cgminer/4.12.1", "${sessionId}"]}`,
  );
  assert.deepEqual(told(resumed), [subscribed(3)]);
  again.say(`{"id": 4, "method": "mining.authorize", "params": ["${USER}", ""]}`);
  // It hands in what it found while it was away.
  const work = { user: USER, extranonce1: again.extranonce1, difficulty: 1e-7, job: job(1) };
  const { params } = findShare(work);
  assert.equal(types(again.say({ params, id: 5, method: 'mining.submit' }))[0], 'record');
  assert.deepEqual(told(again.order('client.reconnect', ['pool.example.com', 3333, 10]) as Effect[]), [
    { id: null, method: 'client.reconnect', params: ['pool.example.com', '3333', 10] },
  ]);
});

test('bfgminer: begins with a notification, has ids of text, asks what is in each job', () => {
  const { miner, job } = table(1e-7);
  miner.transactions = [];
  assert.deepEqual(miner.say('{"id": null, "method": "mining.capabilities", "params": [{}]}'), []);
  assert.deepEqual(
    told(miner.say('{"id": "0", "method": "mining.subscribe", "params": ["bfgminer/5.5.0"]}')),
    [subscribed('0')],
  );
  assert.deepEqual(
    told(miner.say(`{"id": "auth", "method": "mining.authorize", "params": ["${USER}", "x"]}`)),
    [yes('auth'), set(1e-7), 'notify'],
  );
  assert.deepEqual(
    told(miner.say('{"id": "txlist1", "method": "mining.get_transactions", "params": ["1"]}')),
    [{ id: 'txlist1', result: [], error: null }],
  );
  const work = { user: USER, extranonce1: miner.extranonce1, difficulty: 1e-7, job: job(1) };
  const { params } = findShare(work);
  const [recorded] = miner.say({ params, id: 'submit-7', method: 'mining.submit' });
  assert.equal(recorded?.type === 'record' && recorded.id, 'submit-7');
});

test('cpuminer-opt: waits for the answer to extranonce.subscribe before it works', () => {
  const { miner } = table(1);
  miner.say('{"id": 1, "method": "mining.subscribe", "params": ["cpuminer-opt-24.3-x64L"]}');
  assert.deepEqual(told(miner.say(`{"id": 2, "method": "mining.authorize", "params": ["${USER}", "x"]}`)), [
    yes(2),
    set(0.005),
    'notify',
  ]);
  assert.deepEqual(told(miner.say('{"id": 3, "method": "mining.extranonce.subscribe", "params": []}')), [
    yes(3),
  ]);
});

test('one share handed in under two jobs of a tip counts once: each job has a search space of its own', () => {
  const { miner, tip, job } = table(1e-7);
  miner.login(USER);
  miner.deliver(job(2));
  const work = { user: USER, extranonce1: miner.extranonce1, difficulty: 1e-7, job: job(1) };
  const { params } = findShare(work);
  assert.deepEqual(types(miner.call('mining.submit', params)), ['record']);
  const other = miner.call('mining.submit', params.with(1, '2'));
  assert.deepEqual(types(other), ['rejected', 'answer'], 'another header, under no target');
  assert.equal((answerIn(other).error as unknown[])[0], 23);
  assert.deepEqual(answerIn(miner.call('mining.submit', params)).error, [22, 'duplicate share', null]);
  assert.equal(tip.seen.size, 1);
});
