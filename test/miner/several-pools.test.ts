/** A miner with several pools in order of preference, over real sockets. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Miner, type MinerOptions, startMiner } from '../../miner/miner.ts';
import { PROBATION_MS } from '../../miner/source/failover.ts';
import { FakeNode } from '../kit/fake-node.ts';
import { nextEvent } from '../kit/miner-kit.ts';
import { type MockPool, type MockPoolOptions, startMockPool } from '../kit/mock-pool.ts';
import { MINER_ADDRESS } from '../kit/pool-kit.ts';
import { SILENT } from '../kit/surroundings.ts';

const QUICK = { firstDelayMs: 5, maxDelayMs: 40 };
const running: { stop(): Promise<void> }[] = [];

async function pool(options?: MockPoolOptions): Promise<MockPool> {
  const started = await startMockPool(options);
  running.push(started);
  return started;
}

async function miner(
  urls: readonly string[],
  { user, ...options }: Partial<MinerOptions> & { user?: string } = {},
): Promise<Miner> {
  const places = urls.map((place, i) => ({ url: place, user: user ?? `user${i}.rig`, password: `word${i}` }));
  const started = await startMiner({ pools: places, threads: 1, log: SILENT, backOff: QUICK, ...options });
  running.push(started);
  return started;
}

/** Ports where nothing listens until a pool is started there. */
async function freePort(): Promise<number> {
  const placeholder = await startMockPool();
  const { port } = placeholder;
  await placeholder.stop();
  return port;
}

const url = (port: number): string => `stratum+tcp://127.0.0.1:${port}`;

after(async () => {
  await Promise.all(running.map((service) => service.stop()));
});

test('the second is mined for while the first is away, and the first again as soon as it is back', async () => {
  const port = await freePort();
  const second = await pool();
  const logins: unknown[] = [];
  second.events.on('request', ({ method, params }) => {
    if (method === 'mining.authorize') logins.push(params);
  });
  let aheadMs = 0;
  const rig = await miner([url(port), second.url], { nowMs: () => performance.now() + aheadMs });
  await second.next('share');
  assert.deepEqual(logins, [['user1.rig', 'word1']]);
  assert.deepEqual(
    [rig.stats().pool, rig.stats().user, rig.stats().state],
    [second.url, 'user1.rig', 'mining'],
  );

  const back = nextEvent(rig, 'pool', ({ pool: name }) => name === url(port));
  const first = await pool({ port });
  await back;
  await first.next('share');
  assert.deepEqual([rig.stats().pool, rig.stats().user], [first.url, 'user0.rig']);

  const left = second.next('disconnect');
  aheadMs = PROBATION_MS;
  first.newJob(false);
  await left;
  await rig.stop();
  for (const { shares } of [first, second]) {
    assert.ok(shares.length > 0 && shares.every(({ verdict }) => verdict === 'accepted'));
  }
  const { shares } = rig.stats();
  assert.equal(shares.accepted, first.shares.length + second.shares.length);
  assert.equal(shares.inFlight + shares.rejected + shares.unanswered, 0);
});

test('a pool that breaks off in the middle of the work is replaced by the one that is still there', async () => {
  const port = await freePort();
  const second = await pool();
  const rig = await miner([url(port), second.url]);
  await second.next('share');
  const first = await pool({ port });
  await first.next('share');
  const away = nextEvent(rig, 'pool-away');
  const again = second.next('share');
  await first.stop();
  assert.equal((await away).pool, url(port));
  await again;
  assert.equal(rig.stats().state, 'mining');
  assert.equal(second.connections.length, 1, 'the connection was kept meanwhile');
  await rig.stop();
});

test('a pool that refuses the user is given up at once for the next', async () => {
  const first = await pool({
    intercept: ({ id, method, connection }) => {
      if (method !== 'mining.authorize') return false;
      connection.send({ id, result: false, error: [24, 'address is of another network', null] });
      return true;
    },
  });
  const second = await pool();
  const rig = await miner([first.url, second.url], { backOff: { firstDelayMs: 5, maxDelayMs: 60_000 } });
  await second.next('share');
  assert.equal(first.connections.length, 1);
  await rig.stop();
});

test('pools that are away are asked every quarter of a minute, so that a better one is soon mined for', async () => {
  let nowMs = 0;
  const urls = [url(await freePort()), url(await freePort())];
  const places = urls.map((place) => ({ url: place, user: 'user.rig' }));
  // On a clock that leaps, no wait is long.
  const rig = await startMiner({
    pools: places,
    threads: 1,
    log: SILENT,
    nowMs: () => {
      nowMs += 60_000;
      return nowMs;
    },
    random: () => 1,
  });
  running.push(rig);
  const waits: number[] = [];
  rig.events.on('event', (event) => {
    if (event.type === 'disconnected') waits.push(event.retryInMs);
  });
  while (waits.length < 20) await nextEvent(rig, 'disconnected');
  await rig.stop();
  assert.equal(Math.max(...waits), 15_000);
});

test('a node of our own is what is left when the pool is away', async () => {
  const node = await FakeNode.start();
  running.push(node);
  const port = await freePort();
  const rig = await miner([url(port), `gbt+${node.url}`], { user: MINER_ADDRESS });
  await nextEvent(rig, 'share-accepted', ({ isBlock }) => isBlock);
  assert.ok(node.height > 0);
  const { pool: shown } = rig.stats();
  assert.match(shown, /^gbt\+http:\/\/127\.0\.0\.1:\d+$/, 'without the password');
  const first = await pool({ port });
  await first.next('share');
  await rig.stop();
  const { shares, blocks } = rig.stats();
  assert.equal(blocks, node.height);
  assert.equal(shares.rejected + shares.inFlight, 0);
});

test('all of them gone is waited out', async () => {
  const ports = [await freePort(), await freePort(), await freePort()];
  const rig = await miner(ports.map(url));
  for (const port of [ports[2]!, ports[0]!, ports[1]!]) {
    await nextEvent(rig, 'disconnected', ({ problem }) => problem.text.includes(`:${port}`));
  }
  const last = await pool({ port: ports[2]! });
  await last.next('share');
  assert.equal(rig.stats().pool, last.url);
  await rig.stop();
  assert.equal(rig.stats().state, 'stopped');
});

test('stopping while none is there ends at once', async () => {
  const rig = await miner([url(await freePort()), url(await freePort())]);
  await nextEvent(rig, 'disconnected');
  await rig.stop();
  assert.equal(rig.stats().state, 'stopped');
});
