import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { z } from 'zod';
import { SettingError } from '../../service/config.ts';
import { basicAuth, listenHttp, readBody } from '../../service/http.ts';
import { createLogger } from '../../service/log.ts';
import {
  createRpcClient,
  RpcCallError,
  type RpcClient,
  type RpcClientOptions,
  UnreachableError,
} from '../../service/rpc-client.ts';
import { createRpcServer, RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { temporaryDirectory } from './temporary-directory.ts';

interface Call {
  readonly id: unknown;
  readonly method: string;
}

/** A server that answers as the function says, and a client of it. */
async function against(
  context: TestContext,
  answer: (
    body: Call,
    request: IncomingMessage,
  ) => { status?: number; text: string } | Promise<{ status?: number; text: string }>,
  options: Partial<RpcClientOptions> = {},
): Promise<RpcClient> {
  const handler: RequestListener = async (request, response) => {
    const body = JSON.parse((await readBody(request, 1_000_000)).toString()) as Call;
    const { status = 200, text } = await answer(body, request);
    response.statusCode = status;
    response.end(text);
  };
  const { url, stop } = await listenHttp({ host: '127.0.0.1', port: 0, handler });
  const client = createRpcClient({ url, ...options });
  context.after(() => {
    client.close();
    return stop();
  });
  return client;
}

const METHODS: RpcMethods = {
  echo: rpcMethod({
    group: 'test',
    help: 'Answers what it was given.',
    params: [{ name: 'value', schema: z.unknown() }],
    run: ({ value }) => value,
  }),
  refuse: rpcMethod({
    group: 'test',
    help: 'Fails.',
    params: [],
    run: () => {
      throw new RpcError(-5, 'no such thing', [1]);
    },
  }),
  wait: rpcMethod({
    group: 'test',
    help: 'Waits until the caller has gone.',
    params: [],
    run: (_args, { signal }) => once(signal, 'abort'),
  }),
};

/** Our own server, as a client of it sees it. */
async function ownServer(context: TestContext, options: Partial<RpcClientOptions> = {}): Promise<RpcClient> {
  const server = createRpcServer({
    methods: METHODS,
    authorize: basicAuth([{ user: 'us er', password: 'p:@/%' }]),
    log: createLogger({ name: 'rpc', level: 'silent' }),
    unauthorizedDelayMs: 1,
  });
  const { url, stop } = await listenHttp({
    host: '127.0.0.1',
    port: 0,
    handler: server.handler,
    onStop: server.stop,
  });
  const client = createRpcClient({
    url: url.replace('//', `//us%20er:${encodeURIComponent('p:@/%')}@`),
    ...options,
  });
  context.after(() => {
    client.close();
    return stop();
  });
  return client;
}

async function unreachable(promise: Promise<unknown>, reason: string): Promise<string> {
  const error = await promise.then(
    () => assert.fail('it was answered'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UnreachableError, String(error));
  assert.equal(error.reason, reason);
  assert.ok(error.message.includes(error.url), 'the message names the URL');
  return error.message;
}

describe('a call', () => {
  test('brings back the result, also null', async (context) => {
    const client = await ownServer(context);
    assert.deepEqual(await client.call('echo', [{ a: 1 }]), { a: 1 });
    assert.deepEqual(await client.call('echo', { value: 'ü' }), 'ü');
    assert.equal(await client.call('echo', [false]), false);
    await assert.rejects(client.call('echo'), { name: 'RpcCallError', code: -1 });
  });

  test('keeps the password out of everything that is shown', async (context) => {
    const client = await ownServer(context);
    assert.match(client.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  test('that fails throws the code, the message and the data', async (context) => {
    const client = await ownServer(context);
    await assert.rejects(client.call('refuse'), (error) => {
      assert.ok(error instanceof RpcCallError);
      assert.deepEqual([error.code, error.message, error.data], [-5, 'no such thing', [1]]);
      return true;
    });
  });

  test('may be made many times at once', async (context) => {
    const client = await ownServer(context);
    const values = Array.from({ length: 100 }, (_, index) => index);
    assert.deepEqual(await Promise.all(values.map((value) => client.call('echo', [value]))), values);
  });

  test('with a schema gives a typed result, or says what is unexpected', async (context) => {
    const client = await ownServer(context);
    const schema = z.object({ height: z.int() });
    const { height } = await client.call('echo', [{ height: 5, more: true }], { schema });
    assert.equal(height, 5);
    const message = await unreachable(client.call('echo', [{ height: 'x' }], { schema }), 'answer');
    assert.match(message, /answers, but its answer to echo is unexpected at height: .*expected/);
  });
});

describe('a batch', () => {
  test('gives each call its result or its error, in order', async (context) => {
    const client = await ownServer(context);
    const answers = await client.batch([
      { method: 'echo', params: [1] },
      { method: 'refuse' },
      { method: 'echo', params: [null] },
    ]);
    assert.deepEqual(answers[0], { result: 1 });
    assert.ok(answers[1] instanceof RpcCallError && answers[1].code === -5);
    assert.ok(answers[2] instanceof RpcCallError && answers[2].code === -1);
    assert.deepEqual(await client.batch([]), []);
  });

  test('is matched by id, in whatever order the answers come', async (context) => {
    const client = await against(context, (body) => {
      const calls = body as unknown as Call[];
      return {
        text: JSON.stringify(calls.map(({ id, method }) => ({ id, result: method, error: null })).reverse()),
      };
    });
    assert.deepEqual(await client.batch([{ method: 'a' }, { method: 'b' }]), [
      { result: 'a' },
      { result: 'b' },
    ]);
  });

  test('with an answer missing fails', async (context) => {
    const client = await against(context, (body) => {
      const [first] = body as unknown as Call[];
      return { text: JSON.stringify([{ id: first?.id, result: 1, error: null }]) };
    });
    assert.match(
      await unreachable(client.batch([{ method: 'a' }, { method: 'b' }]), 'answer'),
      /an answer of the batch is missing/,
    );
  });
});

describe('answers in the old form', () => {
  test('are read: a result with error null, an error with HTTP 500 and result null', async (context) => {
    const client = await against(context, ({ id, method }) =>
      method === 'good'
        ? { text: JSON.stringify({ result: { a: 1 }, error: null, id }) }
        : {
            status: 500,
            text: JSON.stringify({
              result: null,
              error: { code: -8, message: 'Block height out of range' },
              id,
            }),
          },
    );
    assert.deepEqual(await client.call('good'), { a: 1 });
    await assert.rejects(client.call('bad'), {
      name: 'RpcCallError',
      code: -8,
      message: 'Block height out of range',
    });
  });

  test('of a server that could not read the call come without its id', async (context) => {
    const client = await against(context, () => ({
      status: 400,
      text: JSON.stringify({ result: null, error: { code: -32600, message: 'Invalid request' }, id: null }),
    }));
    await assert.rejects(client.call('x'), { code: -32600 });
  });
});

describe('a server that gives no usable answer', () => {
  test('because nothing listens: says where, and what to do', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const client = createRpcClient({ url: `http://u:secret@127.0.0.1:${port}`, urlSetting: '--node-url' });
    const message = await unreachable(client.call('x'), 'connection');
    assert.equal(
      message,
      `cannot reach http://127.0.0.1:${port}: nothing listens there; start it or change --node-url`,
    );
  });

  test('because it takes too long', async (context) => {
    const client = await ownServer(context, { timeoutMs: 30 });
    assert.match(await unreachable(client.call('wait'), 'timeout'), /did not answer in time/);
    assert.equal(await client.call('echo', [1], { timeoutMs: 10_000 }), 1);
  });

  test('because it is no JSON-RPC server', async (context) => {
    const texts = ['<html>hello</html>', '', '5', '{"error":"text"}', '{"status":"ok"}'];
    for (const text of texts) {
      const client = await against(context, () => ({ status: 404, text }));
      assert.match(
        await unreachable(client.call('x'), 'answer'),
        /answers, but not with JSON-RPC \(HTTP 404/,
      );
    }
  });

  test('because it hangs up', async (context) => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => server.close());
    const client = createRpcClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    await unreachable(client.call('x'), 'connection');
  });

  test('because its address is no address', () => {
    for (const url of ['', 'localhost', 'ftp://x', 'http://u:secret@ho st']) {
      assert.throws(
        () => createRpcClient({ url }),
        (error: Error) => {
          assert.ok(error instanceof SettingError, String(error));
          assert.match(error.message, /must have the form http:\/\/USER:PASSWORD@HOST:PORT/);
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    }
  });

  test('because its password is no part of a URL', () => {
    assert.throws(() => createRpcClient({ url: 'http://u:50%secret@x', urlSetting: '--node-url' }), {
      name: 'SettingError',
      message: '--node-url: a % in the user or the password must be written as %25',
    });
  });
});

describe('a signal', () => {
  test('ends the call with its own reason', async (context) => {
    const client = await ownServer(context);
    const controller = new AbortController();
    const call = client.call('wait', [], { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    await assert.rejects(call, reason);
    await assert.rejects(client.call('echo', [1], { signal: controller.signal }), reason);
  });
});

describe('logging in', () => {
  test('with a wrong password says so, and how to give it', async (context) => {
    const client = await ownServer(context, { credentials: { user: 'x', password: 'y' } });
    assert.match(
      await unreachable(client.call('echo', [1]), 'unauthorized'),
      /refuses the user and password \(HTTP 401\); give them as http:\/\/USER:PASSWORD@/,
    );
  });

  test('with a cookie file reads it again when the server was restarted', async (context) => {
    const cookieFile = join(await temporaryDirectory(context), '.cookie');
    let accepted = 'Basic X19jb29raWVfXzpvbmU='; // __cookie__:one
    const client = await against(
      context,
      ({ id }, request) =>
        request.headers.authorization === accepted
          ? { text: JSON.stringify({ result: 'in', error: null, id }) }
          : { status: 401, text: '' },
      { cookieFile },
    );
    assert.match(
      await unreachable(client.call('x'), 'cookie'),
      /cannot read the cookie file .*\.cookie for .*: there is no such file or folder; .*is the server running/,
    );
    await writeFile(cookieFile, 'nonsense');
    assert.match(await unreachable(client.call('x'), 'cookie'), / is not of the form user:password/);
    await writeFile(cookieFile, '__cookie__:one\n');
    assert.equal(await client.call('x'), 'in');
    accepted = `Basic ${btoa('__cookie__:two')}`;
    await writeFile(cookieFile, '__cookie__:two');
    assert.equal(await client.call('x'), 'in');
    accepted = 'nothing';
    assert.match(
      await unreachable(client.call('x'), 'unauthorized'),
      /the cookie file .* is not that of the running server/,
    );
  });
});

describe('kept connections', () => {
  test('are used again', async (context) => {
    const ports = new Set<number | undefined>();
    const client = await against(context, ({ id }, request) => {
      ports.add(request.socket.remotePort);
      return { text: JSON.stringify({ result: 1, error: null, id }) };
    });
    for (let round = 0; round < 5; round += 1) await client.call('x');
    assert.equal(ports.size, 1);
  });

  test('that the server has closed meanwhile are replaced without an error', async (context) => {
    let served = 0;
    const server = createServer((socket) => {
      let inThisConnection = 0;
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        const id = /"id":(\d+)/.exec(chunk.toString())?.[1];
        if (id === undefined) return;
        inThisConnection += 1;
        served += 1;
        if (inThisConnection > 1) {
          socket.resetAndDestroy();
          return;
        }
        const text = `{"result":${id},"error":null,"id":${id}}`;
        socket.write(
          `HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
        );
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = createRpcClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    context.after(() => {
      client.close();
      server.close();
    });
    assert.deepEqual([await client.call('x'), await client.call('x'), await client.call('x')], [1, 2, 3]);
    assert.ok(served > 3);
  });
});
