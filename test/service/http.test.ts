import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import {
  basicAuth,
  discardBody,
  HttpError,
  type HttpListener,
  type HttpOptions,
  ListenError,
  listenHttp,
  readBody,
} from '../../service/http.ts';
import { basic, openSocket, readUntilClosed, send } from './raw-http.ts';

const echo: RequestListener = (request, response) => {
  readBody(request, 10).then(
    (body) => response.end(body),
    (error: unknown) => {
      response.statusCode = error instanceof HttpError ? error.status : 500;
      response.end((error as Error).message);
    },
  );
};

async function listening(context: TestContext, options: Partial<HttpOptions> = {}): Promise<HttpListener> {
  const listener = await listenHttp({ host: '127.0.0.1', port: 0, handler: echo, ...options });
  context.after(() => listener.stop());
  return listener;
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('listening', () => {
  test('on port 0 takes a free port and says which', async (context) => {
    const { url, port } = await listening(context);
    assert.equal(url, `http://127.0.0.1:${port}`);
    assert.equal((await send({ url, body: 'hello' })).body, 'hello');
  });

  test('on all addresses gives a URL that works here', async (context) => {
    const { url, port } = await listening(context, { host: '0.0.0.0' });
    assert.equal(url, `http://127.0.0.1:${port}`);
  });

  test('goes on when somebody cannot be let in, and says so', async (context) => {
    const told: Error[] = [];
    const { url, server } = await listening(context, { onAcceptError: (error) => told.push(error) });
    // What Node does when accept(2) fails: there is no way to bring that about for one server alone.
    const tooManyFiles = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
    server.emit('error', tooManyFiles);
    assert.deepEqual(told, [tooManyFiles]);
    assert.equal((await send({ url, body: 'hello' })).body, 'hello');
  });

  test('on a port in use is refused with the port and the setting that changes it', async (context) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    context.after(() => taken.close());
    const { port } = taken.address() as { port: number };
    await assert.rejects(
      listenHttp({ host: '127.0.0.1', port, handler: echo, portSetting: '--rpc-port' }),
      (error) => {
        assert.ok(error instanceof ListenError);
        assert.equal(error.message, `port ${port} on 127.0.0.1 is in use; choose another with --rpc-port`);
        assert.equal(error.port, port);
        return true;
      },
    );
  });

  test('on port 5000 of a Mac names the likely culprit', async (context) => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    context.after(() => Object.defineProperty(process, 'platform', platform));
    const server = {
      once: (event: string, listener: (error: Error) => void) => event === 'error' && fail.push(listener),
      off: () => undefined,
    };
    const fail: ((error: Error) => void)[] = [];
    const { listen } = await import('../../service/http.ts');
    const promise = listen(
      { ...server, listen: () => undefined } as unknown as Parameters<typeof listen>[0],
      { host: '127.0.0.1', port: 5000 },
    );
    fail[0]?.(Object.assign(new Error('in use'), { code: 'EADDRINUSE' }));
    await assert.rejects(promise, /port 5000 .* is in use \(on macOS this is likely the AirPlay Receiver/);
  });

  test('on an address that is not ours is refused', async () => {
    await assert.rejects(
      listenHttp({ host: '192.0.2.1', port: 0, handler: echo }),
      /192\.0\.2\.1 is not an address of this machine/,
    );
  });
});

describe('a client that keeps the server waiting', () => {
  const timeouts = { headersMs: 60, requestMs: 120, checkMs: 20 };

  test('by sending nothing, half a header or half a body is closed', async (context) => {
    const { port, server } = await listening(context, { timeouts });
    const texts = [
      '',
      'GET / HTTP/1.1\r\nHost: x\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab',
    ];
    const sockets = await Promise.all(texts.map((text) => openSocket(port, text)));
    const answers = await Promise.all(sockets.map(readUntilClosed));
    for (const answer of answers) assert.match(answer, /^(HTTP\/1\.1 408 Request Timeout|$)/);
    assert.equal(await connections(server), 0);
  });

  test('by trickling its header is closed', async (context) => {
    const { port } = await listening(context, { timeouts });
    const socket = await openSocket(port, 'GET / HTTP/1.1\r\n');
    const trickle = setInterval(() => socket.writable && socket.write('X-A: b\r\n'), 10);
    await readUntilClosed(socket);
    clearInterval(trickle);
  });

  test('is told from one that waits for us: a slow answer is not cut', async (context) => {
    let answerNow: () => void = () => undefined;
    const slow: RequestListener = (_request, response) => {
      answerNow = () => response.end('at last');
    };
    const { port, url } = await listening(context, { timeouts, handler: slow });
    const answer = send({ url, method: 'GET' });
    const sentinel = await openSocket(port, 'GET / HTTP/1.1\r\n');
    await readUntilClosed(sentinel);
    await readUntilClosed(await openSocket(port));
    answerNow();
    assert.equal((await answer).body, 'at last');
  });

  test('by not reading its answer is closed', async (context) => {
    const big = Buffer.alloc(20_000_000);
    const { port, server } = await listening(context, {
      handler: (_request, response) => response.end(big),
      timeouts: { stalledReaderMs: 50 },
    });
    const accepted = once(server, 'connection');
    const socket = await openSocket(port, GET);
    socket.pause();
    const [serverSide] = await accepted;
    await once(serverSide, 'close');
    socket.destroy();
  });
});

