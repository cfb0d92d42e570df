import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { frameOf } from '../../../pool/stratum/websocket-wire.ts';
import { serveStratum, USER } from '../../kit/stratum-kit.ts';
import { StratumMiner } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 20_000 };
const PING = '{"id":1,"method":"mining.ping","params":[]}';
const TEXT = 0x81;
const MASK = Buffer.from([1, 2, 3, 4]);

/** A masked frame as clients send them. @param declared length in the header, when it is to be a lie */
function clientFrame(firstByte: number, payload: Buffer, declared = payload.length): Buffer {
  const header =
    declared < 126
      ? Buffer.from([firstByte, 0x80 | declared])
      : declared < 65_536
        ? Buffer.from([firstByte, 0x80 | 126, declared >> 8, declared & 255])
        : Buffer.concat([Buffer.from([firstByte, 0x80 | 127]), lengthOf(declared)]);
  return Buffer.concat([header, MASK, payload.map((byte, index) => byte ^ (MASK[index & 3] ?? 0))]);
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

function handshake(path = '/stratum', headers: readonly string[] = []): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: pool',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A connection that has done the handshake by hand. */
async function rawWebSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(handshake());
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 101 /);
  return socket;
}

/** All bytes until the server closes. */
async function untilClosed(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

test('a frame says its length as RFC 6455 wants it: the shortest way', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(300), fc.integer({ min: 65_000, max: 66_000 })), (length) => {
      const payload = Buffer.alloc(length, 'x');
      const frame = frameOf(TEXT, payload);
      assert.equal(frame[0], TEXT);
      const [first, header] = length <= 125 ? [length, 2] : length <= 0xffff ? [126, 4] : [127, 10];
      assert.equal(frame[1], first, 'no mask bit: a server masks nothing');
      if (header === 4) assert.equal(frame.readUInt16BE(2), length);
      if (header === 10) assert.equal(frame.readBigUInt64BE(2), BigInt(length));
      assert.deepEqual(frame.subarray(header), payload);
    }),
  );
});

for (const [what, bytes, counter] of [
  ['a binary frame', clientFrame(0x82, Buffer.from(PING)), 'closed_binary_frame'],
  ['a frame that is not masked', frameOf(TEXT, Buffer.from(PING)), 'closed_bad_frame'],
  ['a reserved opcode', clientFrame(0x83, Buffer.from(PING)), 'closed_bad_frame'],
  ['a reserved bit', clientFrame(0xc1, Buffer.from(PING)), 'closed_bad_frame'],
  ['a continuation of nothing', clientFrame(0x80, Buffer.from(PING)), 'closed_bad_frame'],
  ['a ping of 126 bytes', clientFrame(0x89, Buffer.alloc(126)), 'closed_bad_frame'],
  ['a ping in pieces', clientFrame(0x09, Buffer.alloc(1)), 'closed_bad_frame'],
  ['text that is not UTF-8', clientFrame(TEXT, Buffer.from([0xc3, 0x28])), 'closed_bad_frame'],
  ['a close frame of one byte', clientFrame(0x88, Buffer.from([3])), 'closed_bad_frame'],
  ['a text over 16 KiB', clientFrame(TEXT, Buffer.alloc(16_385, 'x')), 'closed_long_line'],
  ['the announcement of 2⁵³ bytes', clientFrame(TEXT, Buffer.alloc(0), 2 ** 53 - 1), 'closed_long_line'],
  [
    'a text over 16 KiB in pieces',
    Buffer.concat([clientFrame(0x01, Buffer.alloc(16_000)), clientFrame(0x80, Buffer.alloc(1_000))]),
    'closed_long_line',
  ],
  [
    'a text in a hundred pieces',
    Buffer.concat([
      clientFrame(0x01, Buffer.from('{')),
      ...Array.from({ length: 100 }, () => clientFrame(0x00, Buffer.from(' '))),
    ]),
    'closed_bad_frame',
  ],
] as const) {
  test(`${what} closes the connection and is counted`, LIMITED, async (t) => {
    const { server, httpPort, statistics } = await serveStratum(t);
    const socket = await rawWebSocket(httpPort);
    socket.write(bytes);
    await untilClosed(socket);
    assert.equal(statistics.connections[counter], 1);
    assert.equal(server.connections.open, 0);
    const others = Object.entries(statistics.connections).filter(
      ([name, count]) => name.startsWith('closed_') && name !== counter && count > 0,
    );
    assert.deepEqual(others, []);
  });
}

