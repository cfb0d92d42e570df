import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { Ledger } from '../../pool/ledger/ledger.ts';
import { NetworkError } from '../../pool/nodes/node-network.ts';
import { startPool } from '../../pool/pool.ts';
import { AddressError } from '../../protocol/address.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { compactToTarget } from '../../protocol/compact.ts';
import { meetsTarget } from '../../protocol/work.ts';
import { DirectoryInUseError } from '../../service/files.ts';
import { ListenError } from '../../service/http.ts';
import { UnreachableError } from '../../service/rpc-client.ts';
import { FakeNode } from '../kit/fake-node.ts';
import {
  HARD_BITS,
  MINER_ADDRESS,
  POOL_ADDRESS,
  poolOptions,
  SILENT,
  startPoolUnderTest,
  temporaryDirectory,
} from '../kit/pool-kit.ts';
import { findShare, StratumMiner } from '../kit/stratum-miner.ts';

const USER = `${MINER_ADDRESS}.rig`;
const LIMITED = { timeout: 30_000 };
const EASY_BITS = 0x207fffff;

interface Stats {
  readonly network: { readonly name: string; readonly height: number | null };
  readonly shares: { readonly accepted: number; readonly late: number; readonly rejected: object };
  readonly hash_rate: readonly {
    readonly window_seconds: number;
    readonly hashes_per_second: number | null;
  }[];
  readonly workers: readonly Record<string, unknown>[];
  readonly blocks: readonly Record<string, unknown>[];
  readonly ledger: { readonly last_share: number };
}

async function get<T>(url: string): Promise<{ status: number; body: T }> {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as T };
}

test(
  'a share that is a block reaches the node, the ledger and /stats, and new work follows',
  LIMITED,
  async (t) => {
    const { node, pool } = await startPoolUnderTest(t, {}, (fake) => {
      fake.bits = EASY_BITS;
    });
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    const work = await miner.login(USER);
    const target = compactToTarget(EASY_BITS);
    const taken = node.nextBlock();
    const found = findShare(work, { accepts: (hash) => meetsTarget(hash, target) });
    // Far below the share difficulty: the share is refused, the block counts all the same.
    const low = await miner.request('mining.submit', found.params);
    const block = await taken;
    assert.equal(block.hash, displayHash(found.hash));
    const next = await miner.nextJob();
    assert.equal(next.cleanJobs, true);
    assert.equal(displayHash(next.previousHash), block.hash);

    const share = findShare({ ...work, job: next });
    const second = node.nextBlock();
    assert.equal((await miner.request('mining.submit', share.params)).result, true);
    await second;
    await miner.nextJob();
    assert.equal(node.height, 2);

    let stats: Stats;
    do stats = (await get<Stats>(`${pool.httpUrl}/stats`)).body;
    while (stats.blocks.some(({ state }) => state === 'pending'));
    assert.deepEqual(
      stats.blocks.map(({ height, address, worker, state, reward, reward_nits }) => ({
        height,
        address,
        worker,
        state,
        reward,
        reward_nits,
      })),
      [2, 1].map((height) => ({
        height,
        address: MINER_ADDRESS,
        worker: 'rig',
        state: 'immature',
        reward: 50,
        reward_nits: '5000000000',
      })),
    );
    assert.equal(stats.shares.accepted, low.result === true ? 2 : 1);
  },
);

test('/health and /stats tell the truth, and null where nothing is known', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  const work = await miner.login(USER);
  const { params } = findShare(work);
  await miner.request('mining.submit', params);
  await miner.request('mining.submit', params);

  const health = await get<Record<string, unknown>>(`${pool.httpUrl}/health`);
  assert.equal(health.status, 200);
  assert.deepEqual(health.body, {
    status: 'ok',
    trouble: null,
    node: 'answers',
    height: 0,
    job_age_seconds: 0,
    connections: 1,
    shares_waiting: 0,
  });
  const { body } = await get<Stats>(`${pool.httpUrl}/stats`);
  assert.equal(body.network.name, 'dev');
  assert.equal(body.shares.accepted, 1);
  assert.equal((body.shares.rejected as { duplicate: number }).duplicate, 1);
  assert.equal(body.ledger.last_share, 1);
  assert.deepEqual(
    body.hash_rate.map(({ window_seconds, hashes_per_second }) => [window_seconds, hashes_per_second]),
    [
      [60, null],
      [300, null],
      [3600, null],
      [86400, null],
    ],
    'a rate over less than ten seconds is unknown',
  );
  const [worker] = body.workers;
  assert.deepEqual(
    [
      worker?.address,
      worker?.worker,
      worker?.accepted,
      worker?.rejected,
      worker?.difficulty,
      worker?.connections,
    ],
    [MINER_ADDRESS, 'rig', 1, { duplicate: 1 }, 1e-7, 1],
  );
  const other = await get<Stats>(`${pool.httpUrl}/stats?wallet=${POOL_ADDRESS}`);
  assert.deepEqual(other.body.workers, []);
  assert.equal((await get(`${pool.httpUrl}/nothing`)).status, 404);
  assert.equal((await fetch(`${pool.httpUrl}/stats`, { method: 'POST' })).status, 405);
});

