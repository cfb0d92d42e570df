import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, describe, test } from 'node:test';
import { type Miner, type MinerOptions, startMiner } from '../../miner/miner.ts';
import { createLogger } from '../../service/log.ts';
import { nextEvent } from '../kit/miner-kit.ts';
import { type MockPool, type MockPoolOptions, startMockPool } from '../kit/mock-pool.ts';

const log = createLogger({ name: 'miner', level: 'silent' });
const QUICK = { firstDelayMs: 5, maxDelayMs: 40 };

const running: { stop(): Promise<void> }[] = [];

async function pool(options?: MockPoolOptions): Promise<MockPool> {
  const started = await startMockPool(options);
  running.push(started);
  return started;
}

async function miner(url: string, options: Partial<MinerOptions> = {}): Promise<Miner> {
  const started = await startMiner({
    pools: [{ url, user: 'dnilz1address.rig' }],
    threads: 1,
    log,
    backOff: QUICK,
    ...options,
  });
  running.push(started);
  return started;
}

async function until(from: MockPool, isDone: () => boolean): Promise<void> {
  if (!isDone()) await from.next('share', isDone);
}

after(async () => {
  await Promise.all(running.map((service) => service.stop()));
});

describe('a miner at a pool', () => {
  test('two threads find shares that the pool accepts, all different', async () => {
    const server = await pool({ difficulty: 2e-6 });
    const rig = await miner(server.url, { threads: 2 });
    const byThread = (): Set<number> =>
      new Set(server.shares.map(({ extranonce2 }) => Number.parseInt(extranonce2, 16) % 2));
    await until(server, () => server.shares.length >= 40 && byThread().size === 2);
    await rig.stop();
    assert.deepEqual(new Set(server.shares.map((share) => share.verdict)), new Set(['accepted']));
    const { shares, state } = rig.stats();
    assert.equal(shares.accepted, server.shares.length);
    assert.equal(shares.rejected + shares.stale + shares.unanswered + shares.inFlight, 0);
    assert.equal(state, 'stopped');
  });

  test('threads divide the nonces where the pool leaves no extranonce2', async () => {
    const server = await pool({ difficulty: 2e-6, extranonce2Size: 0 });
    const rig = await miner(server.url, { threads: 2 });
    await until(server, () => server.shares.length >= 20);
    await rig.stop();
    assert.deepEqual(new Set(server.shares.map((share) => share.verdict)), new Set(['accepted']));
  });

  test('a clean job stops work on the ones before it', async () => {
    const server = await pool({ difficulty: 1e-5 });
    const rig = await miner(server.url);
    await until(server, () => server.shares.length >= 3);
    for (let i = 0; i < 10; i++) {
      const jobId = server.newJob(true);
      await server.next('share', (share) => share.jobId === jobId);
    }
    // A share may have been on its way when a job came, but none follows one for a newer job.
    const order = server.shares.map((share) => Number(share.jobId.slice(1)));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    await rig.stop();
  });

  test('a new difficulty is worked at from the next job on', async () => {
    const server = await pool({ difficulty: 1e-6 });
    const rig = await miner(server.url);
    await until(server, () => server.shares.length >= 2);
    server.difficulty = 1e-5;
    server.connections[0]!.notify('mining.set_difficulty', 1e-5);
    const jobId = server.newJob(true);
    const share = await server.next('share', (candidate) => candidate.jobId === jobId);
    assert.equal(share.verdict, 'accepted');
    assert.equal(rig.stats().difficulty, 1e-5);
    await rig.stop();
  });

  test('at a difficulty where every hash is a share it waits for the pool instead of flooding it', async () => {
    let unanswered = 0;
    let most = 0;
    const server = await pool({
      difficulty: 1e-10,
      intercept: ({ id, method, connection }) => {
        if (method !== 'mining.submit') return false;
        unanswered += 1;
        most = Math.max(most, unanswered);
        setImmediate(() => {
          unanswered -= 1;
          connection.send({ id, result: true, error: null });
        });
        return true;
      },
    });
    const rig = await miner(server.url, { threads: 2 });
    await nextEvent(rig, 'share-accepted', () => rig.stats().shares.accepted >= 500);
    await rig.stop();
    assert.ok(most <= 64, `${most} shares in flight`);
  });

  test('its statistics know what has been measured, and say nothing of the rest', async () => {
    const server = await pool({ difficulty: 1e-6 });
    const rig = await miner(server.url);
    const fresh = rig.stats();
    assert.equal(fresh.hashRate.minute1, null);
    assert.equal(fresh.expectedSecondsPerShare, null);
    assert.equal(fresh.bestShareDifficulty, null);
    assert.equal(fresh.secondsSinceAcceptedShare, null);
    await nextEvent(rig, 'share-accepted');
    const later = rig.stats();
    assert.equal(later.state, 'mining');
    assert.ok(['simd-2x', 'simd', 'scalar', 'js'].includes(later.kernel), later.kernel);
    assert.ok(later.bestShareDifficulty! >= 1e-6);
    assert.equal(later.difficulty, 1e-6);
    await rig.stop();
    assert.ok(rig.stats().hashes > 0);
  });
});

