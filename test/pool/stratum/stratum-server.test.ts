import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { parseNotify } from '../../../protocol/stratum.ts';
import { EASY, MINER_ADDRESS, startPoolUnderTest } from '../../kit/pool-kit.ts';
import { findShare, type Line, StratumMiner, type Work } from '../../kit/stratum-miner.ts';

const USER = `${MINER_ADDRESS}.rig`;
const LIMITED = { timeout: 20_000 };

/** What /stats says. */
async function stats(url: string): Promise<{
  connections: Record<string, number>;
  shares: { accepted: number; late: number; rejected: Record<string, number> };
}> {
  const response = await fetch(`${url}/stats`);
  return (await response.json()) as Awaited<ReturnType<typeof stats>>;
}

function subscription(line: Line): { extranonce1: Uint8Array; size: number } {
  const [, extranonce1, size] = line.result as [unknown, string, number];
  return { extranonce1: Buffer.from(extranonce1, 'hex'), size };
}

test(
  'a Bitaxe: three requests in one packet, then a difficulty and extranonce.subscribe',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    miner.send(
      {
        id: 1,
        method: 'mining.configure',
        params: [['version-rolling'], { 'version-rolling.mask': 'ffffffff' }],
      },
      { id: 2, method: 'mining.subscribe', params: ['bitaxe/BM1370/v2.4.1'] },
      { id: 3, method: 'mining.authorize', params: [USER, 'x'] },
    );
    assert.deepEqual(await miner.next(), {
      id: 1,
      result: { 'version-rolling': true, 'version-rolling.mask': '1fffe000' },
      error: null,
    });
    const subscribed = await miner.next();
    assert.equal(subscribed.id, 2);
    const { extranonce1, size } = subscription(subscribed);
    assert.deepEqual([extranonce1.length, size], [4, 4]);
    assert.deepEqual(await miner.next(), { id: 3, result: true, error: null });
    assert.deepEqual(await miner.next(), { id: null, method: 'mining.set_difficulty', params: [EASY] });
    const first = await miner.next();
    assert.equal(first.method, 'mining.notify');

    miner.send(
      { id: 4, method: 'mining.suggest_difficulty', params: [1e-6] },
      { id: 5, method: 'mining.extranonce.subscribe', params: [] },
    );
    assert.deepEqual(await miner.next(), { id: 4, result: true, error: null });
    assert.deepEqual(await miner.next(), { id: 5, result: true, error: null });
    assert.deepEqual(await miner.next(), { id: null, method: 'mining.set_difficulty', params: [1e-6] });
    const second = await miner.next();
    assert.equal(second.method, 'mining.notify');
    assert.notEqual(second.params?.[0], first.params?.[0], 'a job id that comes again would be ignored');

    // The job from before the change still counts, at the difficulty it was sent with.
    const work = (line: Line, difficulty: number): Work => ({
      user: USER,
      extranonce1,
      difficulty,
      job: parseNotify(line.params ?? []),
    });
    const versionBits = 0x00c2e000;
    const before = findShare(work(first, EASY), { versionBits });
    const after = findShare(work(second, 1e-6), { versionBits });
    assert.equal(before.params.length, 6);
    miner.send(
      { id: 6, method: 'mining.submit', params: before.params },
      { id: 7, method: 'mining.submit', params: after.params },
    );
    assert.deepEqual(await miner.next(), { id: 6, result: true, error: null });
    assert.deepEqual(await miner.next(), { id: 7, result: true, error: null });
  },
);

test('cgminer: configure first, then the rest one by one', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  const { result } = await miner.request('mining.configure', [
    ['version-rolling'],
    { 'version-rolling.mask': '1fffe000', 'version-rolling.min-bit-count': 2 },
  ]);
  assert.notEqual(Number.parseInt((result as Record<string, string>)['version-rolling.mask'] ?? '', 16), 0);
  const work = await miner.login(USER);
  assert.equal(
    (await miner.request('mining.submit', findShare(work, { versionBits: 0x2000 }).params)).result,
    true,
  );
});

test(
  'bfgminer: begins with a notification, uses string ids, asks for transactions of a job nobody knows',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    miner.send(
      { id: null, method: 'mining.hello', params: [] },
      { id: 'ping0', method: 'mining.subscribe', params: ['bfgminer/5.5.0', null] },
      { id: 'auth', method: 'mining.authorize', params: [USER, ''] },
      { id: 'txlist', method: 'mining.get_transactions', params: ['1'] },
    );
    assert.equal((await miner.next()).id, 'ping0');
    assert.deepEqual(await miner.next(), { id: 'auth', result: true, error: null });
    assert.equal((await miner.next()).method, 'mining.set_difficulty');
    assert.equal((await miner.next()).method, 'mining.notify');
    assert.deepEqual(await miner.next(), {
      id: 'txlist',
      result: null,
      error: [21, 'job not found: unknown here, or too old', null],
    });
  },
);

