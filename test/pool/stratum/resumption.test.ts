import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPool } from '../../../pool/pool.ts';
import { hexToBytes } from '../../../protocol/bytes.ts';
import { parseNotify } from '../../../protocol/stratum.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { EASY, HARD_BITS, MINER_ADDRESS, poolOptions, startPoolUnderTest } from '../../kit/pool-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';
import { temporaryDirectory } from '../../kit/surroundings.ts';

const USER = `${MINER_ADDRESS}.rig`;
const LIMITED = { timeout: 30_000 };

interface Subscribed {
  readonly sessionId: string;
  readonly extranonce1: string;
  readonly size: number;
}

async function subscribe(miner: StratumMiner, session?: string): Promise<Subscribed> {
  const { result } = await miner.request('mining.subscribe', ['test/1.0', session]);
  const [[[, sessionId]], extranonce1, size] = result as [[[string, string]], string, number];
  return { sessionId, extranonce1, size };
}

test('a miner that comes again takes its place over: the former connection is closed', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const former = await StratumMiner.connect(pool.stratumUrl);
  const { sessionId, extranonce1 } = await subscribe(former);
  await former.request('mining.authorize', [USER, 'x']);
  const job = parseNotify((await former.nextCall('mining.notify')).params ?? []);

  const again = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => again.close());
  assert.deepEqual(await subscribe(again, sessionId), { sessionId, extranonce1, size: 4 });
  await former.closed;
  await again.request('mining.authorize', [USER, 'x']);
  const { params } = findShare({ user: USER, extranonce1: hexToBytes(extranonce1), difficulty: EASY, job });
  assert.equal((await again.request('mining.submit', params)).result, true);
  const stats = (await (await fetch(`${pool.httpUrl}/stats`)).json()) as {
    connections: Record<string, number>;
  };
  assert.equal(stats.connections.closed_resumed, 1);
});

test('sessions and difficulties outlive a restart of the pool', LIMITED, async (t) => {
  const directory = await temporaryDirectory(t);
  const node = await FakeNode.start();
  t.after(() => node.stop());
  node.bits = HARD_BITS;
  const difficulty = {
    start: EASY,
    minimum: 1e-10,
    maximum: 1e9,
    shareIntervalMs: 10_000,
    shareTargetMultiplier: 16,
  };
  const options = poolOptions(node, directory, { difficulty });

  const before = await startPool(options);
  t.after(() => before.stop());
  const miner = await StratumMiner.connect(before.stratumUrl);
  const { sessionId, extranonce1 } = await subscribe(miner);
  await miner.request('mining.authorize', [USER, 'x']);
  assert.deepEqual((await miner.nextCall('mining.set_difficulty')).params, [EASY]);
  const job = parseNotify((await miner.nextCall('mining.notify')).params ?? []);
  // 32 shares at once are far too many: the difficulty follows, with a job to go with it.
  const work = { user: USER, extranonce1: hexToBytes(extranonce1), difficulty: EASY, job };
  for (let nonce = 0, count = 0; count < 32; count++) {
    const found = findShare(work, { firstNonce: nonce });
    nonce = found.nonce + 1;
    assert.equal((await miner.request('mining.submit', found.params)).result, true);
  }
  const [raised] = (await miner.nextCall('mining.set_difficulty')).params as [number];
  assert.ok(raised > EASY && raised <= 8 * EASY, `${raised}`);
  assert.notEqual((await miner.nextCall('mining.notify')).params?.[0], job.jobId);
  miner.close();
  await before.stop();

  const after = await startPool(options);
  t.after(() => after.stop());
  const again = await StratumMiner.connect(after.stratumUrl);
  t.after(() => again.close());
  assert.deepEqual(await subscribe(again, sessionId), { sessionId, extranonce1, size: 4 });
  await again.request('mining.authorize', [USER, 'x']);
  assert.deepEqual((await again.nextCall('mining.set_difficulty')).params, [raised]);
});

test('extranonce2 may have up to eight bytes', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t, { extranonce2Size: 8 });
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  const { extranonce1, size } = await subscribe(miner);
  assert.deepEqual([extranonce1.length, size], [8, 8]);
  await miner.request('mining.authorize', [USER, 'x']);
  const job = parseNotify((await miner.nextCall('mining.notify')).params ?? []);
  const work = { user: USER, extranonce1: hexToBytes(extranonce1), difficulty: EASY, job };
  const { params } = findShare(work, { extranonce2: '0123456789ABCDEF' });
  assert.equal((await miner.request('mining.submit', params)).result, true);
  assert.deepEqual((await miner.request('mining.submit', params.with(2, '01234567'))).error, [
    20,
    'extranonce2 is not 16 hex digits',
    null,
  ]);
});
