import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { listenHttp } from '../../../service/http.ts';
import { limitConnections } from '../../../service/http-server/connection-limit.ts';
import { startPoolUnderTest } from '../../kit/pool-kit.ts';

const LIMITED = { timeout: 30_000 };
const REQUEST = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';

/** What a client is told on a new connection from an address of this machine; empty when it is closed at once. */
async function visit(t: TestContext, port: number, localAddress: string) {
  const socket: Socket = connect({ port, host: '127.0.0.1', localAddress });
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(REQUEST);
  const answer = await Promise.race([
    once(socket, 'data').then(([bytes]) => String(bytes)),
    once(socket, 'close').then(() => ''),
  ]);
  return { socket, answer };
}

test('one address takes only so many connections, and leaves the others theirs', LIMITED, async (t) => {
  const http = await listenHttp({ host: '127.0.0.1', port: 0, handler: (_, response) => response.end('ok') });
  t.after(() => http.stop());
  let refused = 0;
  limitConnections(http.server, {
    perAddress: 3,
    isProxy: (address) => address === '127.0.0.9',
    onRefused: () => {
      refused += 1;
    },
  });
  const greedy = [];
  for (let count = 0; count < 5; count++) greedy.push(await visit(t, http.port, '127.0.0.2'));
  assert.deepEqual(
    greedy.map(({ answer }) => answer !== ''),
    [true, true, true, false, false],
  );
  assert.equal(refused, 2);
  assert.match((await visit(t, http.port, '127.0.0.3')).answer, /200 OK/);
  for (let count = 0; count < 5; count++) {
    assert.match((await visit(t, http.port, '127.0.0.9')).answer, /200 OK/, 'a listed proxy speaks for many');
  }
  greedy[0]?.socket.destroy();
  while ((await visit(t, http.port, '127.0.0.2')).answer === '');
});

test('the HTTP port of a pool has such a limit, and counts what it refused', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t, {
    httpLimits: { connectionsPerAddress: 2 },
    limits: { connectionsPerAddress: 1 },
  });
  const port = Number(new URL(pool.httpUrl).port);
  for (const isServed of [true, true, true, false]) {
    assert.equal((await visit(t, port, '127.0.0.2')).answer !== '', isServed);
  }
  const metrics = await (await fetch(`${pool.httpUrl}/metrics`)).text();
  assert.match(metrics, /nilz_pool_http_refused_total{reason="address_connections"} 1\n/);
});
