import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Clock, systemClock } from '../../../pool/clock.ts';
import type { RunningEdge } from '../../../pool/edge/edge.ts';
import { Ledger } from '../../../pool/ledger/ledger.ts';
import { type PoolOptions, startPool } from '../../../pool/pool.ts';
import { DEFAULT_DIFFICULTY } from '../../../pool/stratum/difficulty.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { BreakableLine, healthOfEdge, startEdgeUnderTest } from '../../kit/edge-kit.ts';
import { FakeNode } from '../../kit/fake-node.ts';
import { LoadMiner } from '../../kit/load-miner.ts';
import {
  HARD_BITS,
  MINER_ADDRESS,
  poolOptions,
  SILENT,
  startPoolUnderTest,
  temporaryDirectory,
} from '../../kit/pool-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';

const USER = `${MINER_ADDRESS}.rig`;
const NETWORK = `dev e3646e69 ${'0f'.repeat(32)}`;
const LIMITED = { timeout: 60_000 };
/** Nobody is read slower. */
const LIMITS = { messagesPerSecond: 1e6, messagesPerSecondPerAddress: 1e6 };
const FAST = { ...DEFAULT_DIFFICULTY, shareIntervalMs: 0, start: 1e-8, minimum: 1e-10, maximum: 1e9 };

/** The machine's clocks, that can be made to run ahead. */
class HurriedClock implements Clock {
  aheadMs = 0;

  wallMs(): number {
    return systemClock.wallMs() + this.aheadMs;
  }

  steadyMs(): number {
    return systemClock.steadyMs() + this.aheadMs;
  }
}

/** Hashes of all shares of a ledger that nobody uses any more. */
async function hashesIn({ ledgerFile: file }: PoolOptions): Promise<string[]> {
  const ledger = await Ledger.open({ file, network: NETWORK, log: SILENT });
  const shares = await ledger.shares.after(0, 1_000_000);
  await ledger.close();
  return shares.map(({ hash }) => displayHash(hash));
}

/** Compares what miners were told with what the ledger holds. */
function checkBooks(miners: readonly LoadMiner[], hashes: readonly string[]): void {
  const kept = new Set(hashes);
  assert.equal(kept.size, hashes.length, 'a share is in the ledger once');
  const acknowledged = miners.flatMap((miner) => [...miner.acknowledged]);
  assert.deepEqual(
    acknowledged.filter((hash) => !kept.has(hash)),
    [],
    'every acknowledged share is in the ledger',
  );
  assert.equal(acknowledged.length, hashes.length, 'and every share of the ledger was acknowledged');
  assert.ok(
    miners.every(({ wasDropped }) => !wasDropped),
    'no miner was disconnected',
  );
  assert.deepEqual(
    miners.flatMap(({ refused }) => refused),
    [],
  );
}

async function startMiners(t: TestContext, edge: RunningEdge, count: number): Promise<LoadMiner[]> {
  const starts = Array.from({ length: count }, (_, index) =>
    LoadMiner.start(edge.stratumUrl, `${USER}${index}`),
  );
  const miners = await Promise.all(starts);
  t.after(() => {
    for (const miner of miners) miner.close();
  });
  return miners;
}

test(
  'a miner at an edge is served as one at the pool, and its shares are in the ledger when they are acknowledged',
  LIMITED,
  async (t) => {
    const { pool, node } = await startPoolUnderTest(t);
    const edge = await startEdgeUnderTest(t, pool);
    const miner = await StratumMiner.connect(edge.stratumUrl);
    const work = await miner.login(USER, 'd=0.0000002');
    assert.equal(work.difficulty, 2e-7);
    assert.equal((work.extranonce1[0] ?? 0) & 0x80, 0x80, 'the search space of an edge');
    const { params } = findShare(work, { versionBits: 0 });
    const rolled = [...params.slice(0, 5)];
    assert.equal((await miner.request('mining.submit', rolled)).result, true);
    const stats = (await (await fetch(`${pool.httpUrl}/stats`)).json()) as {
      shares: { accepted: number };
      workers: { address: string; worker: string }[];
    };
    assert.equal(stats.shares.accepted, 1);
    assert.equal(stats.workers[0]?.worker, 'rig');
    assert.deepEqual((await miner.request('mining.submit', rolled)).error, [22, 'duplicate share', null]);
    const next = miner.nextJob();
    node.advance();
    const job = await next;
    assert.equal(job.cleanJobs, true);
    const fresh = findShare({ ...work, job });
    assert.equal((await miner.request('mining.submit', fresh.params)).result, true);
    miner.close();
  },
);

