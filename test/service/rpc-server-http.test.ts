/** The RPC server towards HTTP: who may call it, with how much, and what becomes of callers who leave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpListener } from '../../service/http.ts';
import { basic, openSocket, readUntilClosed, send } from './raw-http.ts';
import { AUTH, arrival, listen, logTo, newServer, RpcCalls } from './rpc-server-kit.ts';

const server = newServer();
let listener: HttpListener;
let calls: RpcCalls;

before(async () => {
  listener = await listen(server);
  calls = new RpcCalls(listener);
});
after(() => listener.stop());

describe('access', () => {
  test('a wrong or missing password is refused with 401 after a delay', async () => {
    const wrong = [
      {},
      basic('alice', 'wrong'),
      basic('bob', 'open:sesame'),
      basic('', ''),
      { Authorization: 'Bearer x' },
      { Authorization: 'Basic ' },
    ];
    for (const headers of wrong) {
      const started = performance.now();
      const answer = await calls.post({ method: 'echo', id: 1 }, headers as Record<string, string>);
      assert.ok(performance.now() - started >= 19);
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['www-authenticate'], 'Basic realm="jsonrpc"');
      assert.equal(answer.body, 'the RPC user or password is wrong or missing\n');
    }
  });

  test('GET /health needs no password', async () => {
    const answer = await send({ url: `${listener.url}/health`, method: 'GET' });
    assert.deepEqual([answer.status, answer.body], [200, '{"height":7}\n']);
    const head = await send({ url: `${listener.url}/health`, method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '13', '']);
  });

  test('a request from a web page is refused unless its origin is allowed', async () => {
    const call = { method: 'echo', params: [1], id: 1 };
    const stranger = await calls.post(call, { ...AUTH, Origin: 'https://evil.example' });
    assert.deepEqual([stranger.status, stranger.body], [403, 'requests from web pages are refused\n']);
    const friend = await calls.post(call, { ...AUTH, Origin: 'https://friend.example' });
    assert.equal(friend.status, 200);
    assert.equal(friend.headers['access-control-allow-origin'], 'https://friend.example');
    assert.equal(friend.headers.vary, 'Origin');
  });

  test('a page that may call is told so when its browser asks first, any other is refused then too', async () => {
    const asks = {
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization',
    };
    const preflight = (headers: Record<string, string>) =>
      send({ url: listener.url, method: 'OPTIONS', headers });
    const friend = await preflight({ ...asks, Origin: 'https://friend.example' });
    assert.equal(friend.status, 204);
    assert.equal(friend.headers['access-control-allow-methods'], 'POST');
    assert.equal(friend.headers['access-control-allow-headers'], 'Authorization, Content-Type');
    assert.equal((await preflight({ ...asks, Origin: 'https://evil.example' })).status, 403);
    assert.equal((await preflight({ ...asks, Origin: 'null' })).status, 403);
    assert.equal((await preflight({ Origin: 'https://friend.example' })).status, 405);
    assert.equal((await preflight(asks)).status, 405);
  });

  test('the calls that run are told, and forgotten when they end', async () => {
    assert.deepEqual(server.activeCalls(), []);
    const begun = arrival('told');
    const { port } = new URL(listener.url);
    const body = JSON.stringify({ method: 'wait', params: ['told'], id: 1 });
    const head = `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH.Authorization}\r\n`;
    const socket = await openSocket(Number(port), `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    const signal = await begun;
    assert.deepEqual(
      server.activeCalls().map(({ method }) => method),
      ['wait'],
    );
    const gone = once(signal, 'abort');
    socket.destroy();
    await gone;
    await new Promise(setImmediate);
    assert.deepEqual(server.activeCalls(), []);
  });

  test('the path may have a query, and may come as a whole address as proxies send it', async () => {
    for (const target of ['/?wallet=1', 'http://node.example:5000/', 'http://node.example']) {
      const body = '{"method":"echo","params":[1]}';
      const head = `POST ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH.Authorization}\r\nConnection: close\r\n`;
      const text = `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
      assert.match(await readUntilClosed(await openSocket(listener.port, text)), /^HTTP\/1\.1 200 /, target);
    }
  });

  test('other paths and methods are refused', async () => {
    const elsewhere = ['/wallet', '//', '//health', '/health/', '*', 'http://node.example/wallet', 'a:b'];
    for (const target of elsewhere) {
      const text = `POST ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      const answer = await readUntilClosed(await openSocket(listener.port, text));
      assert.match(answer, /^HTTP\/1\.1 40[04] /, target);
    }
    assert.equal((await send({ url: `${listener.url}/wallet`, headers: AUTH, body: '{}' })).status, 404);
    const get = await send({ url: listener.url, method: 'GET', headers: AUTH });
    assert.deepEqual([get.status, get.headers.allow], [405, 'POST']);
  });
});

describe('the size of a body', () => {
  const call = (method: string, size: number): string =>
    JSON.stringify({ method, params: ['x'.repeat(size)], id: 1 });

  test('may be 16 MB for a method that says so', async () => {
    const [status, body] = await calls.ask(call('upload', 15_900_000));
    assert.deepEqual([status, body], [200, { result: 15_900_000, error: null, id: 1 }]);
    assert.equal((await calls.ask(`[${call('upload', 2_000_000)}, ${call('echo', 1)}]`))[0], 200);
  });

  test('is 1 MB for the others', async () => {
    assert.equal((await calls.ask(call('echo', 990_000)))[0], 200);
    const answer = await calls.post(call('echo', 1_000_000));
    assert.deepEqual([answer.status, answer.body], [413, 'the request body exceeds 1 MB\n']);
  });

  test('above 16 MB is refused, declared or not', async () => {
    const declared = await calls.post(call('upload', 16_000_000));
    assert.deepEqual([declared.status, declared.body], [413, 'the request body exceeds 16 MB\n']);
    const chunked = await send({
      url: listener.url,
      headers: { ...AUTH, 'Transfer-Encoding': 'chunked' },
      body: call('upload', 16_000_000),
    });
    assert.equal(chunked.status, 413);
  });

  test('does not matter without a password: the body is let go unread', async () => {
    const answer = await calls.post(call('upload', 15_000_000), basic('alice', 'wrong'));
    assert.equal(answer.status, 401);
  });
});

describe('what goes wrong', () => {
  test('because a client breaks its request off is no error of the server', async (context) => {
    const lines: string[] = [];
    let tell: () => void = () => undefined;
    const told = new Promise<void>((accept) => {
      tell = accept;
    });
    const log = logTo('debug', (line) => {
      lines.push(line);
      tell();
    });
    const other = await listen(newServer({ log }));
    context.after(() => other.stop());
    const head = `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH.Authorization}\r\nContent-Length: 500\r\n\r\n`;
    const socket = await openSocket(other.port, `${head}{"method":`);
    socket.end();
    await told;
    assert.match(lines.join(''), /^\{"level":20,.*a client broke its request off.*\n$/);
  });

  test('in the server itself is logged, and answered without a word of it', async (context) => {
    const lines: string[] = [];
    const broken = (): never => {
      throw new Error('secret internals');
    };
    const log = logTo('info', (line) => lines.push(line));
    const other = await listen(newServer({ authorize: broken, health: broken, log }));
    context.after(() => other.stop());
    const answer = await send({ url: other.url, headers: AUTH, body: '{"method":"echo"}' });
    assert.deepEqual(
      [answer.status, answer.body],
      [500, 'internal error, described in the log of the server\n'],
    );
    assert.match(lines.join(''), /the RPC server failed to answer/);
    assert.match(lines.join(''), /secret internals/);
    const health = await send({ url: `${other.url}/health`, method: 'GET' });
    assert.deepEqual([health.status, health.body], [503, '{"error":"secret internals"}\n']);
  });
});

describe('a call that waits', () => {
  test('learns that its client has gone', async () => {
    const body = JSON.stringify({ method: 'wait', params: ['gone'], id: 1 });
    const here = arrival('gone');
    const head = `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH.Authorization}\r\nContent-Length: ${body.length}\r\n\r\n`;
    const socket = await openSocket(listener.port, head + body);
    const signal = await here;
    assert.equal(signal.aborted, false);
    socket.destroy();
    await once(signal, 'abort');
    assert.equal((signal.reason as Error).message, 'the client has gone');
  });

  test('is ended at once when the server stops, and answered', async () => {
    const own = newServer();
    const other = await listen(own);
    const here = arrival('stopping');
    const answer = send({
      url: other.url,
      headers: AUTH,
      body: JSON.stringify({ method: 'wait', params: ['stopping'], id: 1 }),
    });
    await here;
    const [{ body }] = await Promise.all([answer, other.stop()]);
    assert.deepEqual(JSON.parse(body), { result: 'woken: the server is stopping', error: null, id: 1 });
  });

  test('in a batch ends the batch when the server stops: half the answers are never sent for all', async () => {
    const own = newServer();
    const other = await listen(own);
    const here = arrival('half');
    const calls = [
      { jsonrpc: '2.0', method: 'wait', params: ['half'], id: 1 },
      { jsonrpc: '2.0', method: 'echo', params: [2], id: 2 },
    ];
    const answer = send({ url: other.url, headers: AUTH, body: JSON.stringify(calls) });
    await here;
    // Longer than a batch runs before others have their turn.
    await sleep(20);
    const [{ status, body }] = await Promise.all([answer, other.stop()]);
    assert.deepEqual([status, body], [503, 'the server is stopping: the rest of this batch was not run\n']);
  });
});