test(
  'a reject between two accepts is answered between them, and so is everything after',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    const work = await miner.login(USER);
    const first = findShare(work);
    const second = findShare(work, { firstNonce: first.nonce + 1 });
    miner.send(
      { id: 4, method: 'mining.submit', params: first.params },
      { id: 4, method: 'mining.submit', params: first.params },
      { id: 4, method: 'mining.submit', params: [USER, 'ffffffff', '00000000', '00000000', '00000000'] },
      { id: 4, method: 'mining.submit', params: second.params },
      { id: 'p', method: 'mining.ping', params: [] },
    );
    const answers = [];
    for (let index = 0; index < 5; index++) answers.push(await miner.next());
    assert.deepEqual(answers, [
      { id: 4, result: true, error: null },
      { id: 4, result: null, error: [22, 'duplicate share', null] },
      { id: 4, result: null, error: [21, 'job not found: unknown here, or too old', null] },
      { id: 4, result: true, error: null },
      { id: 'p', result: 'pong', error: null },
    ]);
  },
);

test(
  'two difficulty changes without a job between: one set_difficulty, in front of one job',
  LIMITED,
  async (t) => {
    const { pool, node } = await startPoolUnderTest(t);
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    await miner.login(USER);
    miner.send(
      { id: 1, method: 'mining.suggest_difficulty', params: [1e-6] },
      { id: 2, method: 'mining.suggest_difficulty', params: ['0.00002'] },
    );
    assert.equal((await miner.next()).id, 1);
    assert.equal((await miner.next()).id, 2);
    assert.deepEqual(await miner.next(), { id: null, method: 'mining.set_difficulty', params: [0.00002] });
    assert.equal((await miner.next()).method, 'mining.notify');
    node.advance();
    assert.equal((await miner.next()).method, 'mining.notify', 'no further set_difficulty');
  },
);

test(
  'the same work handed in by two connections, or under two jobs, is no second share',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    const one = await StratumMiner.connect(pool.stratumUrl);
    const two = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => {
      for (const miner of [one, two]) miner.close();
    });
    const work = await one.login(USER);
    const other = await two.login(USER);
    assert.notDeepEqual(work.extranonce1, other.extranonce1);
    const { params } = findShare(work);
    assert.equal((await one.request('mining.submit', params)).result, true);
    const [code] = (await two.request('mining.submit', params)).error as [number];
    assert.equal(code, 23);
  },
);

test('a new tip reaches every miner at once as a clean job', LIMITED, async (t) => {
  const { pool, node } = await startPoolUnderTest(t, { pollMs: 60_000 });
  const miners = await Promise.all([1, 2, 3].map(() => StratumMiner.connect(pool.stratumUrl)));
  t.after(() => {
    for (const miner of miners) miner.close();
  });
  for (const miner of miners) await miner.login(USER);
  while (!node.calls.includes('getblocktemplate') || node.longPolls === 0) await node.nextCall();
  const hash = node.advance();
  const jobs = await Promise.all(miners.map((miner) => miner.nextJob()));
  for (const job of jobs) {
    assert.equal(job.cleanJobs, true);
    assert.equal(Buffer.from(job.previousHash).reverse().toString('hex'), hash);
  }
  assert.equal(new Set(jobs.map(({ jobId }) => jobId)).size, 1);
});

test('a line of a megabyte closes the connection, with or without its end', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  for (const end of ['\n', '']) {
    const miner = await StratumMiner.connect(pool.stratumUrl);
    miner.socket.write(`{"id":1,"method":"mining.ping","params":["${'x'.repeat(1_000_000)}"]}${end}`);
    await miner.closed;
  }
  assert.equal((await stats(pool.httpUrl)).connections.closed_long_line, 2);
});

test('binary junk closes the connection after a while, a little of it is forgiven', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  miner.socket.write(Buffer.from('ff\n00\r\n\n\n\x80\xfe\n', 'latin1'));
  assert.equal((await miner.request('mining.ping', [])).result, 'pong');
  miner.socket.write(Buffer.from('\x16\x03\x01\n'.repeat(20), 'latin1'));
  await miner.closed;
  assert.equal((await stats(pool.httpUrl)).connections.closed_garbage, 1);
});

