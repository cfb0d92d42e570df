import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { readProxyHeader } from '../../../pool/stratum/proxy-protocol.ts';
import { forwardedSource } from '../../../service/http-server/client-address.ts';
import { NetworkList } from '../../../service/network-list.ts';
import { serveStratum } from '../../kit/stratum-kit.ts';
import { connectWebSocket } from '../../kit/websocket-lines.ts';

const LIMITED = { timeout: 20_000 };
const PING = '{"id":1,"method":"mining.ping","params":[]}\n';
const FROM_HERE = ['127.0.0.0/8'];

/** What the server says to these bytes until it answers or closes. */
async function answerTo(url: string, ...parts: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url.replace('stratum+tcp', 'http'));
  const socket: Socket = connect(Number(port), hostname).setNoDelay(true);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  for (const part of parts) {
    socket.write(part);
    await new Promise((accept) => setImmediate(accept));
  }
  const text = await new Promise<string>((accept) => {
    socket.once('data', (chunk) => accept(chunk.toString()));
    socket.once('close', () => accept('closed'));
  });
  socket.destroy();
  return text;
}

test('a header says where the connection comes from, and where it ends', () => {
  const tail = PING;
  for (const [header, source] of [
    ['PROXY TCP4 192.0.2.7 192.0.2.1 40000 3333\r\n', { address: '192.0.2.7', port: 40_000 }],
    ['PROXY TCP6 2001:db8::7 2001:db8::1 0 65535\r\n', { address: '2001:db8::7', port: 0 }],
    ['PROXY UNKNOWN\r\n', undefined],
    ['PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n', undefined],
  ] as const) {
    const read = readProxyHeader(Buffer.from(header + tail));
    assert.deepEqual(read, { state: 'complete', source, length: header.length });
  }
});

test('a header in pieces is waited for, whatever the pieces are', () => {
  const header = 'PROXY TCP4 192.0.2.7 192.0.2.1 40000 3333\r\n';
  for (let length = 0; length < header.length; length++) {
    assert.equal(readProxyHeader(Buffer.from(header.slice(0, length))).state, 'incomplete', `${length}`);
  }
});

test('what is no header is known as soon as can be', () => {
  for (const wrong of [
    '{',
    'proxy TCP4 ',
    'PROXY\r\n',
    'PROXY TCP5 192.0.2.7 192.0.2.1 1 2\r\n',
    'PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n',
    'PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n',
    'PROXY TCP4 192.0.2.07 192.0.2.1 1 2\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n',
    'PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n',
    'PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n',
    `PROXY TCP4 ${'1'.repeat(200)}`,
  ]) {
    assert.equal(readProxyHeader(Buffer.from(wrong)).state, 'invalid', wrong);
  }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 120, maxLength: 300 }), (bytes) => {
      assert.equal(readProxyHeader(Buffer.from(bytes)).state, 'invalid');
    }),
  );
});

test(
  'behind listed proxies the miner is who the proxy names, in one packet or in many',
  LIMITED,
  async (t) => {
    const { server, tcp } = await serveStratum(t, {}, { proxies: FROM_HERE });
    const header = 'PROXY TCP4 192.0.2.7 192.0.2.1 40000 3333\r\n';
    const { hostname, port } = new URL(tcp.replace('stratum+tcp', 'http'));
    for (const parts of [[header + PING], [...header, PING]]) {
      const socket = connect(Number(port), hostname).setNoDelay(true);
      for (const part of parts) {
        socket.write(part);
        await new Promise((accept) => setImmediate(accept));
      }
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      assert.equal(chunk.toString(), '{"id":1,"result":"pong","error":null}\n');
      const [summary] = server.sessions();
      assert.deepEqual([summary?.address, summary?.port], ['192.0.2.7', 40_000]);
      const gone = once(socket, 'close');
      socket.destroy();
      await gone;
      while (server.connections.open > 0) await new Promise((accept) => setImmediate(accept));
    }
  },
);

