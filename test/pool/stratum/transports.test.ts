import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selfSignedCertificate } from '../../../pool/stratum/certificate.ts';
import { temporaryDirectory } from '../../kit/pool-kit.ts';
import { serveStratum, USER } from '../../kit/stratum-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 20_000 };
const TRANSPORTS = ['tcp', 'tls', 'websocket'] as const;

for (const transport of TRANSPORTS) {
  test(
    `over ${transport} a miner logs in, works, is refused and is answered in order`,
    LIMITED,
    async (t) => {
      const directory = await temporaryDirectory(t);
      const files = await selfSignedCertificate(directory, Date.now());
      const { server, tcp, ws, recorded } = await serveStratum(t, {}, { tls: { port: 0, files } });
      const url = { tcp, tls: server.tlsUrl ?? '', websocket: ws }[transport];
      const miner = await StratumMiner.connect(url);
      t.after(() => miner.close());
      const work = await miner.login(USER);
      const first = findShare(work);
      const second = findShare(work, { firstNonce: first.nonce + 1 });
      miner.send(
        { id: 4, method: 'mining.submit', params: first.params },
        { id: 4, method: 'mining.submit', params: first.params },
        { id: 4, method: 'mining.submit', params: second.params },
        { id: 'ö', method: 'mining.ping', params: [] },
      );
      assert.deepEqual(await miner.next(), { id: 4, result: true, error: null });
      assert.deepEqual(await miner.next(), { id: 4, result: null, error: [22, 'duplicate share', null] });
      assert.deepEqual(await miner.next(), { id: 4, result: true, error: null });
      assert.deepEqual(await miner.next(), { id: 'ö', result: 'pong', error: null });
      assert.equal(recorded.length, 2);
      const { open, authorized } = server.connections;
      assert.deepEqual([open, authorized, server.connections[transport]], [1, 1, 1]);
    },
  );
}

test('a session is described by a public id that is not its secret', LIMITED, async (t) => {
  const { server, tcp, ws } = await serveStratum(t);
  const miner = await StratumMiner.connect(tcp);
  const other = await StratumMiner.connect(ws);
  t.after(() => {
    miner.close();
    other.close();
  });
  const { result } = await miner.request('mining.subscribe', ['some/1.0']);
  const [[[, secret]]] = result as [[[string, string]]];
  await miner.request('mining.authorize', [USER, 'x']);
  await other.request('mining.ping', []);
  const summaries = server.sessions();
  const summary = summaries.find(({ agent }) => agent === 'some/1.0');
  assert.equal(summaries.length, 2);
  assert.match(summary?.id ?? '', /^[0-9a-f]{16}$/);
  assert.ok(!JSON.stringify(summaries).includes(secret));
  assert.equal(summary?.address, '127.0.0.1');
  assert.deepEqual(summary?.workers, [{ address: 'dnilz1qexample', name: 'rig' }]);
  assert.equal(server.session(summary?.id ?? '')?.wire.transport, 'tcp');
  assert.equal(server.session(secret), undefined);
  assert.equal(summaries.find(({ agent }) => agent === null)?.transport, 'websocket');
});

test('a tap hears every line of both directions, jobs too', LIMITED, async (t) => {
  const { server, tcp } = await serveStratum(t);
  const miner = await StratumMiner.connect(tcp);
  t.after(() => miner.close());
  await miner.request('mining.ping', []);
  const heard: string[] = [];
  const [connection] = server.sessions().map(({ id }) => server.session(id));
  assert.ok(connection !== undefined);
  connection.tap = (direction, line) => {
    const { method, id } = JSON.parse(line) as { method?: string; id: unknown };
    heard.push(`${direction} ${method ?? `answer ${String(id)}`}`);
  };
  await miner.login(USER);
  assert.deepEqual(heard, [
    'in mining.subscribe',
    'out answer 102',
    'in mining.authorize',
    'out answer 103',
    'out mining.set_difficulty',
    'out mining.notify',
  ]);
});

test('when the server stops, what was answered has left on every transport', LIMITED, async (t) => {
  const { server, tcp, ws } = await serveStratum(t);
  for (const url of [tcp, ws]) {
    const miner = await StratumMiner.connect(url);
    await miner.login(USER);
    miner.send({ id: 1, method: 'mining.ping', params: [] });
    assert.equal((await miner.next()).result, 'pong');
    if (url === ws) await server.stop();
    else t.after(() => miner.closed);
  }
  assert.deepEqual(server.connections, { open: 0, authorized: 0, tcp: 0, tls: 0, websocket: 0 });
});

test(
  'a session that is resumed on another transport closes the connection that had it',
  LIMITED,
  async (t) => {
    const { server, tcp, ws, statistics } = await serveStratum(t);
    const before = await StratumMiner.connect(tcp);
    const { result } = await before.request('mining.subscribe', ['some/1.0']);
    const [[[, secret]], extranonce1] = result as [[[string, string]], string];
    await before.request('mining.authorize', [USER, 'x']);
    const after = await StratumMiner.connect(ws);
    t.after(() => after.close());
    const resumed = (await after.request('mining.subscribe', ['some/1.0', secret])).result as [
      unknown,
      string,
    ];
    assert.equal(resumed[1], extranonce1);
    await before.closed;
    assert.equal(statistics.connections.closed_resumed, 1);
    assert.deepEqual(server.connections.open, 1);
  },
);
