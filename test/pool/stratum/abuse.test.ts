import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serveStratum, USER } from '../../kit/stratum-kit.ts';
import { StratumMiner } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 60_000 };
const PING = '{"id":1,"method":"mining.ping","params":[]}\n';

async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url.replace('stratum+tcp', 'http'));
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Writes chunk after chunk until the other side closes. @returns bytes that were taken from us */
async function pour(socket: Socket, chunk: Buffer, times: number): Promise<number> {
  const closed = new Promise((accept) => socket.once('close', accept));
  let left = times;
  const more = (): void => {
    while (left-- > 0 && !socket.destroyed && socket.write(chunk));
    if (left > 0 && !socket.destroyed) socket.once('drain', more);
  };
  more();
  await closed;
  return socket.bytesWritten;
}

test('a line of 100 MB is cut off long before its end', LIMITED, async (t) => {
  const { tcp, statistics, server } = await serveStratum(t);
  const socket = (await connectTo(tcp)).resume();
  const taken = await pour(socket, Buffer.alloc(1_000_000, 'x'), 100);
  assert.ok(taken < 20_000_000, `${taken} bytes were taken`);
  assert.equal(statistics.connections.closed_long_line, 1);
  assert.equal(server.connections.open, 0);
});

test('endless binary junk is cut off, whether it has line feeds or not', LIMITED, async (t) => {
  const { tcp, statistics } = await serveStratum(t);
  for (let times = 0; times < 5; times++) {
    const socket = (await connectTo(tcp)).resume();
    await pour(socket, randomBytes(100_000), 1_000);
  }
  const { closed_garbage: garbage, closed_long_line: long } = statistics.connections;
  assert.equal(garbage + long, 5);
});

/** As many as this process may have open files for, beside its own. */
function roomForSockets(): number {
  const limit = execFileSync('sh', ['-c', 'ulimit -n']).toString().trim();
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit) - 500;
}

async function silentCrowd(t: TestContext, url: string, count: number) {
  const { port } = new URL(url.replace('stratum+tcp', 'http'));
  const script = fileURLToPath(new URL('../../kit/silent-crowd.ts', import.meta.url));
  const crowd = fork(script, [port, String(count)], { execArgv: ['--import', 'tsx'] });
  t.after(() => crowd.kill());
  await once(crowd, 'message');
  return { closed: once(crowd, 'message') };
}

test('10,000 connections that say nothing hinder nobody, and are gone after 30 s', {
  timeout: 240_000,
  skip: roomForSockets() < 10_000 ? 'too few open files are allowed here' : false,
}, async (t) => {
  const limits = {
    connections: 10_001,
    connectionsPerAddress: 20_000,
    messagesPerSecondPerAddress: 1_000_000,
  };
  const { server, tcp, statistics, clock } = await serveStratum(t, limits);
  const miner = await StratumMiner.connect(tcp);
  t.after(() => miner.close());
  await miner.login(USER);
  const crowd = await silentCrowd(t, tcp, 10_000);
  while (!t.signal.aborted && server.connections.open < 10_001)
    await new Promise((accept) => setImmediate(accept));
  assert.equal((await miner.request('mining.ping', [])).result, 'pong');
  const late = await connectTo(tcp);
  await once(late, 'close');
  assert.equal(statistics.connections.refused_full, 1);
  clock.pass(30_000);
  await crowd.closed;
  assert.equal(statistics.connections.closed_silent, 10_000);
  assert.equal((await miner.request('mining.ping', [])).result, 'pong');
  assert.equal(server.connections.open, 1);
});

test('who talks but never authorises a worker is closed after a while', LIMITED, async (t) => {
  const { tcp, statistics, clock } = await serveStratum(t);
  const talker = await StratumMiner.connect(tcp);
  for (let seconds = 0; seconds < 300; seconds += 20) {
    assert.equal((await talker.request('mining.ping', [])).result, 'pong');
    clock.pass(20_000);
  }
  await talker.closed;
  assert.equal(statistics.connections.closed_unauthorized, 1);
  assert.equal(statistics.connections.closed_silent, 0);
});

test(
  'who talks too fast is read slower; what it said is answered, others do not notice',
  LIMITED,
  async (t) => {
    const { tcp, statistics, clock } = await serveStratum(t, { messagesPerSecond: 100 });
    const fast = await StratumMiner.connect(tcp);
    const other = await StratumMiner.connect(tcp);
    t.after(() => {
      fast.close();
      other.close();
    });
    fast.send(...Array.from({ length: 600 }, () => PING.trim()));
    for (let index = 0; index < 600; index++) assert.equal((await fast.next()).result, 'pong');
    assert.equal(statistics.connections.slowed_connection, 1);
    // In debt for 100 messages, a second: the next one waits.
    fast.send(PING.trim());
    const answered = fast.next().then(() => 'the fast one');
    for (let index = 0; index < 20; index++) {
      const first = await Promise.race([answered, other.request('mining.ping', []).then(() => 'another')]);
      assert.equal(first, 'another');
    }
    clock.pass(1_000);
    assert.equal(await answered, 'the fast one');
    assert.equal(statistics.connections.slowed_address, 0);
  },
);

test('an address that talks too fast is read slower on all its connections', LIMITED, async (t) => {
  const { tcp, statistics } = await serveStratum(t, { messagesPerSecondPerAddress: 100 });
  const miners = await Promise.all(Array.from({ length: 5 }, () => StratumMiner.connect(tcp)));
  t.after(() =>
    miners.forEach((miner) => {
      miner.close();
    }),
  );
  for (const miner of miners) {
    miner.send(...Array.from({ length: 91 }, () => PING.trim()));
    for (let index = 0; index < 91; index++) assert.equal((await miner.next()).result, 'pong');
  }
  assert.equal(statistics.connections.slowed_address, 1);
  assert.equal(statistics.connections.slowed_connection, 0);
});

test('a line of blanks, or of nothing, is neither a message nor an offence', LIMITED, async (t) => {
  const { tcp, statistics, clock } = await serveStratum(t);
  const miner = await StratumMiner.connect(tcp);
  miner.socket.write('\n\r\n\n\r\n\n\n\n\n\n\n\n\n\n');
  assert.equal((await miner.request('mining.ping', [])).result, 'pong');
  assert.equal(statistics.connections.closed_garbage, 0);
  // And no sign of life.
  clock.pass(29_000);
  miner.socket.write('\n');
  clock.pass(1_000);
  await miner.closed;
  assert.equal(statistics.connections.closed_silent, 1);
});
