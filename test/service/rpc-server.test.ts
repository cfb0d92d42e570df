import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { basicAuth, type HttpListener, listenHttp } from '../../service/http.ts';
import { createLogger } from '../../service/log.ts';
import {
  createRpcServer,
  methodHelp,
  RpcError,
  type RpcMethods,
  type RpcServer,
  rpcMethod,
} from '../../service/rpc-server.ts';
import { basic, openSocket, type RawAnswer, send } from './raw-http.ts';

const AUTH = basic('alice', 'open:sesame');
const logged: string[] = [];
const waiting = new Map<string, AbortSignal>();
let arrived: (name: string) => void = () => undefined;

class StockError extends Error {}

const METHODS: RpcMethods = {
  echo: rpcMethod({
    group: 'test',
    help: 'Answers what it was given.',
    params: [{ name: 'value', schema: z.unknown(), optional: true }],
    run: ({ value }) => value,
  }),
  add: rpcMethod({
    group: 'test',
    help: 'Adds two numbers.',
    params: [
      { name: 'left', schema: z.int().min(0).max(100), help: 'from 0 to 100' },
      { name: 'right', schema: z.int(), optional: true, aliases: ['second'] },
    ],
    run: ({ left, right }) => left + (right ?? 1),
  }),
  nested: rpcMethod({
    group: 'test',
    help: 'Takes an object.',
    params: [{ name: 'request', schema: z.object({ rules: z.array(z.string()) }) }],
    run: ({ request }) => request.rules.length,
  }),
  refuse: rpcMethod({
    group: 'test',
    help: 'Fails as asked.',
    params: [],
    run: () => {
      throw new RpcError(-5, 'no such thing', { tried: 1 });
    },
  }),
  breakRule: rpcMethod({
    group: 'other',
    help: 'Throws an error of the application.',
    params: [],
    run: () => Promise.reject(new StockError('out of stock')),
  }),
  crash: rpcMethod({
    group: 'other',
    help: 'Has a bug.',
    params: [],
    run: () => {
      throw new Error('secret internals');
    },
  }),
  long: rpcMethod({
    group: 'other',
    help: 'Answers a megabyte.',
    params: [],
    run: () => 'x'.repeat(1_000_000),
  }),
  bigint: rpcMethod({ group: 'other', help: 'Answers what JSON cannot carry.', params: [], run: () => 1n }),
  wait: rpcMethod({
    group: 'other',
    help: 'Waits until the caller has gone.',
    params: [{ name: 'name', schema: z.string() }],
    run: async ({ name }, { signal }) => {
      waiting.set(name, signal);
      arrived(name);
      await once(signal, 'abort');
      return `woken: ${(signal.reason as Error).message}`;
    },
  }),
  upload: rpcMethod({
    group: 'other',
    help: 'Counts the characters of a long text.',
    params: [{ name: 'data', schema: z.string() }],
    bigBody: true,
    run: ({ data }) => data.length,
  }),
};

let server: RpcServer;
let listener: HttpListener;

function newServer(): RpcServer {
  return createRpcServer({
    methods: METHODS,
    authorize: basicAuth([{ user: 'alice', password: 'open:sesame' }]),
    log: createLogger({
      name: 'rpc',
      level: 'info',
      pretty: false,
      destination: { write: (line) => logged.push(line) },
    }),
    health: () => ({ height: 7 }),
    describeError: (error) => (error instanceof StockError ? new RpcError(-26, error.message) : undefined),
    allowedOrigins: ['https://friend.example'],
    unauthorizedDelayMs: 20,
  });
}

before(async () => {
  server = newServer();
  listener = await listenHttp({ host: '127.0.0.1', port: 0, handler: server.handler, onStop: server.stop });
});
after(() => listener.stop());