test(
  'a text in a few pieces, with a ping between, is one message; the ping is answered',
  LIMITED,
  async (t) => {
    const { httpPort } = await serveStratum(t);
    const socket = await rawWebSocket(httpPort);
    t.after(() => socket.destroy());
    socket.write(
      Buffer.concat([
        clientFrame(0x01, Buffer.from(PING.slice(0, 10))),
        clientFrame(0x89, Buffer.from('there?')),
        clientFrame(0x80, Buffer.from(PING.slice(10))),
      ]),
    );
    const expected = Buffer.concat([
      frameOf(0x8a, Buffer.from('there?')),
      frameOf(TEXT, Buffer.from('{"id":1,"result":"pong","error":null}')),
    ]);
    let read = Buffer.alloc(0);
    while (read.length < expected.length) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      read = Buffer.concat([read, chunk]);
    }
    assert.deepEqual(read, expected);
  },
);

test('the first message may come in one packet with the handshake', LIMITED, async (t) => {
  const { httpPort } = await serveStratum(t);
  const socket = connect(httpPort, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(Buffer.concat([Buffer.from(handshake()), clientFrame(TEXT, Buffer.from(PING))]));
  let text = '';
  while (!text.includes('pong')) text += String((await once(socket, 'data'))[0]);
  assert.match(text, /^HTTP\/1\.1 101 /);
});

test('a path or protocol that does not exist is refused and counted', LIMITED, async (t) => {
  const { httpPort, statistics } = await serveStratum(t);
  for (const path of ['/', '/stratum/', '/Stratum', '/stratum2', '//stratum']) {
    const socket = connect(httpPort, '127.0.0.1');
    socket.write(handshake(path));
    assert.match((await untilClosed(socket)).toString(), /^HTTP\/1\.1 404 /, path);
  }
  assert.equal(statistics.connections.refused_path, 5);
  assert.equal(statistics.connections.opened, 0);
});

test('a handshake that is none is refused and counted', LIMITED, async (t) => {
  const { httpPort, statistics, server } = await serveStratum(t, { connections: 1 });
  for (const broken of [
    handshake().replace(/Sec-WebSocket-Key.*\r\n/, ''),
    handshake().replace('dGhlIHNhbXBsZSBub25jZQ==', 'short'),
    handshake().replace('Version: 13', 'Version: 12'),
    handshake().replace('GET', 'POST'),
  ]) {
    const socket = connect(httpPort, '127.0.0.1');
    socket.write(broken);
    assert.match((await untilClosed(socket)).toString(), /^HTTP\/1\.1 4\d\d /);
  }
  assert.equal(statistics.connections.refused_handshake, 4);
  assert.equal(server.connections.open, 0);
  const miner = await StratumMiner.connect(`ws://127.0.0.1:${httpPort}/stratum`);
  assert.equal((await miner.request('mining.ping', [])).result, 'pong', 'each gave its place back');
  miner.close();
});

test('connections of both ports count together', LIMITED, async (t) => {
  const { tcp, ws, statistics } = await serveStratum(t, { connectionsPerAddress: 1 });
  const miner = await StratumMiner.connect(tcp);
  t.after(() => miner.close());
  await miner.login(USER);
  const refused = new WebSocket(ws);
  const [error] = (await once(refused, 'error')) as [Error];
  assert.match(error.message, /503/);
  assert.equal(statistics.connections.refused_address, 1);
});

test('who pings without reading the pongs is a slow reader', LIMITED, async (t) => {
  const limits = { messagesPerSecond: 1e6, messagesPerSecondPerAddress: 1e6 };
  const { httpPort, statistics } = await serveStratum(t, limits);
  const socket = await rawWebSocket(httpPort);
  socket.pause();
  const closed = new Promise((accept) => socket.once('close', accept));
  const pings = Buffer.concat(Array.from({ length: 500 }, () => clientFrame(0x89, Buffer.alloc(125))));
  const pour = (): void => {
    while (!socket.destroyed && socket.write(pings));
    if (!socket.destroyed) socket.once('drain', pour);
  };
  pour();
  await closed;
  assert.equal(statistics.connections.closed_slow_reader, 1);
});

test('junk in text frames is forgiven a few times, then the connection is closed', LIMITED, async (t) => {
  const { httpPort, statistics } = await serveStratum(t);
  const socket = await rawWebSocket(httpPort);
  for (let times = 0; times < 10; times++) socket.write(clientFrame(TEXT, Buffer.from(`no ${times}`)));
  await untilClosed(socket);
  assert.equal(statistics.connections.closed_garbage, 1);
});

test('who closes properly is gone properly', LIMITED, async (t) => {
  const { ws, server, statistics } = await serveStratum(t);
  const websocket = new WebSocket(ws);
  await once(websocket, 'open');
  assert.equal(server.connections.websocket, 1);
  websocket.close(1000);
  const [code] = (await once(websocket, 'close')) as [number];
  assert.equal(code, 1000);
  while (server.connections.open > 0) await new Promise((accept) => setImmediate(accept));
  assert.equal(statistics.connections.opened, 1);
});