describe('limits', () => {
  test('connections above the limit are closed at once', async (context) => {
    const { port, url } = await listening(context, { maxConnections: 2 });
    const held = [await openSocket(port), await openSocket(port)];
    assert.equal(await readUntilClosed(await openSocket(port)), '');
    held[0]?.destroy();
    held[1]?.end(`POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok`);
    assert.match(await readUntilClosed(held[1]!), /200 OK.*ok$/s);
    assert.equal((await send({ url, body: 'again' })).body, 'again');
  });

  test('a body above the limit is refused, whether its length is declared or not', async (context) => {
    const { url } = await listening(context);
    assert.equal((await send({ url, body: '0123456789' })).body, '0123456789');
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const answer = await send({ url, headers, body: '0123456789a' });
      assert.equal(answer.status, 413);
      assert.match(answer.body, /^the request body exceeds 10 bytes$/);
    }
  });

  test('a header above 16 KB is refused', async (context) => {
    const { port } = await listening(context);
    const socket = await openSocket(
      port,
      `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
    );
    assert.match(await readUntilClosed(socket), /^HTTP\/1\.1 431 /);
  });

  test('what is not HTTP is answered with 400', async (context) => {
    const { port } = await listening(context);
    const socket = await openSocket(port, '{"id":1,"method":"mining.subscribe","params":[]}\n');
    assert.match(await readUntilClosed(socket), /^HTTP\/1\.1 400 /);
  });
});

describe('header lines that end in a bare LF', () => {
  const request = 'POST / HTTP/1.1\nHost: x\nContent-Length: 2\nConnection: close\n\nok';

  test('are refused', async (context) => {
    const { port } = await listening(context);
    assert.match(await readUntilClosed(await openSocket(port, request)), /^HTTP\/1\.1 400 /);
  });

  test('are accepted when asked to be lenient', async (context) => {
    const { port } = await listening(context, { lenientParser: true });
    assert.match(await readUntilClosed(await openSocket(port, request)), /200 OK.*ok$/s);
  });
});

describe('stopping', () => {
  test('closes idle connections at once and lets a running request finish', async () => {
    let arrived: () => void = () => undefined;
    const here = new Promise<void>((accept) => {
      arrived = accept;
    });
    let finish: () => void = () => undefined;
    const listener = await listenHttp({
      host: '127.0.0.1',
      port: 0,
      handler: (_request, response) => {
        finish = () => response.end('done');
        arrived();
      },
      onStop: () => setImmediate(() => finish()),
    });
    const idle = await openSocket(listener.port);
    const idleClosed = readUntilClosed(idle);
    const keptAlive = readUntilClosed(await openSocket(listener.port, GET));
    await here;
    await Promise.all([listener.stop(), listener.stop()]);
    assert.match(await keptAlive, /200 OK.*done$/s);
    assert.equal(await idleClosed, '');
    await assert.rejects(openSocket(listener.port), { code: 'ECONNREFUSED' });
  });

  test('does not wait for a request that never ends', async () => {
    const listener = await listenHttp({ host: '127.0.0.1', port: 0, handler: () => undefined });
    const socket = await openSocket(listener.port, GET);
    const closed = readUntilClosed(socket);
    await once(listener.server, 'request');
    await listener.stop();
    assert.equal(await closed, '');
  });
});

describe('Basic authentication', () => {
  const user = basicAuth([
    { user: 'alice', password: 'a:b' },
    { user: '__cookie__', password: 'ü' },
  ]);

  test('gives the name of a user whose password is right', () => {
    assert.equal(user(basic('alice', 'a:b').Authorization), 'alice');
    assert.equal(user(basic('__cookie__', 'ü').Authorization), '__cookie__');
    assert.equal(user(basic('alice', 'a:b').Authorization.replace('Basic', 'basic')), 'alice');
  });

  test('takes passwords of any length', () => {
    for (const length of [0, 1, 249, 250, 251, 1_000]) {
      const password = 'p'.repeat(length);
      const authorize = basicAuth([
        { user: 'short', password: '' },
        { user: 'alice', password },
      ]);
      assert.equal(authorize(basic('alice', password).Authorization), 'alice');
      assert.equal(authorize(basic('alice', `${password}p`).Authorization), undefined);
      assert.equal(authorize(basic('short', '').Authorization), 'short');
    }
  });

  test('gives nothing for anything else', () => {
    const wrong = [
      undefined,
      '',
      'Basic',
      'Basic ',
      'Basic !!',
      `Bearer ${btoa('alice:a:b')}`,
      basic('alice', 'a').Authorization,
    ];
    for (const header of [...wrong, basic('alice', 'a:b:').Authorization, basic('', '').Authorization]) {
      assert.equal(user(header), undefined, header);
    }
    for (const password of ['a:b\0', 'a:b\0\0', 'a:b'.padEnd(300, '\0'), 'x'.repeat(10_000)]) {
      assert.equal(user(basic('alice', password).Authorization), undefined);
    }
    assert.equal(basicAuth([])(basic('alice', 'a:b').Authorization), undefined);
  });
});

function connections(server: HttpListener['server']): Promise<number> {
  return new Promise((accept, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : accept(count)));
  });
}

test('a refused body whose connection is gone is not waited for', async (context) => {
  const requests = new EventEmitter<{ request: [IncomingMessage] }>();
  const { port } = await listening(context, { handler: (request) => requests.emit('request', request) });
  const arrival = once(requests, 'request');
  const socket = await openSocket(port);
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"me');
  const [request] = (await arrival) as [IncomingMessage];
  request.on('error', () => undefined);
  const gone = new Promise((accept) => request.once('close', accept));
  socket.destroy();
  await gone;
  // No timer fires by itself: waiting for one would never end.
  context.mock.timers.enable({ apis: ['setTimeout'] });
  await discardBody(request);
});