test('limits count for the miner, not for its proxy', LIMITED, async (t) => {
  const { tcp, statistics } = await serveStratum(t, { connectionsPerAddress: 1 }, { proxies: FROM_HERE });
  const { hostname, port } = new URL(tcp.replace('stratum+tcp', 'http'));
  const through = async (address: string): Promise<string> => {
    const socket = connect(Number(port), hostname);
    t.after(() => socket.destroy());
    socket.write(`PROXY TCP4 ${address} 192.0.2.1 40000 3333\r\n${PING}`);
    return new Promise((accept) => {
      socket.once('data', (chunk) => accept(chunk.toString()));
      socket.once('close', () => accept('closed'));
    });
  };
  assert.match(await through('192.0.2.7'), /pong/);
  assert.match(await through('192.0.2.8'), /pong/);
  assert.equal(await through('192.0.2.7'), 'closed');
  assert.equal(statistics.connections.refused_address, 1);
});

test(
  'a listed proxy that sends no header is refused: who it speaks for is not guessed',
  LIMITED,
  async (t) => {
    const { tcp, statistics } = await serveStratum(t, {}, { proxies: FROM_HERE });
    assert.equal(await answerTo(tcp, PING), 'closed');
    assert.equal(await answerTo(tcp, 'PROXY TCP4 me you 1 2\r\n', PING), 'closed');
    assert.equal(statistics.connections.refused_proxy_header, 2);
    assert.equal(statistics.connections.opened, 0);
  },
);

test('a load balancer that only looks whether anybody listens is no trouble', LIMITED, async (t) => {
  const { tcp, statistics } = await serveStratum(t, {}, { proxies: FROM_HERE });
  const { hostname, port } = new URL(tcp.replace('stratum+tcp', 'http'));
  for (const half of ['', 'PROXY TCP4']) {
    const socket = connect(Number(port), hostname);
    socket.end(half);
    await once(socket.resume(), 'close');
  }
  assert.equal(await answerTo(tcp, 'no header\r\n'), 'closed');
  assert.equal(statistics.connections.refused_proxy_header, 2, 'the half header, and the one that is none');
});

test('a listed proxy that says nothing is refused after a while', LIMITED, async (t) => {
  const { tcp, statistics } = await serveStratum(t, { loginMs: 50 }, { proxies: FROM_HERE });
  assert.equal(await answerTo(tcp), 'closed');
  assert.equal(statistics.connections.refused_proxy_header, 1);
});

test(
  'a header from an address that is no listed proxy takes nobody’s place: it is closed',
  LIMITED,
  async (t) => {
    const { tcp, server, statistics } = await serveStratum(t, {}, { proxies: ['192.0.2.0/24'] });
    assert.equal(await answerTo(tcp, 'PROXY TCP4 198.51.100.7 192.0.2.1 40000 3333\r\n', PING), 'closed');
    assert.equal(statistics.connections.closed_proxy_header, 1);
    assert.match(await answerTo(tcp, PING), /pong/);
    assert.deepEqual(server.bans(), []);
  },
);

test('X-Forwarded-For is believed as far as listed proxies wrote it', () => {
  const proxies = new NetworkList(['10.0.0.0/8']);
  const from = (caller: string, forwardedFor: string) =>
    forwardedSource({ address: caller, port: 1 }, forwardedFor, proxies).address;
  assert.equal(from('10.0.0.1', '192.0.2.7'), '192.0.2.7');
  assert.equal(from('10.0.0.1', '198.51.100.9, 192.0.2.7, 10.0.0.2'), '192.0.2.7');
  assert.equal(from('192.0.2.9', '198.51.100.9'), '192.0.2.9', 'the caller is no proxy');
  assert.equal(from('10.0.0.1', ''), '10.0.0.1');
  assert.equal(from('10.0.0.1', 'nonsense'), '10.0.0.1');
});

test('a WebSocket through a listed proxy counts for whom the proxy names', LIMITED, async (t) => {
  const { ws, server } = await serveStratum(t, {}, { proxies: FROM_HERE });
  const lines = await connectWebSocket(ws, { 'X-Forwarded-For': '192.0.2.7' });
  t.after(() => lines.destroy());
  assert.deepEqual(
    server.sessions().map(({ address }) => address),
    ['192.0.2.7'],
  );
});
