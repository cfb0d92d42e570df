import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import type { CloseCause } from '../../../miner/transport/connection.ts';
import { webSocketConnector } from '../../../miner/transport/websocket-connection.ts';
import { MAX_POOL_LINE_BYTES } from '../../../protocol/stratum.ts';
import { type KeyedCertificate, makeCertificate } from '../../kit/certificate.ts';
import { listening, sentenceOf, transcript } from '../../kit/connection-transcript.ts';

const HOST = '127.0.0.1';
const connector = webSocketConnector({ scheme: 'ws', path: '/stratum' });
type OnWebSocket = (websocket: WebSocket, request: IncomingMessage) => unknown;

/** A server of WebSockets under any path. */
async function serve(
  context: TestContext,
  onWebSocket: OnWebSocket,
  options: { certificate?: KeyedCertificate; autoPong?: boolean } = {},
): Promise<number> {
  const { certificate, autoPong = true } = options;
  const server = certificate === undefined ? createServer() : createSecureServer(certificate);
  const websockets = new WebSocketServer({ server, autoPong });
  websockets.on('connection', (websocket, request) => {
    websocket.on('error', () => {});
    onWebSocket(websocket, request);
  });
  return listening(context, server);
}

/** A web server without any WebSocket. */
function servePages(context: TestContext, onRequest: RequestListener): Promise<number> {
  const server = createServer(onRequest);
  server.on('upgrade', (request, socket: Socket) => {
    socket.end(refusal(request.url ?? ''));
  });
  return listening(context, server);
}

function refusal(url: string): string {
  return `HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${url} has no room\n`;
}

describe('a WebSocket connection', () => {
  test('delivers one line a text frame, at the path of the address', async (context) => {
    const paths: unknown[] = [];
    const port = await serve(context, (websocket, { url }) => {
      paths.push(url);
      websocket.send('{"a":"ä€😀"}');
      websocket.send('{"b":1}\r\n{"c":2}\n\n');
      websocket.close();
    });
    const { said } = await transcript(connector, { host: HOST, port });
    assert.deepEqual(said, ['connected', 'line {"a":"ä€😀"}', 'line {"b":1}', 'line {"c":2}', 'ended']);
    assert.deepEqual(paths, ['/stratum']);
  });

  test('puts messages together that come in several frames', async (context) => {
    const port = await serve(context, (websocket) => {
      websocket.send('{"a"', { fin: false });
      websocket.send(':1}', { fin: true }, () => websocket.close());
    });
    const { said } = await transcript(connector, { host: HOST, port });
    assert.deepEqual(said, ['connected', 'line {"a":1}', 'ended']);
  });

  test('sends one text frame a line', async (context) => {
    const received: string[] = [];
    const port = await serve(context, (websocket) =>
      websocket.on('message', (data, isBinary) => {
        received.push(`${isBinary ? 'binary' : 'text'} ${data.toString()}`);
        if (received.length === 2) websocket.close();
      }),
    );
    await transcript(connector, { host: HOST, port }, (connection) => {
      connection.send('one');
      connection.send('two');
    });
    assert.deepEqual(received, ['text one', 'text two']);
  });

  test('checks certificates as TLS does', async (context) => {
    const certificate = await makeCertificate({ addresses: [HOST] });
    const port = await serve(context, (websocket) => websocket.close(), { certificate });
    const wss = (trust: object) =>
      transcript(webSocketConnector({ scheme: 'wss', path: '/stratum', trust }), { host: HOST, port });
    const refused = await wss({});
    assert.deepEqual(refused.said, ['untrusted']);
    assert.match(sentenceOf('pool.test:8000', refused), /signed by itself.*--tls-ca FILE/);
    assert.deepEqual((await wss({ ca: certificate.cert })).said, ['connected', 'ended']);
    assert.deepEqual((await wss({ isUnchecked: true })).said, ['connected', 'ended']);
  });

  test('delivers what was sent before it is closed', async (context) => {
    let received = (_: string): void => {};
    const text = new Promise<string>((resolve) => {
      received = resolve;
    });
    const port = await serve(context, (websocket) =>
      websocket.on('message', (data) => received(data.toString())),
    );
    void transcript(connector, { host: HOST, port }, (connection) => {
      connection.send('last words');
      connection.close();
    });
    assert.equal(await text, 'last words');
  });

  test('says nothing any more once it was closed, not even lines that had arrived', async (context) => {
    const closed: Promise<unknown>[] = [];
    const port = await serve(context, (websocket) => {
      closed.push(once(websocket, 'close'));
      for (const word of ['one\none again', 'two', 'three']) websocket.send(word);
    });
    const said: string[] = [];
    await new Promise<void>((resolve) => {
      const connection = connector(
        { host: HOST, port },
        {
          onConnected: () => {},
          onLine: (line) => {
            said.push(line);
            connection.close();
            connection.send('unheard');
            setImmediate(() => setImmediate(resolve));
          },
          onClosed: (cause) => said.push(cause),
        },
      );
    });
    await Promise.all(closed);
    assert.deepEqual(said, ['one']);
  });

  test('can be closed before it is open', async (context) => {
    const server = createTcpServer();
    const port = await listening(context, server);
    const said: string[] = [];
    const connection = connector(
      { host: HOST, port },
      {
        onConnected: () => said.push('connected'),
        onLine: (line) => said.push(line),
        onClosed: (cause) => said.push(cause),
      },
    );
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.resume();
    connection.close();
    await once(socket, 'close');
    assert.deepEqual(said, []);
  });

  test('pings, and breaks when nothing comes back', async (context) => {
    const quick = webSocketConnector({ scheme: 'ws', path: '/', pingMs: 20 });
    let pings = 0;
    const mute = await serve(context, (websocket) => websocket.on('ping', () => pings++), {
      autoPong: false,
    });
    const { said, detail } = await transcript(quick, { host: HOST, port: mute });
    assert.deepEqual([said, detail, pings], [['connected', 'lost'], 'no answer to a ping', 1]);
    const answering = await serve(context, (websocket) => {
      let count = 0;
      websocket.on('ping', () => {
        count += 1;
        if (count === 5) websocket.close();
      });
    });
    assert.deepEqual((await transcript(quick, { host: HOST, port: answering })).said, ['connected', 'ended']);
  });
});

