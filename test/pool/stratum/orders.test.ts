import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../../../pool/jobs/job.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import type { Effect } from '../../../pool/stratum/effect.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { answerIn, poolJob, SessionUnderTest, someTemplate, told } from '../../kit/session-kit.ts';
import { findShare, type SearchOptions } from '../../kit/stratum-miner.ts';

const USER = 'dnilz1qexample.rig-01';
const EASY = 1e-7;
const HARD_BITS = 0x170355f0;
const tip = newTip(new Uint8Array(32).fill(7), 999);

function job(sequence: number): Job {
  return poolJob(sequence, someTemplate({ bits: HARD_BITS }), tip);
}

/** A miner that understands everything and has job 1. */
function miner(): SessionUnderTest {
  const session = new SessionUnderTest({ start: EASY });
  session.jobs.push(job(1));
  session.call('mining.configure', [['version-rolling', 'subscribe-extranonce'], {}]);
  return session.login(USER);
}

function submit(
  session: SessionUnderTest,
  of: Job,
  extranonce1: Uint8Array,
  options: SearchOptions = {},
): Effect[] {
  return session.call(
    'mining.submit',
    findShare({ user: USER, extranonce1, difficulty: EASY, job: of }, options).params,
  );
}

function sent(order: Effect[] | string): unknown[] {
  assert.notEqual(typeof order, 'string', String(order));
  return told(order as Effect[]);
}

function versionOf({ session }: SessionUnderTest): string | undefined {
  return session.asked.version;
}

const setExtranonce = (extranonce1: string, size: number) => ({
  id: null,
  method: 'mining.set_extranonce',
  params: [extranonce1, size],
});

test('a new extranonce1 comes with the next job, and what the old one found still counts', () => {
  const session = miner();
  const before = session.extranonce1;
  assert.deepEqual(sent(session.order('mining.set_extranonce', ['00c0ffee'])), ['want-job']);
  assert.equal(submit(session, job(1), before)[0]?.type, 'record', 'while it is under way');
  assert.deepEqual(told(session.deliver(job(2))), [setExtranonce('00c0ffee', 4), 'notify']);
  assert.equal(submit(session, job(1), before, { firstNonce: 1_000_000 })[0]?.type, 'record', 'afterwards');
  assert.equal(submit(session, job(2), session.extranonce1)[0]?.type, 'record');
  assert.equal(bytesToHex(session.extranonce1), '00c0ffee');
  assert.deepEqual(told(session.deliver(job(3))), ['notify'], 'it is said once');
  assert.equal((answerIn(session.call('mining.subscribe', [])).result as unknown[])[1], '00c0ffee');
  assert.equal(bytesToHex(session.memory.session(session.sessionId)?.extranonce1 ?? before), '00c0ffee');
});

test('without a wish the miner gets a free extranonce1; a longer one leaves it less to vary', () => {
  const session = miner();
  session.order('mining.set_extranonce', []);
  assert.deepEqual(told(session.deliver(job(2)))[0], setExtranonce('0000a7c4', 4));
  session.order('mining.set_extranonce', ['0000a7c40102', 2]);
  assert.deepEqual(told(session.deliver(job(3)))[0], setExtranonce('0000a7c40102', 2));
  assert.equal(submit(session, job(3), session.extranonce1, { extranonce2: '0007' })[0]?.type, 'record');
  assert.equal(
    submit(session, job(2), session.extranonce1.subarray(0, 4), { extranonce2: '00000007' })[0]?.type,
    'record',
    'a job has the size it was sent with',
  );
  session.order('mining.set_extranonce', ['0000a7c4', 4]);
  assert.deepEqual(told(session.deliver(job(4)))[0], setExtranonce('0000a7c4', 4));
});

test('what another connection has is not to be had', () => {
  const session = miner();
  const other = new SessionUnderTest({ beside: session }).login('dnilz1qother');
  assert.match(
    String(session.order('mining.set_extranonce', [bytesToHex(other.extranonce1)])),
    /another connection/,
  );
  assert.match(String(session.order('mining.set_extranonce', ['80000000'])), /outside our range/);
  session.order('mining.set_extranonce', ['00c0ffee']);
  assert.match(String(other.order('mining.set_extranonce', ['00c0ffee'])), /has not asked/);
  session.context.registry.close(session.session);
  other.call('mining.extranonce.subscribe', []);
  assert.deepEqual(sent(other.order('mining.set_extranonce', ['00c0ffee'])), ['want-job']);
});

test('a version mask holds at once (BIP 310), and work rolled with the former one still counts', () => {
  const session = miner();
  assert.deepEqual(sent(session.order('mining.set_version_mask', ['0000E000'])), [
    { id: null, method: 'mining.set_version_mask', params: ['0000e000'] },
    'want-job',
  ]);
  const roll = (of: Job, versionBits: number, firstNonce: number) =>
    submit(session, of, session.extranonce1, { versionBits, firstNonce });
  assert.equal(roll(job(1), 0x2000, 0)[0]?.type, 'record');
  assert.equal(roll(job(1), 0x10000, 0)[0]?.type, 'record', 'rolled before the new mask arrived');
  session.deliver(job(2));
  assert.equal(roll(job(2), 0x2000, 0)[0]?.type, 'record');
  assert.deepEqual(answerIn(roll(job(2), 0x10000, 0)).error, [
    20,
    'version bits outside the agreed mask 0000e000',
    null,
  ]);
  session.order('mining.set_version_mask', ['ffffffff']);
  assert.equal(
    roll(job(2), 0x10000, 1_000_000)[0]?.type,
    'record',
    'a wider one holds for the job that is out',
  );
});