test(
  'a changed difficulty comes with a job of the edge, without a question to the pool',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    const edge = await startEdgeUnderTest(t, pool);
    const miner = await StratumMiner.connect(edge.stratumUrl);
    const work = await miner.login(USER);
    await miner.request('mining.suggest_difficulty', [3e-7]);
    assert.deepEqual((await miner.nextCall('mining.set_difficulty')).params, [3e-7]);
    const job = await miner.nextJob();
    assert.notEqual(job.jobId, work.job.jobId);
    // What was begun under the former job still counts, at the former difficulty.
    for (const found of [findShare(work), findShare({ ...work, job, difficulty: 3e-7 })]) {
      assert.equal((await miner.request('mining.submit', found.params)).result, true);
    }
    miner.close();
  },
);

test('a block found at an edge gets to the network', LIMITED, async (t) => {
  const { pool, node } = await startPoolUnderTest(t, {}, (each) => {
    each.bits = 0x1f7fffff;
  });
  const edge = await startEdgeUnderTest(t, pool);
  const miner = await StratumMiner.connect(edge.stratumUrl);
  const work = await miner.login(USER);
  const found = node.nextBlock();
  const block = findShare(work, { accepts: (hash) => (hash[31] ?? 0) === 0 && (hash[30] ?? 0) < 0x7f });
  assert.equal((await miner.request('mining.submit', block.params)).result, true);
  assert.equal((await found).hash, displayHash(block.hash));
  const { blocks } = (await (await fetch(`${pool.httpUrl}/stats`)).json()) as {
    readonly blocks: readonly { readonly hash: string; readonly worker: string }[];
  };
  assert.deepEqual(
    blocks.map(({ hash, worker }) => [hash, worker]),
    [[displayHash(block.hash), 'rig']],
  );
  miner.close();
});

test('an edge speaks WebSocket on its HTTP port, and tells of both its sides', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const edge = await startEdgeUnderTest(t, pool);
  const miner = await StratumMiner.connect(`${edge.httpUrl.replace('http', 'ws')}/stratum`);
  const work = await miner.login(USER);
  assert.equal((await miner.request('mining.submit', findShare(work).params)).result, true);
  const health = await healthOfEdge(edge);
  assert.equal(health.code, 200);
  assert.equal(health.pool.state, 'up');
  assert.equal(health.miners.open, 1);
  assert.equal(health.shares.accepted, 1);
  const metrics = await (await fetch(`${edge.httpUrl}/metrics`)).text();
  assert.match(metrics, /nilz_edge_pool_up 1\n/);
  assert.match(metrics, /nilz_edge_shares_accepted_total 1\n/);
  assert.ok(!metrics.includes('rig') && !metrics.includes(MINER_ADDRESS));
  assert.equal((await fetch(`${edge.httpUrl}/stats`)).status, 404);
  assert.equal((await fetch(`${edge.httpUrl}/health`, { method: 'POST' })).status, 405);
  miner.close();
});

test('an edge lets in only whom its list names', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const closed = await startEdgeUnderTest(t, pool, { id: 'closed', allow: ['192.0.2.0/24'] });
  await (await StratumMiner.connect(closed.stratumUrl)).closed;
  const open = await startEdgeUnderTest(t, pool, { id: 'open', allow: ['192.0.2.0/24', '127.0.0.0/8'] });
  const miner = await StratumMiner.connect(open.stratumUrl);
  await miner.login(USER);
  miner.close();
});

test('wherever the line to the pool breaks, shares are counted once and miners stay', LIMITED, async (t) => {
  const directory = await temporaryDirectory(t);
  const node = await FakeNode.start();
  node.bits = HARD_BITS;
  t.after(() => node.stop());
  const options = poolOptions(node, directory, { difficulty: FAST });
  const pool = await startPool(options);
  t.after(() => pool.stop());
  const line = await BreakableLine.to(t, pool.httpUrl);
  const edge = await startEdgeUnderTest(t, { ...pool, httpUrl: line.url }, { limits: LIMITS });
  const miners = await startMiners(t, edge, 4);
  for (let round = 0; round < 25; round++) {
    // Somewhere in the handshake, in a hello, in a batch or in its answer.
    line.breaksAfter = 1 + Math.floor(Math.random() ** 3 * 60_000);
    await miners[round % miners.length]?.acknowledges(40);
  }
  line.breaksAfter = undefined;
  await Promise.all(miners.map((miner) => miner.finish()));
  assert.ok(line.breaks >= 10, `the line broke ${line.breaks} times`);
  await edge.stop();
  await pool.stop();
  checkBooks(miners, await hashesIn(options));
});