test('CR LF, and a message in many small pieces, are understood', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  for (const byte of '{"id":"ö","method":"mining.ping","params":[]}\r\n') {
    miner.socket.write(byte);
    await new Promise((accept) => setImmediate(accept));
  }
  assert.deepEqual(await miner.next(), { id: 'ö', result: 'pong', error: null });
});

test(
  'who says nothing, or nothing valid, is closed; who is authorised may be silent longer',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t, { limits: { loginMs: 500, silenceMs: 600_000 } });
    const good = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => good.close());
    await good.login(USER);
    const mute = await StratumMiner.connect(pool.stratumUrl);
    const useless = await StratumMiner.connect(pool.stratumUrl);
    useless.send(
      { id: 1, method: 'getwork', params: [] },
      { id: 1, result: true, error: null },
      { method: 'pong' },
    );
    await Promise.all([mute.closed, useless.closed]);
    assert.equal((await good.request('mining.ping', [])).result, 'pong');
    assert.equal((await stats(pool.httpUrl)).connections.closed_silent, 2);
  },
);

test(
  'an authorised miner that is silent for too long is closed; a bare pong keeps it',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t, { limits: { loginMs: 60_000, silenceMs: 1_500 } });
    const silent = await StratumMiner.connect(pool.stratumUrl);
    const alive = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => alive.close());
    await silent.login(USER);
    await alive.login(USER);
    const pong = setInterval(() => alive.send({ method: 'pong' }), 300);
    t.after(() => clearInterval(pong));
    await silent.closed;
    assert.equal((await alive.request('mining.ping', [])).result, 'pong');
  },
);

test('a reader that takes nothing in is closed and costs no memory', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const { hostname, port } = new URL(pool.stratumUrl.replace('stratum+tcp', 'http'));
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  const request = `${JSON.stringify({ id: 'x'.repeat(8_000), method: 'mining.ping', params: [] })}\n`;
  const closed = new Promise((accept) => socket.once('close', accept));
  const pour = (): void => {
    while (!socket.destroyed && socket.write(request));
    if (!socket.destroyed) socket.once('drain', pour);
  };
  pour();
  await closed;
  assert.equal((await stats(pool.httpUrl)).connections.closed_slow_reader, 1);
});

test(
  'connections beyond the limit of their address are refused, and the place is given back',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t, { limits: { connectionsPerAddress: 2 } });
    const one = await StratumMiner.connect(pool.stratumUrl);
    const two = await StratumMiner.connect(pool.stratumUrl);
    await two.request('mining.ping', []);
    const three = await StratumMiner.connect(pool.stratumUrl);
    await three.closed;
    one.close();
    await one.closed;
    for (;;) {
      const again = await StratumMiner.connect(pool.stratumUrl);
      const answer = await Promise.race([again.request('mining.ping', []), again.closed]);
      again.close();
      if (answer !== undefined) break;
    }
    assert.ok(((await stats(pool.httpUrl)).connections.refused_address ?? 0) >= 1);
    two.close();
  },
);

test('wrong types in every field of every method are answered, and nothing breaks', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  const work = await miner.login(USER);
  const values = [null, true, -1, 1e308, '', 'x', [], {}, [[]], { length: 9 }, '\u0000'];
  const methods: Record<string, readonly unknown[]> = {
    'mining.subscribe': ['agent', 'session'],
    'mining.authorize': [USER, 'x'],
    'mining.submit': findShare(work).params,
    'mining.configure': [['version-rolling'], {}],
    'mining.suggest_difficulty': [1],
    'mining.extranonce.subscribe': [],
    'mining.ping': [],
  };
  for (const [method, params] of Object.entries(methods)) {
    for (let index = 0; index <= params.length; index++) {
      for (const value of values) {
        const wrong = Object.assign([...params], { [index]: value });
        const answer = await miner.request(method, wrong);
        assert.ok(
          answer.result !== null || Array.isArray(answer.error),
          `${method} ${JSON.stringify(wrong)}`,
        );
      }
    }
  }
});

test('the shares of a miner that hangs up before the answer are kept', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  const work = await miner.login(USER);
  miner.socket.end(`${JSON.stringify({ id: 1, method: 'mining.submit', params: findShare(work).params })}\n`);
  await miner.closed;
  let accepted = 0;
  while (accepted === 0) accepted = (await stats(pool.httpUrl)).shares.accepted;
  assert.equal(accepted, 1);
});