test('a mask never grows beyond what the miner can roll', () => {
  const session = new SessionUnderTest();
  session.call('mining.configure', [['version-rolling'], { 'version-rolling.mask': '00ffe000' }]);
  session.login(USER);
  assert.deepEqual(sent(session.order('mining.set_version_mask', ['ffffffff'])), [
    { id: null, method: 'mining.set_version_mask', params: ['00ffe000'] },
  ]);
});

test('the client.* orders as they stand on the wire', () => {
  const session = miner();
  const notification = (method: string, params: unknown[]) => [{ id: null, method, params }];
  assert.deepEqual(sent(session.order('client.reconnect', [])), notification('client.reconnect', []));
  assert.deepEqual(
    sent(session.order('client.reconnect', ['pool.example.com', 3334])),
    notification('client.reconnect', ['pool.example.com', '3334', 0]),
  );
  assert.deepEqual(
    sent(session.order('client.reconnect', ['::1', 1, 60])),
    notification('client.reconnect', ['::1', '1', 60]),
  );
  assert.deepEqual(
    sent(session.order('client.show_message', ['Grüße'])),
    notification('client.show_message', ['Grüße']),
  );
});

test('the version a miner is asked for is taken from its answer, and from no other', () => {
  const session = miner();
  session.say({ id: 1, result: 'unasked/1', error: null });
  assert.equal(versionOf(session), undefined);
  assert.deepEqual(sent(session.order('client.get_version', [])), [
    { id: 1, method: 'client.get_version', params: [] },
  ]);
  assert.deepEqual(sent(session.order('client.get_version', [])), [
    { id: 2, method: 'client.get_version', params: [] },
  ]);
  for (const answer of [
    { id: 1, result: 'late/1' },
    { id: 2, result: 7 },
    { id: '2', result: 'text/1' },
  ]) {
    assert.deepEqual(session.say({ ...answer, error: null }), []);
    assert.equal(versionOf(session), undefined);
  }
  session.say({ id: 2, result: `esp-miner/${'x'.repeat(500)}`, error: null });
  assert.equal(versionOf(session)?.length, 128);
});

test('an order that is wrong, or that the miner has not agreed to, is refused with the reason', () => {
  const session = miner();
  const cases: [string, unknown[], RegExp][] = [
    ['mining.set_extranonce', [7], /extranonce1 is not hex/],
    ['mining.set_extranonce', ['00c0ffe'], /extranonce1 is not hex/],
    ['mining.set_extranonce', ['00c0ff'], /3 bytes; it may have 4 to 6/],
    ['mining.set_extranonce', ['00c0ffee010203'], /7 bytes; it may have 4 to 6/],
    ['mining.set_extranonce', ['00c0ffee', 8], /size must be 4/],
    ['mining.set_extranonce', ['00c0ffee', '4'], /size must be 4/],
    ['mining.set_version_mask', [], /mask is not 8 hex digits/],
    ['mining.set_version_mask', [0x1fffe000], /mask is not 8 hex digits/],
    ['mining.set_version_mask', ['0x1fffe0'], /mask is not 8 hex digits/],
    ['client.reconnect', [undefined, 3333], /host is missing/],
    ['client.reconnect', [7, 3333], /host is not a host name/],
    ['client.reconnect', ['a b', 3333], /host is not a host name/],
    ['client.reconnect', ['http://x', 3333], /host is not a host name/],
    ['client.reconnect', ['x'], /port is not a whole number from 1 to 65535/],
    ['client.reconnect', ['x', 0], /port/],
    ['client.reconnect', ['x', 65_536], /port/],
    ['client.reconnect', ['x', '3333'], /port/],
    ['client.reconnect', ['x', 3333, -1], /wait/],
    ['client.reconnect', ['x', 3333, 1.5], /wait/],
    ['client.reconnect', ['x', 3333, 3_601], /wait/],
    ['client.show_message', [], /text is not a string of 1 to 500/],
    ['client.show_message', [''], /text/],
    ['client.show_message', ['x'.repeat(501)], /text/],
    ['client.show_message', [{}], /text/],
    ['mining.notify', [], /unknown order; there are mining.set_extranonce, /],
    ['__proto__', [], /unknown order/],
  ];
  for (const [method, params, reason] of cases) {
    assert.match(String(session.order(method, params)), reason, `${method} ${JSON.stringify(params)}`);
  }
  assert.deepEqual(told(session.deliver(job(2))), ['notify'], 'nothing has changed');

  const plain = new SessionUnderTest().login(USER);
  assert.match(String(plain.order('mining.set_extranonce', [])), /has not asked for mining.set_extranonce/);
  assert.match(
    String(plain.order('mining.set_version_mask', ['1fffe000'])),
    /has not configured version-rolling/,
  );
  const stranger = new SessionUnderTest();
  stranger.call('mining.subscribe', []);
  assert.match(String(stranger.order('client.show_message', ['hello'])), /not authorized/);
});
