import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newTip } from '../../../pool/jobs/tip.ts';
import { HARD_BITS, MINER_ADDRESS, startPoolUnderTest } from '../../kit/pool-kit.ts';
import { answerIn, poolJob, SessionUnderTest, someTemplate } from '../../kit/session-kit.ts';
import { someTransaction } from '../../kit/some-transaction.ts';
import { StratumMiner } from '../../kit/stratum-miner.ts';

const tip = newTip(new Uint8Array(32).fill(7), 999);
const LIMITED = { timeout: 30_000 };
const TXID = `${'00'.repeat(31)}ff`;

function miner(): SessionUnderTest {
  const session = new SessionUnderTest();
  session.jobs.push(poolJob(1, someTemplate(), tip), poolJob(2, someTemplate(), tip));
  const txid = new Uint8Array(32);
  txid[0] = 0xff;
  session.transactions = [txid, txid];
  return session;
}

function ask(session: SessionUnderTest, params: readonly unknown[]): { result: unknown; error: unknown } {
  const { result, error } = answerIn(session.call('mining.get_transactions', params));
  return { result, error };
}

test('the txids of a job are told to miners that are authorised, once per job', () => {
  const session = miner();
  assert.deepEqual(ask(session, ['2']).error, [24, 'authorize first', null]);
  session.login();
  session.deliver(poolJob(3, someTemplate(), tip));
  assert.deepEqual(ask(session, ['2']), { result: [TXID, TXID], error: null });
  assert.deepEqual(ask(session, ['2']).error, [20, 'the transactions of a job are listed once', null]);
  assert.deepEqual(ask(session, ['3']), { result: [TXID, TXID], error: null });
  const other = new SessionUnderTest({ beside: session }).login('dnilz1qother');
  assert.deepEqual(ask(other, ['3']).result, [TXID, TXID], 'what is made for one is there for all');
});

test('a block without transactions has an empty list, one that nobody knows has none', () => {
  const session = miner().login();
  session.transactions = [];
  assert.deepEqual(ask(session, ['2']).result, []);
  session.deliver(poolJob(3, someTemplate(), tip));
  session.transactions = undefined;
  assert.deepEqual(ask(session, ['3']).error, [20, 'the transactions of this job are not known here', null]);
});

test('a list that is too long for a connection to hold is refused, and says how long it would be', () => {
  const session = miner().login();
  session.transactions = Array.from({ length: 734 }, () => new Uint8Array(32));
  assert.deepEqual(ask(session, ['2']).error, [
    20,
    'the job has 734 transactions; lists have at most 733 here',
    null,
  ]);
});

test(
  'where more may wait for a miner lists may be longer, also in a frame of a WebSocket',
  LIMITED,
  async (t) => {
    const limits = { backlogBytes: 1024 * 1024 };
    const { pool } = await startPoolUnderTest(t, { limits }, (node) => {
      node.bits = HARD_BITS;
      node.transactions = Array.from({ length: 2_000 }, (_, lockTime) => ({
        ...someTransaction(1),
        lockTime,
      }));
    });
    const websocket = `${pool.httpUrl.replace('http', 'ws')}/stratum`;
    for (const url of [pool.stratumUrl, websocket]) {
      const miner = await StratumMiner.connect(url);
      t.after(() => miner.close());
      const { job } = await miner.login(MINER_ADDRESS);
      const { result } = await miner.request('mining.get_transactions', [job.jobId]);
      assert.equal(new Set(result as string[]).size, 2_000);
      assert.equal((await miner.request('mining.ping', [])).result, 'pong', 'it is still connected');
    }
  },
);

test('a job of before the miner came, or of nobody, or of no such type, is refused', () => {
  const session = miner().login();
  for (const jobId of ['1', '99', '', 'X', '__proto__']) {
    assert.deepEqual(
      ask(session, [jobId]).error,
      [21, 'job not found: unknown here, or too old', null],
      jobId,
    );
  }
  for (const jobId of [undefined, null, 1, [], {}, true]) {
    assert.deepEqual(ask(session, [jobId]).error, [20, 'job id is not a string', null]);
  }
});
