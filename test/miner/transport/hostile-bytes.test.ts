/** Whatever a server sends, a connection ends with a cause or goes on; it never throws, and never speaks after its end. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import * as fc from 'fast-check';
import type { Connector } from '../../../miner/transport/connection.ts';
import { connectTcp } from '../../../miner/transport/tcp-connection.ts';
import { tlsConnector } from '../../../miner/transport/tls-connection.ts';
import { webSocketConnector } from '../../../miner/transport/websocket-connection.ts';
import { makeCertificate } from '../../kit/certificate.ts';
import { transcript } from '../../kit/connection-transcript.ts';

const HOST = '127.0.0.1';
const RUNS = 150;

/** Pieces that make decoders think, and noise. */
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .constantFrom(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 301 Moved Permanently\r\nLocation: ws://127.0.0.1:1/\r\n\r\n',
      '{"id":1,"result":true}\n',
      '\r\n\r\n',
      'x'.repeat(20_000),
    )
    .map((text) => new TextEncoder().encode(text)),
  // Frames (RFC 6455 §5.2): text, binary, close, ping, continuation, with odd lengths and reserved bits.
  fc
    .tuple(fc.constantFrom(0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x00, 0x80, 0xc1, 0x83), fc.nat({ max: 255 }))
    .map((bytes) => Uint8Array.from([...bytes, 0x7b, 0x7d])),
);
const stream = fc.array(piece, { minLength: 1, maxLength: 6 });

/** A server that sends what it is given and ends. */
class Babbler {
  pieces: readonly Uint8Array[] = [];
  readonly server: Server;
  readonly #greeting: (socket: Socket) => Promise<void>;

  constructor(server: Server, greeting: (socket: Socket) => Promise<void> = async () => {}) {
    this.server = server;
    this.#greeting = greeting;
  }

  async speak(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy());
    await this.#greeting(socket);
    for (const bytes of this.pieces) socket.write(bytes);
    socket.end();
  }

  async listen(context: TestContext): Promise<number> {
    this.server.listen(0, HOST);
    await once(this.server, 'listening');
    context.after(() => this.server.close());
    return (this.server.address() as AddressInfo).port;
  }
}

/** Answers the handshake of a WebSocket as it should be (RFC 6455 §4.2.2). */
async function shakeHands(socket: Socket): Promise<void> {
  const [request] = (await once(socket, 'data')) as [Buffer];
  const key = /sec-websocket-key: (\S+)/i.exec(request.toString())?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

async function endures(connector: Connector, babbler: Babbler, port: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(stream, async (pieces) => {
      babbler.pieces = pieces;
      const { said } = await transcript(connector, { host: HOST, port }, (connection) =>
        connection.send('{}'),
      );
      assert.ok(said.length > 0);
      for (const line of said.slice(0, -1)) assert.match(line, /^(connected$|line .)/s);
    }),
    { numRuns: RUNS },
  );
}

test('over TCP', async (context) => {
  const babbler: Babbler = new Babbler(createServer((socket) => void babbler.speak(socket)));
  await endures(connectTcp, babbler, await babbler.listen(context));
});

test('over TLS', async (context) => {
  const certificate = await makeCertificate();
  const babbler: Babbler = new Babbler(createTlsServer(certificate, (socket) => void babbler.speak(socket)));
  await endures(tlsConnector({ isUnchecked: true }), babbler, await babbler.listen(context));
});

test('in place of TLS', async (context) => {
  const babbler: Babbler = new Babbler(createServer((socket) => void babbler.speak(socket)));
  await endures(tlsConnector({}), babbler, await babbler.listen(context));
});

test('in place of a WebSocket', async (context) => {
  const babbler: Babbler = new Babbler(createServer((socket) => void babbler.speak(socket)));
  await endures(webSocketConnector({ scheme: 'ws', path: '/' }), babbler, await babbler.listen(context));
});

test('over a WebSocket', async (context) => {
  const babbler: Babbler = new Babbler(
    createServer((socket) => void babbler.speak(socket)),
    shakeHands,
  );
  await endures(webSocketConnector({ scheme: 'ws', path: '/' }), babbler, await babbler.listen(context));
});
