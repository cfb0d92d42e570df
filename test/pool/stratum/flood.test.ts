import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { StratumLimits } from '../../../pool/stratum/limits.ts';
import { serveStratum, USER } from '../../kit/stratum-kit.ts';
import { findShare, StratumMiner, type Work } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 20_000 };
const FAST = { messagesPerSecond: 1e6, messagesPerSecondPerAddress: 1e6 };

async function flooder(t: TestContext, limits: Partial<StratumLimits> = {}, startDifficulty = 1e-9) {
  const stratum = await serveStratum(t, { ...FAST, ...limits }, {}, startDifficulty);
  const miner = await StratumMiner.connect(stratum.tcp);
  t.after(() => miner.close());
  return { ...stratum, miner, work: await miner.login(USER) };
}

/** What one submission of a flood says; each is invalid. */
const FLOODS: Readonly<Record<string, (work: Work, index: number) => unknown[]>> = {
  'low-difficulty': ({ user, job }, index) => [
    user,
    job.jobId,
    '00000000',
    job.time.toString(16),
    index.toString(16).padStart(8, '0'),
  ],
  'job-not-found': ({ user, job }, index) => [
    user,
    'feedfacecafe',
    '00000000',
    job.time.toString(16),
    `${index}`.padStart(8, '0'),
  ],
  malformed: ({ user, job }, index) => [user, job.jobId, 'zzzzzzzz', 'now', index],
  unauthorized: ({ job }, index) => [`${index}`, job.jobId, '00000000', job.time.toString(16), '00000000'],
  'time-too-new': ({ user, job }, index) => [
    user,
    job.jobId,
    '00000000',
    'ffffffff',
    `${index}`.padStart(8, '0'),
  ],
};

for (const [reason, paramsOf] of Object.entries(FLOODS)) {
  test(
    `a flood of ${reason} is refused one by one, then its client is banned for 10 minutes`,
    LIMITED,
    async (t) => {
      const { tcp, server, statistics, clock, recorded, miner, work } = await flooder(t, {}, 1);
      // At this difficulty a share takes billions of hashes: none of these is one by chance.
      miner.send(
        ...Array.from({ length: 300 }, (_, id) => ({
          id,
          method: 'mining.submit',
          params: paramsOf(work, id),
        })),
      );
      await miner.closed;
      assert.equal(statistics.connections.closed_banned, 1);
      assert.equal(statistics.rejected[reason as keyof typeof statistics.rejected], 200);
      assert.equal(recorded.length, 0);
      assert.deepEqual(
        server.bans().map(({ client, times }) => ({ client, times })),
        [{ client: '127.0.0.1', times: 1 }],
      );
      const again = await StratumMiner.connect(tcp);
      await again.closed;
      assert.equal(statistics.connections.refused_banned, 1);
      clock.pass(600_000);
      const later = await StratumMiner.connect(tcp);
      t.after(() => later.close());
      assert.equal((await later.request('mining.ping', [])).result, 'pong');
    },
  );
}

test('a flood of duplicates of one good share is a flood; the share counts once', LIMITED, async (t) => {
  const { statistics, recorded, miner, work } = await flooder(t);
  const { params } = findShare(work);
  miner.send(...Array.from({ length: 300 }, (_, id) => ({ id, method: 'mining.submit', params })));
  await miner.closed;
  assert.equal(statistics.connections.closed_banned, 1);
  assert.equal(statistics.rejected.duplicate, 199);
  assert.equal(recorded.length, 1);
});

test('hex in upper case is the same share, and a flood of both is found out', LIMITED, async (t) => {
  const { statistics, recorded, miner, work } = await flooder(t);
  const { params } = findShare(work, { extranonce2: 'abcdefab' });
  const upper = params.map((text, index) => (index < 2 ? text : text.toUpperCase()));
  for (const either of [upper, params]) {
    miner.send({ id: 1, method: 'mining.submit', params: either });
  }
  assert.deepEqual(await miner.next(), { id: 1, result: true, error: null });
  assert.deepEqual(await miner.next(), { id: 1, result: null, error: [22, 'duplicate share', null] });
  assert.deepEqual([recorded.length, statistics.rejected.duplicate], [1, 1]);
});

test('stale work is refused as often as it comes, and is no offence', LIMITED, async (t) => {
  const { server, statistics, clock, job, miner, work } = await flooder(t);
  job.tip.retiredMs = clock.steady;
  clock.pass(10_000);
  const { params } = findShare(work);
  for (let count = 0; count < 1_000; count += 100) {
    miner.send(...Array.from({ length: 100 }, () => ({ id: count, method: 'mining.submit', params })));
    for (let index = 0; index < 100; index++) assert.equal((await miner.next()).result, null);
  }
  assert.equal(statistics.rejected.stale, 1_000);
  assert.equal((await miner.request('mining.ping', [])).result, 'pong');
  assert.deepEqual(server.bans(), []);
});

test('a client that is mostly right is not banned for what is not', LIMITED, async (t) => {
  const { server, statistics, miner, work } = await flooder(t);
  let nonce = 0;
  for (let index = 0; index < 250; index++) {
    const found = findShare(work, { firstNonce: nonce });
    nonce = found.nonce + 1;
    miner.send({ id: 1, method: 'mining.submit', params: found.params });
    assert.equal((await miner.next()).result, true);
    if (index % 3 === 0) miner.send({ id: 2, method: 'mining.submit', params: found.params });
    if (index % 3 === 0) assert.equal((await miner.next()).result, null);
  }
  assert.equal(statistics.rejected.duplicate, 84);
  assert.deepEqual(server.bans(), []);
});

test('the good miners of a banned address go on working', LIMITED, async (t) => {
  const { tcp, statistics, miner, work } = await flooder(t);
  const good = await StratumMiner.connect(tcp);
  t.after(() => good.close());
  const goodWork = await good.login(USER);
  const { params } = findShare(work);
  miner.send(...Array.from({ length: 300 }, (_, id) => ({ id, method: 'mining.submit', params })));
  await miner.closed;
  assert.equal((await good.request('mining.submit', findShare(goodWork).params)).result, true);
  assert.equal(statistics.connections.closed_banned, 1);
});

test('where bans are off, a flood is refused and nothing else', LIMITED, async (t) => {
  const { server, statistics, miner, work } = await flooder(t, { banMs: 0 });
  const { params } = findShare(work);
  miner.send(...Array.from({ length: 300 }, (_, id) => ({ id, method: 'mining.submit', params })));
  for (let index = 0; index < 300; index++) await miner.next();
  assert.equal((await miner.request('mining.ping', [])).result, 'pong');
  assert.equal(statistics.rejected.duplicate, 299);
  assert.deepEqual(server.bans(), []);
});
