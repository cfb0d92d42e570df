import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import { systemClock } from '../../../pool/clock.ts';
import { type EdgeOptions, startEdge } from '../../../pool/edge/edge.ts';
import { wireJobOf } from '../../../pool/edge/edge-job.ts';
import { PoolLink } from '../../../pool/edge/pool-link.ts';
import type { Welcome } from '../../../pool/edge/wire.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import { healthOfEdge } from '../../kit/edge-kit.ts';
import { MINER_ADDRESS } from '../../kit/pool-kit.ts';
import { poolJob, someTemplate } from '../../kit/session-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';
import { SILENT } from '../../kit/surroundings.ts';

const LIMITED = { timeout: 30_000 };
const TOKEN = 'a token of thirty-two characters'.replaceAll(' ', '-');

interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

function welcome(changes: Partial<Welcome> = {}): Welcome {
  const tip = newTip(new Uint8Array(32).fill(7), 999);
  const now = { time: Math.floor(Date.now() / 1000) };
  return {
    protocol: 1,
    prefix: 3,
    extranonce2_size: 4,
    network: {
      ...{ name: 'dev', hrp: 'dnilz', p2pkh: null, p2sh: null, only_p2wpkh: true, identity: 'dev 1' },
      ...{ maturity: 10, block_time_seconds: 10 },
    },
    difficulty: {
      ...{ start: 1e-8, minimum: 1e-10, maximum: 1e9 },
      ...{ share_interval_ms: 0, share_target_multiplier: 16 },
    },
    job_ttl_ms: 90_000,
    job: wireJobOf(poolJob(1, someTemplate(now), tip), 1_000_000),
    ...changes,
  };
}

/** A pool that plays a script. */
class ScriptedPool extends EventEmitter<{ request: [Request, WebSocket]; open: [WebSocket] }> {
  /** What requests are answered with; undefined leaves one without an answer. */
  answer: (request: Request) => object | undefined = ({ method, params }) => {
    if (method === 'hello') return { result: welcome() };
    if (method === 'block') return { result: { outcome: true } };
    return { result: { outcomes: (params.shares as unknown[]).map(() => true) } };
  };
  readonly #server = createServer((_request, response) => response.writeHead(503).end());

  static async start(t: TestContext): Promise<ScriptedPool> {
    const pool = new ScriptedPool();
    const sockets = new WebSocketServer({ server: pool.#server, path: '/edge' });
    sockets.on('connection', (socket) => {
      pool.emit('open', socket);
      socket.on('message', (data) => {
        const request = JSON.parse(String(data)) as Request;
        if (request.id === undefined) return;
        const answer = pool.answer(request);
        if (answer !== undefined) socket.send(JSON.stringify({ jsonrpc: '2.0', id: request.id, ...answer }));
        pool.emit('request', request, socket);
      });
    });
    pool.#server.listen(0, '127.0.0.1');
    await once(pool.#server, 'listening');
    t.after(() => {
      for (const socket of sockets.clients) socket.terminate();
      pool.#server.close();
    });
    return pool;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
}

function edgeOptions(pool: ScriptedPool): EdgeOptions {
  return {
    id: 'edge-1',
    poolUrl: pool.url,
    token: TOKEN,
    stratum: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: 0 },
    allow: [],
    maxOfflineMs: 120_000,
    maxHeld: 100,
    log: SILENT,
    firstPauseMs: 5,
  };
}

test('an edge waits for its pool, and takes no answer for a welcome that is none', LIMITED, async (t) => {
  const pool = await ScriptedPool.start(t);
  const wrong: readonly object[] = [
    { result: null },
    { result: { ...welcome(), prefix: 0x8000 } },
    { result: { ...welcome(), extranonce2_size: 40 } },
    { result: { ...welcome(), more: 1 } },
    { result: { ...welcome(), difficulty: { ...welcome().difficulty, start: -1 } } },
    { result: { ...welcome(), job: { ...welcome().job, bits: 0xff7fffff } } },
    { error: { code: -32004, message: 'there is no prefix left' } },
    { error: 'no error object' },
  ];
  let greetings = 0;
  const honest = pool.answer;
  pool.answer = (request) => (request.method === 'hello' ? wrong[greetings++] : undefined) ?? honest(request);
  const edge = await startEdge(edgeOptions(pool));
  t.after(() => edge.stop());
  assert.equal(greetings, wrong.length + 1);
  assert.equal((await healthOfEdge(edge)).code, 200);
});

test('an edge that is stopped while it waits for its pool ends at once', LIMITED, async (t) => {
  const pool = await ScriptedPool.start(t);
  pool.answer = () => undefined;
  const stopping = new AbortController();
  const started = startEdge({ ...edgeOptions(pool), stopping: stopping.signal });
  await once(pool, 'request');
  stopping.abort();
  await assert.rejects(started, /stopping/);
});

test('whatever the pool says, the edge goes on and its miners stay', LIMITED, async (t) => {
  const pool = await ScriptedPool.start(t);
  let line: WebSocket | undefined;
  pool.on('open', (socket) => {
    line = socket;
  });
  const edge = await startEdge(edgeOptions(pool));
  t.after(() => edge.stop());
  const miner = await StratumMiner.connect(edge.stratumUrl);
  await miner.login(MINER_ADDRESS);
  const { job } = welcome();
  const field = fc.constantFrom(...Object.keys(job ?? {}), 'other');
  const lie = fc.tuple(field, fc.oneof(fc.jsonValue(), fc.string(), fc.double(), fc.integer()));
  const method = fc.constantFrom('job', 'notice', 'hello', 'shares');
  const junk = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ jsonrpc: fc.constant('2.0'), method, params: fc.jsonValue() }),
    fc.record({ jsonrpc: fc.constant('2.0'), id: fc.nat(), result: fc.jsonValue() }),
    lie.map(([name, value]) => ({
      jsonrpc: '2.0',
      method: 'job',
      params: { job: { ...job, [name]: value }, clean: true },
    })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(junk, { minLength: 1, maxLength: 5 }), async (messages) => {
      for (const message of messages) {
        if (line?.readyState !== WebSocket.OPEN) break;
        line.send(typeof message === 'string' ? message : JSON.stringify(message));
      }
      const again = once(pool, 'request');
      line?.close();
      await again;
    }),
    { numRuns: 60 },
  );
  assert.equal((await miner.request('mining.ping', [])).result, 'pong');
  assert.equal((await healthOfEdge(edge)).code, 200);
  miner.close();
});