describe('a pool that comes and goes', () => {
  test('the miner comes back after the connection broke, again and again', async () => {
    const server = await pool();
    const rig = await miner(server.url);
    for (let round = 0; round < 4; round++) {
      const count = server.shares.length;
      await until(server, () => server.shares.length > count);
      const gone = nextEvent(rig, 'disconnected');
      server.connections.at(-1)!.close();
      await gone;
    }
    const count = server.shares.length;
    await until(server, () => server.shares.length > count);
    await rig.stop();
    assert.ok(server.shares.every((share) => share.verdict === 'accepted'));
  });

  test('the miner may start before the pool', async () => {
    const placeholder = await startMockPool();
    const { port, url } = placeholder;
    await placeholder.stop();
    const rig = await miner(url);
    const { problem } = await nextEvent(rig, 'disconnected');
    assert.equal(problem.code, 'connection-refused');
    const server = await pool({ port });
    await until(server, () => server.shares.length > 0);
    assert.equal(rig.stats().problem, null);
    await rig.stop();
  });

  test('client.reconnect is followed', async () => {
    const server = await pool();
    const rig = await miner(server.url);
    await until(server, () => server.shares.length > 0);
    server.connections[0]!.notify('client.reconnect');
    await server.next('share', (share) => share.connection === server.connections[1]);
    await rig.stop();
  });
});

describe('a pool that misbehaves', () => {
  const MISBEHAVIOURS: Readonly<Record<string, MockPoolOptions>> = {
    'sends garbage': { onConnection: (c) => c.write('\u0000\u0001\u0002 garbage\n'.repeat(100)) },
    'sends bytes that are no text': {
      onConnection: (c) => c.write(Uint8Array.of(0xff, 0xfe, 0x0a, 0xc3, 0x0a)),
    },
    'closes at once': { onConnection: (c) => c.close() },
    'closes in the middle of a line': {
      onConnection: (c) => {
        c.write('{"id":1,"result":[[["mini');
        c.socket.end();
      },
    },
    'never ends a line': { onConnection: (c) => c.write('x'.repeat(300_000)) },
    'answers with an endless subscription': {
      intercept: ({ id, connection }) => {
        connection.send({ id, result: [[], 'ab'.repeat(1_000), 4], error: null });
        return true;
      },
    },
    'is a web server': { onConnection: (c) => c.write('HTTP/1.1 400 Bad Request\r\n\r\n') },
    'speaks TLS': { onConnection: (c) => c.write(Uint8Array.of(0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46)) },
    'refuses the user': {
      intercept: ({ id, method, connection }) => {
        if (method !== 'mining.authorize') return false;
        connection.send({ id, result: false, error: [24, 'address is of another network', null] });
        return true;
      },
    },
    'sends jobs that make no sense': {
      intercept: ({ id, method, connection }) => {
        if (method !== 'mining.authorize') return false;
        connection.send({ id, result: true, error: null });
        for (let i = 0; i < 20; i++)
          connection.notify('mining.notify', 'job', 'ab', 'zz', 7, [], 0, 0, 0, 'maybe');
        return true;
      },
    },
  };
  const CODES: Readonly<Record<string, string>> = {
    'sends garbage': 'not-stratum',
    'sends bytes that are no text': 'not-stratum',
    'closes at once': 'closed-by-pool',
    'closes in the middle of a line': 'closed-by-pool',
    'never ends a line': 'line-too-long',
    'answers with an endless subscription': 'subscribe-refused',
    'is a web server': 'http-port',
    'speaks TLS': 'tls-port',
    'refuses the user': 'unauthorized',
    'sends jobs that make no sense': 'bad-job',
  };

  for (const [what, options] of Object.entries(MISBEHAVIOURS)) {
    test(`one that ${what} is left, and tried again after a while`, async () => {
      const server = await pool(options);
      const rig = await miner(server.url);
      const first = await nextEvent(rig, 'disconnected');
      assert.equal(first.problem.code, CODES[what]);
      assert.ok(first.retryInMs > 0);
      const second = await nextEvent(rig, 'disconnected');
      assert.ok(second.retryInMs > first.retryInMs / 2);
      await rig.stop();
      assert.equal(rig.stats().shares.accepted, 0);
    });
  }

  test('one that says nothing does not keep the miner from stopping', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const rig = await miner(`stratum+tcp://127.0.0.1:${port}`);
    await nextEvent(rig, 'connected');
    await rig.stop();
    silent.close();
  });

  test('one that never answers a share does not keep the miner from stopping', async () => {
    const server = await pool({ intercept: ({ method }) => method === 'mining.submit' });
    const rig = await miner(server.url);
    await server.next('request', (request) => request.method === 'mining.submit');
    await rig.stop();
    assert.ok(rig.stats().shares.unanswered > 0);
    assert.equal(rig.stats().shares.inFlight, 0);
  });
});

test('stopping waits for the answers to shares in flight', async () => {
  const held: (() => void)[] = [];
  const server = await pool({
    intercept: ({ id, method, connection }) => {
      if (method !== 'mining.submit') return false;
      held.push(() => connection.send({ id, result: true, error: null }));
      return true;
    },
  });
  const rig = await miner(server.url);
  await server.next('request', (request) => request.method === 'mining.submit');
  const stopped = rig.stop();
  setTimeout(() => {
    for (const answer of held) answer();
  }, 200);
  await stopped;
  assert.equal(rig.stats().shares.unanswered, 0);
  assert.equal(rig.stats().shares.accepted, held.length);
});

test('whoever starts it hears of every event', async () => {
  const server = await pool();
  const rig = await miner(server.url);
  const types: string[] = [];
  rig.events.on('event', (event) => types.push(event.type));
  await nextEvent(rig, 'job');
  assert.deepEqual(types, ['connecting', 'connected', 'authorized', 'difficulty', 'job']);
  await rig.stop();
});

test('stopping twice is stopping once', async () => {
  const server = await pool();
  const rig = await miner(server.url);
  await Promise.all([rig.stop(), rig.stop()]);
  assert.equal(rig.stats().state, 'stopped');
});

test('an address that is of no use is refused before anything starts', async () => {
  await assert.rejects(miner('stratum+ssl://pool.test'), /names no port/);
  await assert.rejects(
    miner('stratum+ssl://pool.test:3443', { tls: { ca: 'none' } }),
    /holds no certificate/,
  );
});