describe('a WebSocket connection that cannot be used', () => {
  test('says what the web server says instead', async (context) => {
    const port = await servePages(context, (_request, response) => response.end());
    const refused = await transcript(connector, { host: HOST, port });
    assert.deepEqual(refused.said, ['no-websocket']);
    assert.match(
      sentenceOf('pool.test:8000', refused),
      /speaks no WebSocket there \(503 Service Unavailable: \/stratum has no room\): are the port and the path/,
    );
  });

  test('is told from a page, of which nothing is shown', async (context) => {
    const server = createServer((_request, response) => {
      response.writeHead(404, { 'Content-Type': 'text/html' });
      response.end('<script>alert(1)</script>');
    });
    const refused = await transcript(connector, { host: HOST, port: await listening(context, server) });
    assert.deepEqual(refused, { said: ['no-websocket'], detail: '404 Not Found' });
  });

  test('does not read an endless answer to its end', async (context) => {
    const port = await listening(
      context,
      createTcpServer((socket) => {
        socket.write('HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n');
        const more = (): void => {
          if (socket.write('x'.repeat(10_000))) setImmediate(more);
          else socket.once('drain', more);
        };
        more();
      }),
    );
    const refused = await transcript(connector, { host: HOST, port });
    assert.deepEqual(refused.said, ['no-websocket']);
    assert.ok((refused.detail ?? '').length < 400);
  });

  const answers: Readonly<Record<string, readonly [CloseCause, (socket: Socket) => unknown]>> = {
    'plain Stratum answers': ['no-websocket', (socket) => socket.write('{"id":null,"error":"what?"}\n')],
    'the server closes without a word': ['no-websocket', (socket) => socket.on('data', () => socket.end())],
    'the server hangs up': ['no-websocket', (socket) => socket.on('data', () => socket.resetAndDestroy())],
    'the handshake is answered wrongly': [
      'no-websocket',
      (socket) =>
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
        ),
    ],
  };
  for (const [what, [cause, answer]] of Object.entries(answers)) {
    test(`because ${what}`, async (context) => {
      const port = await listening(context, createTcpServer(answer));
      assert.deepEqual((await transcript(connector, { host: HOST, port })).said, [cause]);
    });
  }

  test('because nothing listens, or the host is unknown', async () => {
    assert.deepEqual((await transcript(connector, { host: HOST, port: 1 })).said, ['refused']);
    assert.deepEqual((await transcript(connector, { host: 'pool.invalid', port: 80 })).said, [
      'unknown-host',
    ]);
    assert.deepEqual((await transcript(connector, { host: 'no host', port: 80 })).said, ['unknown-host']);
    assert.equal((await transcript(connector, { host: '::1', port: 1 })).said.length, 1);
  });

  const misdeeds: Readonly<Record<string, readonly [CloseCause, OnWebSocket]>> = {
    'a binary frame comes': ['not-text', (websocket) => websocket.send(Uint8Array.of(1, 2))],
    'a message is too long': [
      'line-too-long',
      (websocket) => websocket.send('x'.repeat(MAX_POOL_LINE_BYTES + 1)),
    ],
    'text is not UTF-8': [
      'not-text',
      (websocket) => websocket.send(Uint8Array.of(0xff, 0xfe), { binary: false }),
    ],
    'it breaks': ['lost', (websocket) => websocket.terminate()],
    'the pool stops': ['ended', (websocket) => websocket.close(1001, 'the pool is stopping')],
  };
  for (const [what, [cause, misdo]] of Object.entries(misdeeds)) {
    test(`any more because ${what}`, async (context) => {
      const port = await serve(context, misdo);
      const { said } = await transcript(connector, { host: HOST, port });
      assert.deepEqual(said, ['connected', cause]);
    });
  }

  const farewells: readonly (readonly [code: number, reason: string, words: string | undefined])[] = [
    [1000, '', undefined],
    [1000, 'see you', 'see you'],
    [1001, 'the pool is stopping', 'code 1001: the pool is stopping'],
    [1008, '', 'code 1008: against its policy'],
    [4001, '', 'code 4001'],
    [4001, 'wrong key', 'code 4001: wrong key'],
  ];
  for (const [code, reason, words] of farewells) {
    test(`with code ${code} and ${reason || 'no reason'} is told so`, async (context) => {
      const port = await serve(context, (websocket) => websocket.close(code, reason));
      const { said, detail } = await transcript(connector, { host: HOST, port });
      assert.deepEqual([said.at(-1), detail], ['ended', words]);
    });
  }
});

test('a pool that takes nothing any more is left', async (context) => {
  const port = await serve(context, (websocket) => websocket.pause());
  const { said } = await transcript(connector, { host: HOST, port }, (connection) => {
    // Until what the system keeps for both sockets is full.
    for (let i = 0; i < 10_000; i++) connection.send('x'.repeat(10_000));
  });
  assert.deepEqual(said, ['connected', 'stalled']);
});