test(
  'answers that do not fit the shares end the connection, and the shares are delivered again',
  LIMITED,
  async (t) => {
    const pool = await ScriptedPool.start(t);
    const honest = pool.answer;
    const wrong = [
      { result: { outcomes: [] } },
      { result: { outcomes: [true, true] } },
      { result: { outcomes: [false] } },
      { result: { outcomes: [{ reason: 'no reason', message: '' }] } },
      { error: { code: 1, message: 'something broke' } },
    ];
    const sequences: unknown[] = [];
    pool.answer = (request) => {
      if (request.method === 'shares') {
        sequences.push((request.params.shares as { sequence: number }[])[0]?.sequence);
        return wrong.shift() ?? honest(request);
      }
      return honest(request);
    };
    const edge = await startEdge(edgeOptions(pool));
    t.after(() => edge.stop());
    const miner = await StratumMiner.connect(edge.stratumUrl);
    const work = await miner.login(MINER_ADDRESS);
    const { result } = await miner.request('mining.submit', findShare(work).params);
    assert.equal(result, true);
    assert.deepEqual(sequences, [1, 1, 1, 1, 1, 1]);
    miner.close();
  },
);

test(
  'shares that the pool does not understand are told to their miners, and not delivered for ever',
  LIMITED,
  async (t) => {
    const pool = await ScriptedPool.start(t);
    const honest = pool.answer;
    let refusals = 0;
    pool.answer = (request) => {
      if (request.method !== 'shares' || refusals > 0) return honest(request);
      refusals += 1;
      return { error: { code: -32602, message: 'shares.0.difficulty: too small' } };
    };
    // As a pool does whose rule was broken.
    pool.on('request', ({ method }, socket) => {
      if (method === 'shares' && refusals === 1) socket.close(1008, 'shares.0.difficulty: too small');
    });
    const edge = await startEdge(edgeOptions(pool));
    t.after(() => edge.stop());
    const miner = await StratumMiner.connect(edge.stratumUrl);
    t.after(() => miner.close());
    const work = await miner.login(MINER_ADDRESS);
    const { params } = findShare(work);
    const message = 'the pool takes no such share: shares.0.difficulty: too small';
    assert.deepEqual((await miner.request('mining.submit', params)).error, [20, message, null]);
    refusals = 2;
    assert.equal((await miner.request('mining.submit', params)).result, true, 'it was not credited');
  },
);