function post(body: unknown, headers: Readonly<Record<string, string>> = AUTH): Promise<RawAnswer> {
  return send({ url: listener.url, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

/** Status and parsed body; the shape of every answer is checked on the way. */
async function ask(body: unknown): Promise<[number, unknown]> {
  const answer = await post(body);
  if (answer.status === 204) {
    assert.equal(answer.body, '');
    return [204, undefined];
  }
  assert.match(answer.body, /^[^\n]+\n$/, 'one line');
  assert.equal(Number(answer.headers['content-length']), Buffer.byteLength(answer.body));
  assert.equal(answer.headers['content-type'], 'application/json');
  return [answer.status, JSON.parse(answer.body)];
}

async function errorOf(method: string, params: unknown): Promise<{ code: number; message: string }> {
  const [, body] = await ask({ method, params, id: 1 });
  return (body as { error: { code: number; message: string } }).error;
}

describe('a request without "jsonrpc"', () => {
  test('is answered with all three keys in their order', async () => {
    const answer = await post({ method: 'echo', params: ['ü'], id: 'a' });
    assert.equal(answer.body, '{"result":"ü","error":null,"id":"a"}\n');
    assert.equal(answer.status, 200);
  });

  test('may say 1.0 or 1.1, some clients as a number', async () => {
    for (const jsonrpc of ['1.0', '1.1', 1, 1.1]) {
      assert.deepEqual(await ask({ jsonrpc, method: 'echo', params: [1], id: 1 }), [
        200,
        { result: 1, error: null, id: 1 },
      ]);
    }
  });

  test('without an id is answered with id null', async () => {
    assert.deepEqual(await ask({ method: 'echo' }), [200, { result: null, error: null, id: null }]);
  });

  test('gets its id back as it was, whatever it is', async () => {
    for (const id of [0, '', null, true, 1.5, { a: [1] }, ['x']]) {
      assert.deepEqual(await ask({ method: 'echo', params: [1], id }), [200, { result: 1, error: null, id }]);
    }
  });

  // Writing such an id back exhausted the stack, when the call had already done its work.
  test('is refused before anything is done when its id is nested too deeply', async () => {
    logged.length = 0;
    const [status, body] = await ask(`{"method":"crash","id":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    assert.equal(status, 400);
    const error = { code: -32600, message: 'Invalid request: id is nested too deeply' };
    assert.deepEqual(body, { result: null, error, id: null });
    assert.deepEqual(logged, []);
  });

  test('tells the error by the HTTP status: 500, 404 for an unknown method, 400 for an invalid request', async () => {
    const error = { code: -5, message: 'no such thing', data: { tried: 1 } };
    assert.deepEqual(await ask({ method: 'refuse', id: 1 }), [500, { result: null, error, id: 1 }]);
    const [unknownStatus, unknown] = await ask({ method: 'nonsense', id: 2 });
    assert.equal(unknownStatus, 404);
    assert.deepEqual(unknown, {
      result: null,
      error: { code: -32601, message: 'Method not found: nonsense' },
      id: 2,
    });
    for (const request of [{ id: 3 }, { method: 5, id: 3 }, { method: 'echo', params: 'x', id: 3 }]) {
      const [status, body] = await ask(request);
      assert.equal(status, 400);
      assert.equal((body as { error: { code: number } }).error.code, -32600);
      assert.equal((body as { id: unknown }).id, 3);
    }
  });

  test('names inherited from Object are no methods', async () => {
    for (const method of ['toString', '__proto__', 'constructor', 'hasOwnProperty']) {
      assert.equal((await ask({ method, id: 1 }))[0], 404);
    }
  });
});

describe('a request with "jsonrpc":"2.0"', () => {
  test('is answered in the form of 2.0, with HTTP 200 even for errors', async () => {
    const ok = await post({ jsonrpc: '2.0', method: 'add', params: [2, 3], id: 'x' });
    assert.equal(ok.body, '{"jsonrpc":"2.0","result":5,"id":"x"}\n');
    const [status, body] = await ask({ jsonrpc: '2.0', method: 'refuse', id: 9 });
    assert.equal(status, 200);
    assert.deepEqual(body, {
      jsonrpc: '2.0',
      error: { code: -5, message: 'no such thing', data: { tried: 1 } },
      id: 9,
    });
    assert.equal((await ask({ jsonrpc: '2.0', method: 'nonsense', id: 9 }))[0], 200);
    assert.equal((await ask({ jsonrpc: '2.0', id: 9 }))[0], 200);
  });

  test('without an id is a notification: run, and answered by nothing', async () => {
    const before = logged.length;
    assert.deepEqual(await ask({ jsonrpc: '2.0', method: 'crash' }), [204, undefined]);
    assert.equal(logged.length, before + 1, 'it was run');
    assert.deepEqual(await ask({ jsonrpc: '2.0', method: 'nonsense' }), [204, undefined]);
  });

  test('with id null is answered', async () => {
    assert.deepEqual(await ask({ jsonrpc: '2.0', method: 'echo', id: null }), [
      200,
      { jsonrpc: '2.0', result: null, id: null },
    ]);
  });

  test('of another version is refused', async () => {
    for (const jsonrpc of ['3.0', 2, false]) {
      const [status, body] = await ask({ jsonrpc, method: 'echo', id: 1 });
      assert.equal(status, 400);
      assert.match(
        (body as { error: { message: string } }).error.message,
        /jsonrpc must be "2\.0", or left out/,
      );
    }
  });
});

describe('a batch', () => {
  test('is answered with HTTP 200, each call in its own form and order', async () => {
    const [status, body] = await ask([
      { method: 'echo', params: [1], id: 'a' },
      { jsonrpc: '2.0', method: 'echo', params: [2], id: 'b' },
      { jsonrpc: '2.0', method: 'echo', params: [3] },
      { method: 'refuse', id: 'c' },
      'nonsense',
    ]);
    assert.equal(status, 200);
    assert.deepEqual(body, [
      { result: 1, error: null, id: 'a' },
      { jsonrpc: '2.0', result: 2, id: 'b' },
      { result: null, error: { code: -5, message: 'no such thing', data: { tried: 1 } }, id: 'c' },
      {
        result: null,
        error: { code: -32600, message: 'Invalid request: a request is a JSON object or an array of them' },
        id: null,
      },
    ]);
  });

  test('of one call is still an array, of none an empty one', async () => {
    assert.deepEqual(await ask([{ method: 'echo', params: [1], id: 1 }]), [
      200,
      [{ result: 1, error: null, id: 1 }],
    ]);
    assert.deepEqual(await ask([]), [200, []]);
  });

  test('of nothing but 2.0 notifications is answered with 204', async () => {
    const notification = { jsonrpc: '2.0', method: 'echo' };
    assert.deepEqual(await ask([notification, notification]), [204, undefined]);
  });

  test('inside a batch is no request', async () => {
    const [, body] = await ask([[{ method: 'echo', id: 1 }]]);
    assert.equal((body as { error: { code: number } }[])[0]?.error.code, -32600);
  });

  test('that is too long is refused with the limit', async () => {
    const [status, body] = await ask(Array.from({ length: 10_001 }, (_, id) => ({ method: 'echo', id })));
    assert.equal(status, 200);
    assert.match(
      (body as { error: { message: string } }[])[0]?.error.message ?? '',
      /at most 10000 calls, this one 10001/,
    );
  });

  test('whose answers grow too long is refused, and the server goes on', async () => {
    const [status, body] = await ask(Array.from({ length: 80 }, (_, id) => ({ method: 'long', id })));
    assert.equal(status, 200);
    assert.match(
      (body as { error: { message: string } }[])[0]?.error.message ?? '',
      /exceed 64 MB; ask in smaller batches/,
    );
    assert.equal((await ask({ method: 'echo', id: 1 }))[0], 200);
  });
});

describe('parameters', () => {
  test('come by position or by name, also by another name', async () => {
    for (const params of [[2, 3], { left: 2, right: 3 }, { second: 3, left: 2 }]) {
      assert.deepEqual(await ask({ method: 'add', params, id: 1 }), [200, { result: 5, error: null, id: 1 }]);
    }
  });

  test('that are optional may be left out or null', async () => {
    for (const params of [[2], [2, null], { left: 2 }, { left: 2, right: null }]) {
      assert.deepEqual(await ask({ method: 'add', params, id: 1 }), [200, { result: 3, error: null, id: 1 }]);
    }
  });

  test('missing or too many: −1 with the help of the method', async () => {
    const help = methodHelp('add', METHODS.add!);
    for (const params of [undefined, null, [], [null], {}, [1, 2, 3]]) {
      assert.deepEqual(await errorOf('add', params), { code: -1, message: help });
    }
  });

  test('of a wrong type: −3, naming the parameter, its type and what is expected', async () => {
    assert.deepEqual(await errorOf('add', ['7']), {
      code: -3,
      message: 'Wrong type: left is of type string; expected: number',
    });
    assert.deepEqual(await errorOf('add', [1, [2]]), {
      code: -3,
      message: 'Wrong type: right is of type array; expected: number',
    });
  });

  test('of a wrong type deep inside: −3, naming the place', async () => {
    const { code, message } = await errorOf('nested', [{ rules: ['a', 5] }]);
    assert.deepEqual(
      [code, message],
      [-3, 'Wrong type: request.rules.1 is of type number; expected: string'],
    );
    assert.equal(
      (await errorOf('nested', [{}])).message,
      'Wrong type: request.rules is of type nothing; expected: array',
    );
  });

  test('out of range: −8, naming the parameter and the limit', async () => {
    const { code, message } = await errorOf('add', [101]);
    assert.equal(code, -8);
    assert.match(message, /^Invalid left: .*100/);
  });

  test('may come by position, in `args`, together with others by name', async () => {
    for (const params of [{ args: [2, 3] }, { args: [2], right: 3 }, { args: [], left: 2, right: 3 }]) {
      assert.deepEqual(await ask({ method: 'add', params, id: 1 }), [200, { result: 5, error: null, id: 1 }]);
    }
    assert.equal((await errorOf('add', { args: [1, 2, 3] })).code, -1);
    assert.equal((await errorOf('add', { args: 1 })).code, -8);
  });

  test('that come twice: −8, saying which', async () => {
    assert.deepEqual(await errorOf('add', { args: [1], left: 2 }), {
      code: -8,
      message: 'Parameter left specified twice both as positional and named argument',
    });
    assert.deepEqual(await errorOf('add', { left: 1, right: 2, second: 3 }), {
      code: -8,
      message: 'Parameter second specified multiple times',
    });
  });

  test('that are numbers of another kind: −3, saying which kind', async () => {
    assert.match((await errorOf('add', [0.5])).message, /expected: integer$/);
    const { body } = await post('{"method":"add","params":[1e400],"id":1}');
    assert.match(body, /left is of type number, but too big; expected: number/);
  });

  test('of an unknown name: −8', async () => {
    assert.deepEqual(await errorOf('add', { left: 1, up: 2 }), {
      code: -8,
      message: 'Unknown named parameter up',
    });
    assert.equal((await errorOf('add', JSON.parse('{"__proto__": 1}'))).code, -8);
  });
});

describe('errors', () => {
  test('of the application are described by the application', async () => {
    assert.deepEqual(await errorOf('breakRule', []), { code: -26, message: 'out of stock' });
  });

  test('that are bugs are logged with their stack and say nothing of the inside', async () => {
    logged.length = 0;
    assert.deepEqual(await errorOf('crash', []), {
      code: -32603,
      message: 'internal error, described in the log of the server',
    });
    assert.match(logged.join(''), /secret internals.*rpc-server\.test\.ts/s);
  });

  test('a result that JSON cannot carry is a bug too, and spoils no other call of its batch', async () => {
    const [, body] = await ask([
      { method: 'bigint', id: 1 },
      { method: 'echo', params: [1], id: 2 },
    ]);
    assert.deepEqual(
      (body as { error: { code: number } | null }[]).map(({ error }) => error?.code),
      [-32603, undefined],
    );
  });

  test('what is not JSON is a parse error with HTTP 500', async () => {
    for (const text of ['', '{"method":', 'x', '\u0000', '{"a":1}}']) {
      const [status, body] = await ask(text);
      assert.equal(status, 500);
      const { result, error, id } = body as {
        result: unknown;
        error: { code: number; message: string };
        id: unknown;
      };
      assert.deepEqual([result, error.code, id], [null, -32700, null]);
      assert.match(error.message, /^Parse error: /);
    }
  });

  test('JSON that is no request is an invalid request', async () => {
    for (const text of ['1', 'null', '"x"', 'true']) {
      const [status, body] = await ask(text);
      assert.equal(status, 400);
      assert.equal((body as { error: { code: number } }).error.code, -32600);
    }
  });

  test('JSON nested a hundred thousand deep is answered', async () => {
    const [status] = await ask(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    assert.ok(status === 200 || status === 500);
    assert.equal((await ask({ method: 'echo', params: [1], id: 1 }))[0], 200);
  });
});

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
      const answer = await post({ method: 'echo', id: 1 }, headers as Record<string, string>);
      assert.ok(performance.now() - started >= 19);
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['www-authenticate'], 'Basic realm="jsonrpc"');
      assert.equal(answer.body, 'the RPC user or password is wrong or missing\n');
    }
  });

  test('GET /health needs no password', async () => {
    const answer = await send({ url: `${listener.url}/health`, method: 'GET' });
    assert.deepEqual([answer.status, answer.body], [200, '{"height":7}\n']);
  });

  test('a request from a web page is refused unless its origin is allowed', async () => {
    const call = { method: 'echo', params: [1], id: 1 };
    const stranger = await post(call, { ...AUTH, Origin: 'https://evil.example' });
    assert.deepEqual([stranger.status, stranger.body], [403, 'requests from web pages are refused\n']);
    const friend = await post(call, { ...AUTH, Origin: 'https://friend.example' });
    assert.equal(friend.status, 200);
    assert.equal(friend.headers['access-control-allow-origin'], 'https://friend.example');
    assert.equal(friend.headers.vary, 'Origin');
  });

  test('a page that may call is told so when its browser asks first, any other is refused then too', async () => {
    const asks = {
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization',
    };
    const ask = (headers: Record<string, string>) => send({ url: listener.url, method: 'OPTIONS', headers });
    const friend = await ask({ ...asks, Origin: 'https://friend.example' });
    assert.equal(friend.status, 204);
    assert.equal(friend.headers['access-control-allow-methods'], 'POST');
    assert.equal(friend.headers['access-control-allow-headers'], 'Authorization, Content-Type');
    assert.equal((await ask({ ...asks, Origin: 'https://evil.example' })).status, 403);
    assert.equal((await ask({ ...asks, Origin: 'null' })).status, 403);
    assert.equal((await ask({ Origin: 'https://friend.example' })).status, 405);
    assert.equal((await ask(asks)).status, 405);
  });

  test('the calls that run are told, and forgotten when they end', async () => {
    assert.deepEqual(server.activeCalls(), []);
    const begun = new Promise<void>((resolve) => {
      arrived = () => resolve();
    });
    const { port } = new URL(listener.url);
    const body = JSON.stringify({ method: 'wait', params: ['told'], id: 1 });
    const head = `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH.Authorization}\r\n`;
    const socket = await openSocket(Number(port), `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    await begun;
    assert.deepEqual(
      server.activeCalls().map(({ method }) => method),
      ['wait'],
    );
    const gone = once(waiting.get('told')!, 'abort');
    socket.destroy();
    await gone;
    await new Promise(setImmediate);
    assert.deepEqual(server.activeCalls(), []);
  });

  test('other paths and methods are refused', async () => {
    assert.equal((await send({ url: `${listener.url}/wallet`, headers: AUTH, body: '{}' })).status, 404);
    const get = await send({ url: listener.url, method: 'GET', headers: AUTH });
    assert.deepEqual([get.status, get.headers.allow], [405, 'POST']);
  });
});

describe('the size of a body', () => {
  const call = (method: string, size: number): string =>
    JSON.stringify({ method, params: ['x'.repeat(size)], id: 1 });

  test('may be 16 MB for a method that says so', async () => {
    const [status, body] = await ask(call('upload', 15_900_000));
    assert.deepEqual([status, body], [200, { result: 15_900_000, error: null, id: 1 }]);
    assert.equal((await ask(`[${call('upload', 2_000_000)}, ${call('echo', 1)}]`))[0], 200);
  });

  test('is 1 MB for the others', async () => {
    assert.equal((await ask(call('echo', 990_000)))[0], 200);
    const answer = await post(call('echo', 1_000_000));
    assert.deepEqual([answer.status, answer.body], [413, 'the request body exceeds 1 MB\n']);
  });

  test('above 16 MB is refused, declared or not', async () => {
    const declared = await post(call('upload', 16_000_000));
    assert.deepEqual([declared.status, declared.body], [413, 'the request body exceeds 16 MB\n']);
    const chunked = await send({
      url: listener.url,
      headers: { ...AUTH, 'Transfer-Encoding': 'chunked' },
      body: call('upload', 16_000_000),
    });
    assert.equal(chunked.status, 413);
  });

  test('does not matter without a password: the body is let go unread', async () => {
    const answer = await post(call('upload', 15_000_000), basic('alice', 'wrong'));
    assert.equal(answer.status, 401);
  });
});

test('a request that its client breaks off is no error of the server', async () => {
  logged.length = 0;
  const told = once(server.app, 'error');
  const head = `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTH.Authorization}\r\nContent-Length: 500\r\n\r\n`;
  const socket = await openSocket(listener.port, `${head}{"method":`);
  socket.end();
  await told;
  assert.deepEqual(logged, []);
});

describe('a call that waits', () => {
  function arrival(name: string): Promise<AbortSignal> {
    return new Promise((accept) => {
      arrived = (who) => {
        const signal = waiting.get(name);
        if (who === name && signal !== undefined) accept(signal);
      };
    });
  }

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
    const other = await listenHttp({ host: '127.0.0.1', port: 0, handler: own.handler, onStop: own.stop });
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
});