test(
  'a pool that is restarted under load loses no share and counts none twice; miners stay',
  LIMITED,
  async (t) => {
    const directory = await temporaryDirectory(t);
    const node = await FakeNode.start();
    node.bits = HARD_BITS;
    t.after(() => node.stop());
    const options = poolOptions(node, directory, { difficulty: FAST });
    let pool = await startPool(options);
    t.after(() => pool.stop());
    const line = await BreakableLine.to(t, pool.httpUrl);
    const edge = await startEdgeUnderTest(t, { ...pool, httpUrl: line.url }, { limits: LIMITS });
    const miners = await startMiners(t, edge, 4);
    for (let round = 0; round < 4; round++) {
      await miners[0]?.acknowledges(100);
      await pool.stop();
      // Others find a block while the pool is away: what its miners do meanwhile was not known to be late.
      if (round % 2 === 1) node.advance();
      pool = await startPool(options);
      line.leadTo(pool.httpUrl);
    }
    await miners[0]?.acknowledges(100);
    await Promise.all(miners.map((miner) => miner.finish()));
    await edge.stop();
    await pool.stop();
    checkBooks(miners, await hashesIn(options));
  },
);

test(
  'an edge without its pool tells miners, holds what it has room for, and says so on /health',
  LIMITED,
  async (t) => {
    const clock = new HurriedClock();
    const { pool } = await startPoolUnderTest(t, { difficulty: FAST });
    const line = await BreakableLine.to(t, pool.httpUrl);
    const edge = await startEdgeUnderTest(t, { ...pool, httpUrl: line.url }, { clock, maxHeld: 3 });
    const miner = await StratumMiner.connect(edge.stratumUrl);
    const work = await miner.login(USER);
    line.down();
    const away = line.nextAttempt();
    await away;
    clock.aheadMs += 4_000;
    let nonce = 0;
    const answers = Array.from({ length: 5 }, () => {
      const found = findShare(work, { firstNonce: nonce });
      nonce = found.nonce + 1;
      return miner.request('mining.submit', found.params);
    });
    const notice = await miner.nextCall('client.show_message');
    assert.match(String(notice.params?.[0]), /away\. Work goes on for 120 s/);
    const during = await healthOfEdge(edge);
    assert.equal(during.code, 200, 'miners have work');
    assert.equal(during.pool.state, 'away');
    assert.equal(during.shares.held, 3);
    clock.aheadMs += 120_000;
    const paused = await miner.nextCall('client.show_message');
    assert.match(String(paused.params?.[0]), /shares are not taken until it is back/);
    const after = await healthOfEdge(edge);
    assert.equal(after.code, 503);
    assert.match(after.trouble ?? '', /is away/);
    const late = miner.request('mining.submit', findShare(work, { firstNonce: nonce }).params);
    line.restore();
    const results = await Promise.all([...answers, late]);
    assert.deepEqual(
      results.map(({ result }) => result),
      [true, true, true, null, null, null],
    );
    assert.match(String(results[3]?.error), /holds all it has room for/);
    assert.match(String(results[5]?.error), /away for too long/);
    assert.match(String((await miner.nextCall('client.show_message')).params?.[0]), /pool is back/);
    miner.close();
  },
);

test(
  'answers of the pool, refusals among them, leave an edge in the order of the requests',
  LIMITED,
  async (t) => {
    const clock = new HurriedClock();
    const { pool, node } = await startPoolUnderTest(t, { difficulty: FAST, clock });
    const line = await BreakableLine.to(t, pool.httpUrl);
    const edge = await startEdgeUnderTest(t, { ...pool, httpUrl: line.url });
    const miner = await StratumMiner.connect(edge.stratumUrl);
    const work = await miner.login(USER);
    const first = findShare(work);
    const second = findShare(work, { firstNonce: first.nonce + 1 });
    line.down();
    await line.nextAttempt();
    // The pool sees the new block, the edge does not: what is handed in later was for nothing.
    node.advance();
    const tip = node.tip;
    while (
      ((await (await fetch(`${pool.httpUrl}/stats`)).json()) as { network: { tip: string } }).network.tip !==
      tip
    );
    clock.aheadMs += 2_500;
    miner.send(
      { id: 1, method: 'mining.submit', params: first.params },
      { id: 2, method: 'mining.submit', params: ['nobody', ...first.params.slice(1)] },
      { id: 3, method: 'mining.submit', params: second.params },
      { id: 4, method: 'mining.submit', params: first.params },
    );
    line.restore();
    const lines = [];
    while (lines.length < 4) {
      const answer = await miner.next();
      if (answer.method === undefined) lines.push(answer);
    }
    assert.deepEqual(
      lines.map(({ id, error }) => [id, (error as unknown[])[0]]),
      [
        [1, 21],
        [2, 24],
        [3, 21],
        [4, 22],
      ],
    );
    miner.close();
  },
);