test(
  'an edge follows the difficulty limits of a pool that was started anew with others',
  LIMITED,
  async (t) => {
    const pool = await ScriptedPool.start(t);
    let line: WebSocket | undefined;
    pool.on('open', (socket) => {
      line = socket;
    });
    const edge = await startEdge(edgeOptions(pool));
    t.after(() => edge.stop());
    const startOf = async () => {
      const miner = await StratumMiner.connect(edge.stratumUrl);
      t.after(() => miner.close());
      return (await miner.login(MINER_ADDRESS)).difficulty;
    };
    assert.equal(await startOf(), 1e-8);
    const difficulty = { ...welcome().difficulty, start: 4e-8, minimum: 2e-8 };
    pool.answer = () => ({ result: welcome({ difficulty }) });
    line?.close();
    await once(pool, 'request');
    while ((await healthOfEdge(edge)).pool.state !== 'up');
    assert.equal(await startOf(), 4e-8);
  },
);

test('a pool that has become another one is not worked for', LIMITED, async (t) => {
  const pool = await ScriptedPool.start(t);
  let line: WebSocket | undefined;
  pool.on('open', (socket) => {
    line = socket;
  });
  const edge = await startEdge(edgeOptions(pool));
  t.after(() => edge.stop());
  const others: readonly [Welcome, RegExp][] = [
    [welcome({ prefix: 4 }), /another ledger than before.*restart the edge/],
    [welcome({ extranonce2_size: 8 }), /8 bytes now, before it had 4: restart the edge/],
    [
      welcome({ network: { ...welcome().network, identity: 'dev 2' } }),
      /on the network "dev" now.*restart the edge/,
    ],
  ];
  for (const [other, reason] of others) {
    pool.answer = () => ({ result: other });
    line?.close();
    await once(pool, 'request');
    // The next attempt comes when this one was judged.
    await once(pool, 'request');
    const health = await healthOfEdge(edge);
    assert.equal(health.pool.state, 'away');
    assert.match(health.pool.reason ?? '', reason);
  }
});

test('a pool that says nothing any more is given up, and looked for again', LIMITED, async (t) => {
  const pool = await ScriptedPool.start(t);
  let ups = 0;
  let downs = 0;
  const events = new EventEmitter<{ up: [] }>();
  const link = new PoolLink({
    url: pool.url,
    token: TOKEN,
    hello: () => ({ protocol: 1, edge: 'edge-1', instance: '00'.repeat(8), first: 1, next: 1 }),
    listener: {
      onUp: () => undefined,
      onReady: () => {
        ups += 1;
        events.emit('up');
      },
      onJob: () => undefined,
      onNotice: () => undefined,
      onDown: () => {
        downs += 1;
      },
    },
    clock: systemClock,
    random: () => 0,
    log: SILENT,
    timing: { pingMs: 20, silenceMs: 60, answerMs: 1_000 },
    firstPauseMs: 5,
  });
  t.after(() => link.stop());
  // Reads nothing: as a machine does that has lost its network.
  pool.once('open', (socket) => socket.once('message', () => setImmediate(() => socket.pause())));
  await link.start();
  await once(events, 'up');
  assert.deepEqual([ups, downs], [2, 1]);
  assert.equal(link.state.name, 'up');
});

test('pauses between attempts grow, and no two edges come back at the same moment', LIMITED, async () => {
  const attempts: number[] = [];
  const server = createServer();
  const reached = new EventEmitter<{ enough: [] }>();
  server.on('upgrade', (_request, socket) => {
    attempts.push(performance.now());
    socket.destroy();
    if (attempts.length === 6) reached.emit('enough');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const link = new PoolLink({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: TOKEN,
    hello: () => ({ protocol: 1, edge: 'edge-1', instance: '00'.repeat(8), first: 1, next: 1 }),
    listener: {
      onUp: () => undefined,
      onReady: () => undefined,
      onJob: () => undefined,
      onNotice: () => undefined,
      onDown: () => undefined,
    },
    clock: systemClock,
    random: () => 0,
    log: SILENT,
    firstPauseMs: 20,
  });
  const started = link.start();
  await once(reached, 'enough');
  await link.stop();
  await assert.rejects(started, /stopping/);
  server.close();
  // With chance at its lowest a pause is half of what it may be: 10, 20, 40, 80, 160 ms.
  const pauses = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
  for (const [index, pause] of pauses.entries()) assert.ok(pause >= 10 * 2 ** index - 2, String(pauses));
});
