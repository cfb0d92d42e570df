import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askJson, LiveListener } from '../../kit/http-client.ts';
import { EASY, MINER_ADDRESS, POOL_ADDRESS, startPoolUnderTest } from '../../kit/pool-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 30_000 };

test('/live tells of shares, refusals and the share log as they happen', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const live = await LiveListener.connect(pool.httpUrl);
  t.after(() => live.close());
  const hello = await live.next('hello');
  assert.deepEqual([hello.network, hello.height], ['dev', 0]);
  assert.deepEqual(hello.share_log, { head: '0'.repeat(64), batch: 0, sequence: 0, time: null });

  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  const work = await miner.login(`${MINER_ADDRESS}.rig`);
  const { params } = findShare(work);
  await miner.request('mining.submit', params);
  const share = await live.next('share');
  const { share_difficulty: shareDifficulty, time, ...facts } = share;
  assert.deepEqual(facts, {
    type: 'share',
    address: MINER_ADDRESS,
    worker: 'rig',
    difficulty: EASY,
    late: false,
    sequence: 1,
  });
  assert.ok(Number(shareDifficulty) >= EASY && Math.abs(Number(time) - Date.now() / 1000) < 30);
  const head = await live.next('chain_head');
  assert.deepEqual([head.batch, head.sequence], [1, 1]);
  const { body } = await askJson<{ share_log: { head: string } }>(`${pool.httpUrl}/stats`);
  assert.equal(body.share_log.head, head.head, 'the head is the one that /stats shows');

  await miner.request('mining.submit', params);
  const reject = await live.next('reject');
  assert.deepEqual(
    [reject.address, reject.worker, reject.reason, reject.message],
    [MINER_ADDRESS, 'rig', 'duplicate', 'duplicate share'],
  );
});

test('a listener to one address hears of no other, and may change its mind', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const live = await LiveListener.connect(pool.httpUrl);
  t.after(() => live.close());
  live.say({ wallet: POOL_ADDRESS.toUpperCase() });
  assert.equal((await live.next('filter')).wallet, POOL_ADDRESS);
  assert.equal((await live.next('rates')).address, POOL_ADDRESS);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  const work = await miner.login(`${MINER_ADDRESS}.rig`);
  await miner.request('mining.submit', findShare(work).params);
  await live.next('chain_head');
  live.say({ wallet: null });
  assert.equal((await live.next('filter')).wallet, null);
  assert.deepEqual(live.seen('share'), []);
  await miner.request('mining.submit', findShare(work, { firstNonce: 1_000_000_000 }).params);
  assert.equal((await live.next('share')).sequence, 2);
});

test(
  'what is no request is answered with what is one; too many, too long or binary ones end the feed',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    const live = await LiveListener.connect(pool.httpUrl);
    for (const wrong of ['', 'x', '[]', '{}', '{"wallet":5}', '{"wallet":null,"more":1}', 'null']) {
      live.say(wrong);
      assert.match(
        String((await live.next('error')).message),
        /the only message is {"wallet": ADDRESS}/,
        wrong,
      );
    }
    live.say({ wallet: 'nobody' });
    assert.match(String((await live.next('error')).message), /^wallet: /);
    live.socket.send(Buffer.from('{"wallet":null}'), { binary: true });
    await live.next('error');
    for (let count = 0; count < 40; count++) live.say('x');
    assert.deepEqual(await live.closed, { code: 1008, reason: 'too many messages' });
    const metrics = await (await fetch(`${pool.httpUrl}/metrics`)).text();
    assert.match(metrics, /nilz_pool_live_feeds_total{event="misused"} 1\n/, 'one, however much it said');

    const long = await LiveListener.connect(pool.httpUrl);
    long.say('x'.repeat(2_000));
    assert.equal((await long.closed).code, 1009, 'message too big');
    assert.equal((await askJson(`${pool.httpUrl}/health`)).status, 200);
  },
);

test('feeds are limited for each client, and a closed one makes room', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t, { httpLimits: { live: { total: 10, perAddress: 2 } } });
  const first = await LiveListener.connect(pool.httpUrl);
  const second = await LiveListener.connect(pool.httpUrl);
  t.after(() => second.close());
  await assert.rejects(LiveListener.connect(pool.httpUrl), /429/);
  first.close();
  await first.closed;
  let third: LiveListener | undefined;
  while (third === undefined) third = await LiveListener.connect(pool.httpUrl).catch(() => undefined);
  third.close();
  const metrics = await (await fetch(`${pool.httpUrl}/metrics`)).text();
  assert.match(metrics, /nilz_pool_live_feeds_total{event="refused"} [1-9]/);
});

test('stopping the pool closes the feeds', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const live = await LiveListener.connect(pool.httpUrl);
  await pool.stop();
  assert.equal((await live.closed).code, 1001);
});