test(
  'a node that goes away: miners stay, are told, and get work again when it is back',
  LIMITED,
  async (t) => {
    const { node, pool } = await startPoolUnderTest(t, { pollMs: 20, patienceMs: 50 });
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    const work = await miner.login(USER);
    const { port } = node;
    await node.stop();
    const { params } = await miner.nextCall('client.show_message');
    assert.match(String(params?.[0]), /node of this pool is away/);
    const health = await get<{ trouble: string }>(`${pool.httpUrl}/health`);
    assert.equal(health.status, 503);
    assert.match(health.body.trouble, /the node is away: cannot reach http:\/\/127/);
    assert.ok(!health.body.trouble.includes('password'));
    assert.equal((await miner.request('mining.submit', findShare(work).params)).result, true, 'work goes on');

    await node.listen(port);
    node.advance();
    const job = await miner.nextJob();
    assert.equal(job.cleanJobs, true);
    assert.equal((await get(`${pool.httpUrl}/health`)).status, 200);
  },
);

test('a node that comes back on another network gets no work done', LIMITED, async (t) => {
  const { node, pool } = await startPoolUnderTest(t, { pollMs: 20, patienceMs: 1 });
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  await miner.login(USER);
  const { port } = node;
  await node.stop();
  await miner.nextCall('client.show_message');
  node.nilzcoin = { ...node.nilzcoin, network: 'test', address_prefix: 'tnilz' };
  await node.listen(port);
  node.advance();
  let trouble: string;
  do trouble = (await get<{ trouble: string }>(`${pool.httpUrl}/health`)).body.trouble;
  while (!trouble.includes('the node is on the network "test" now, this pool is on "dev"'));
  assert.deepEqual(
    miner.unread.filter(({ method }) => method === 'mining.notify'),
    [],
  );
});

test(
  'a node that fails but for a moment and is on another network then: no work either',
  LIMITED,
  async (t) => {
    const { node, pool } = await startPoolUnderTest(t, { pollMs: 20, patienceMs: 60_000 });
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    await miner.login(USER);
    const { port } = node;
    node.interfere = () => 'lost';
    await node.stop();
    await node.listen(port);
    const before = node.calls.length;
    while (node.calls.length < before + 10) await node.nextCall();
    node.nilzcoin = { ...node.nilzcoin, network: 'test', address_prefix: 'tnilz' };
    node.advance();
    const swapped = node.calls.length;
    node.interfere = () => undefined;
    while (node.calls.length < swapped + 10) await node.nextCall();
    // A long poll of before may still be answered: nothing is made of it.
    assert.deepEqual(
      miner.unread.filter(({ method }) => method === 'mining.notify'),
      [],
    );
  },
);

test('without long poll the tip is noticed by asking', LIMITED, async (t) => {
  const { node, pool } = await startPoolUnderTest(t, { pollMs: 10 }, (fake) => {
    fake.bits = HARD_BITS;
    const template = fake.template.bind(fake);
    fake.template = () => ({ ...template(), longpollid: undefined });
  });
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  await miner.login(USER);
  const hash = node.advance();
  assert.equal(displayHash((await miner.nextJob()).previousHash), hash);
  assert.equal(node.longPolls, 0);
});

test('a lying node counts as away; the jobs before go on', LIMITED, async (t) => {
  const { node, pool } = await startPoolUnderTest(t, { pollMs: 10, patienceMs: 30 });
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  await miner.login(USER);
  const truth = node.template.bind(node);
  node.template = () => ({ ...truth(), transactions: 'none' });
  node.advance();
  await miner.nextCall('client.show_message');
  const { body } = await get<{ trouble: string }>(`${pool.httpUrl}/health`);
  assert.match(body.trouble, /the template's transactions is wrong/);
});

test(
  'a reorganisation back to a tip makes its work valid again, and what was credited stays credited',
  LIMITED,
  async (t) => {
    const { node, pool } = await startPoolUnderTest(t);
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    node.advance();
    const work = await miner.login(USER);
    if (displayHash(work.job.previousHash) !== node.tip) await miner.nextJob();
    const current = { ...work, job: work.job };
    const { params } = findShare(current);
    assert.equal((await miner.request('mining.submit', params)).result, true);
    node.advance();
    await miner.nextJob();
    node.rewindTo(1);
    assert.equal((await miner.nextJob()).cleanJobs, true);
    assert.deepEqual((await miner.request('mining.submit', params)).error, [22, 'duplicate share', null]);
    assert.equal(
      (await miner.request('mining.submit', findShare(current, { extranonce2: '00000001' }).params)).result,
      true,
    );
  },
);

test('after a restart the ledger goes on where it was, and old jobs are unknown', LIMITED, async (t) => {
  const { node, pool, options } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  const work = await miner.login(USER);
  const { params } = findShare(work);
  await miner.request('mining.submit', params);
  await pool.stop();
  await miner.closed;

  const again = await startPool({ ...options, nodes: [{ url: node.url }] });
  t.after(() => again.stop());
  const second = await StratumMiner.connect(again.stratumUrl);
  t.after(() => second.close());
  const next = await second.login(USER);
  assert.notEqual(next.job.jobId, work.job.jobId);
  const [code] = (await second.request('mining.submit', params)).error as [number];
  assert.equal(code, 21);
  await second.request('mining.submit', findShare(next).params);
  assert.equal((await get<Stats>(`${again.httpUrl}/stats`)).body.ledger.last_share, 2);
});

test('stopping answers the shares that are under way', LIMITED, async (t) => {
  const { pool, options } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  const work = await miner.login(USER);
  const shares = [];
  for (let nonce = 0; shares.length < 20; ) {
    const found = findShare(work, { firstNonce: nonce });
    nonce = found.nonce + 1;
    shares.push(found);
  }
  miner.send(...shares.map(({ params }, id) => ({ id, method: 'mining.submit', params })), {
    id: null,
    method: 'mining.ping',
  });
  // The last line has been read when this is answered.
  const other = await StratumMiner.connect(pool.stratumUrl);
  await other.request('mining.ping', []);
  await pool.stop();
  await miner.closed;
  const acknowledged = miner.unread.filter(({ result }) => result === true).length;
  const ledger = await Ledger.open({ file: options.ledgerFile, network: pool.network.identity, log: SILENT });
  t.after(() => ledger.close());
  assert.equal((await ledger.shares.after(0, 100)).length, acknowledged);
  assert.equal(acknowledged, 20);
});

test('a pool waits for its node', LIMITED, async (t) => {
  const node = await FakeNode.start();
  const { url, port } = node;
  await node.stop();
  const directory = await temporaryDirectory(t);
  const starting = startPool({ ...poolOptionsAt(url, directory) });
  await node.listen(port);
  const pool = await starting;
  t.after(async () => {
    await pool.stop();
    await node.stop();
  });
  assert.equal(pool.network.name, 'dev');
});

function poolOptionsAt(url: string, directory: string) {
  return poolOptions({ url }, directory);
}

test('the wait for the node ends when the pool is told to stop', LIMITED, async (t) => {
  const stopping = new AbortController();
  const directory = await temporaryDirectory(t);
  const starting = startPool({
    ...poolOptionsAt('http://u:p@127.0.0.1:1', directory),
    stopping: stopping.signal,
  });
  stopping.abort(new Error('enough'));
  await assert.rejects(starting);
});

test('what keeps a pool from starting is said in one sentence, and nothing runs then', LIMITED, async (t) => {
  const directory = await temporaryDirectory(t);
  const node = await FakeNode.start();
  t.after(() => node.stop());
  const start = (changes: object) => startPool(poolOptions(node, directory, changes));

  await assert.rejects(start({ rewardAddress: 'nilz1qzyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3kvpjgt' }), (error) => {
    assert.ok(error instanceof AddressError);
    assert.match(error.message, /^--address nilz1q.* prefix "nilz1".*"dnilz1".*the node is on "dev"/);
    return true;
  });
  await assert.rejects(start({ expectedNetwork: 'test' }), NetworkError);

  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  const listenError = (setting: RegExp) => (error: unknown) =>
    error instanceof ListenError && setting.test(error.message) && error.port === port;
  await assert.rejects(start({ stratum: { host: '127.0.0.1', port } }), listenError(/--stratum-port/));
  await assert.rejects(start({ http: { host: '127.0.0.1', port } }), listenError(/--http-port/));

  const pool = await start({});
  await assert.rejects(start({}), DirectoryInUseError);
  await pool.stop();

  node.interfere = () => ({ error: { code: -32601, message: 'no' } });
  await assert.rejects(start({}), /no/);
  node.interfere = () => ({ result: 'nonsense' });
  await assert.rejects(start({}), UnreachableError);
  node.interfere = () => undefined;
  node.nilzcoin = undefined;
  node.chain = 'moon';
  await assert.rejects(start({}), /chain "moon"/);
});

test('in front of a Bitcoin node every kind of address of its network is taken', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(
    t,
    { rewardAddress: 'bcrt1qxvenxvenxvenxvenxvenxvenxvenxvenztev8a' },
    (node) => {
      node.nilzcoin = undefined;
      node.chain = 'regtest';
      node.bits = HARD_BITS;
    },
  );
  assert.equal(pool.network.name, 'bitcoin-regtest');
  // There is only solo there: a connection works for one address.
  const answer = async (user: string) => {
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    await miner.request('mining.subscribe', []);
    return (await miner.request('mining.authorize', [user])).result;
  };
  assert.equal(await answer('mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn.p2pkh'), true);
  assert.equal(await answer('2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc'), true);
  assert.equal(await answer('BCRT1QXVENXVENXVENXVENXVENXVENXVENXVENZTEV8A'), true);
  assert.equal(await answer('1BoatSLRHtKNngkdXEeobR76b53LETtpyT'), false);
  assert.equal(await answer(MINER_ADDRESS), false);
});
