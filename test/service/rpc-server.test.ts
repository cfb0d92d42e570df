import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HttpListener } from '../../service/http.ts';
import { methodHelp } from '../../service/rpc-server.ts';
import { listen, logged, METHODS, newServer, RpcCalls } from './rpc-server-kit.ts';

const server = newServer();
let listener: HttpListener;
let calls: RpcCalls;

before(async () => {
  listener = await listen(server);
  calls = new RpcCalls(listener);
});
after(() => listener.stop());

describe('a request without "jsonrpc"', () => {
  test('is answered with all three keys in their order', async () => {
    const answer = await calls.post({ method: 'echo', params: ['ü'], id: 'a' });
    assert.equal(answer.body, '{"result":"ü","error":null,"id":"a"}\n');
    assert.equal(answer.status, 200);
  });

  test('may say 1.0 or 1.1, some clients as a number', async () => {
    for (const jsonrpc of ['1.0', '1.1', 1, 1.1]) {
      assert.deepEqual(await calls.ask({ jsonrpc, method: 'echo', params: [1], id: 1 }), [
        200,
        { result: 1, error: null, id: 1 },
      ]);
    }
  });

  test('without an id is answered with id null', async () => {
    assert.deepEqual(await calls.ask({ method: 'echo' }), [200, { result: null, error: null, id: null }]);
  });

  test('gets its id back as it was, whatever it is', async () => {
    for (const id of [0, '', null, true, 1.5, { a: [1] }, ['x']]) {
      assert.deepEqual(await calls.ask({ method: 'echo', params: [1], id }), [
        200,
        { result: 1, error: null, id },
      ]);
    }
  });

  // Writing such an id back exhausted the stack, when the call had already done its work.
  test('is refused before anything is done when its id is nested too deeply', async () => {
    logged.length = 0;
    const [status, body] = await calls.ask(
      `{"method":"crash","id":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    );
    assert.equal(status, 400);
    const error = { code: -32600, message: 'Invalid request: id is nested too deeply' };
    assert.deepEqual(body, { result: null, error, id: null });
    assert.deepEqual(logged, []);
  });

  test('tells the error by the HTTP status: 500, 404 for an unknown method, 400 for an invalid request', async () => {
    const error = { code: -5, message: 'no such thing', data: { tried: 1 } };
    assert.deepEqual(await calls.ask({ method: 'refuse', id: 1 }), [500, { result: null, error, id: 1 }]);
    const [unknownStatus, unknown] = await calls.ask({ method: 'nonsense', id: 2 });
    assert.equal(unknownStatus, 404);
    assert.deepEqual(unknown, {
      result: null,
      error: { code: -32601, message: 'Method not found: nonsense' },
      id: 2,
    });
    for (const request of [{ id: 3 }, { method: 5, id: 3 }, { method: 'echo', params: 'x', id: 3 }]) {
      const [status, body] = await calls.ask(request);
      assert.equal(status, 400);
      assert.equal((body as { error: { code: number } }).error.code, -32600);
      assert.equal((body as { id: unknown }).id, 3);
    }
  });

  test('names inherited from Object are no methods', async () => {
    for (const method of ['toString', '__proto__', 'constructor', 'hasOwnProperty']) {
      assert.equal((await calls.ask({ method, id: 1 }))[0], 404);
    }
  });
});

describe('a request with "jsonrpc":"2.0"', () => {
  test('is answered in the form of 2.0, with HTTP 200 even for errors', async () => {
    const ok = await calls.post({ jsonrpc: '2.0', method: 'add', params: [2, 3], id: 'x' });
    assert.equal(ok.body, '{"jsonrpc":"2.0","result":5,"id":"x"}\n');
    const [status, body] = await calls.ask({ jsonrpc: '2.0', method: 'refuse', id: 9 });
    assert.equal(status, 200);
    assert.deepEqual(body, {
      jsonrpc: '2.0',
      error: { code: -5, message: 'no such thing', data: { tried: 1 } },
      id: 9,
    });
    assert.equal((await calls.ask({ jsonrpc: '2.0', method: 'nonsense', id: 9 }))[0], 200);
    assert.equal((await calls.ask({ jsonrpc: '2.0', id: 9 }))[0], 200);
  });

  test('without an id is a notification: run, and answered by nothing', async () => {
    const before = logged.length;
    assert.deepEqual(await calls.ask({ jsonrpc: '2.0', method: 'crash' }), [204, undefined]);
    assert.equal(logged.length, before + 1, 'it was run');
    assert.deepEqual(await calls.ask({ jsonrpc: '2.0', method: 'nonsense' }), [204, undefined]);
  });

  test('with id null is answered', async () => {
    assert.deepEqual(await calls.ask({ jsonrpc: '2.0', method: 'echo', id: null }), [
      200,
      { jsonrpc: '2.0', result: null, id: null },
    ]);
  });

  test('of another version is refused', async () => {
    for (const jsonrpc of ['3.0', 2, false]) {
      const [status, body] = await calls.ask({ jsonrpc, method: 'echo', id: 1 });
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
    const [status, body] = await calls.ask([
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
    assert.deepEqual(await calls.ask([{ method: 'echo', params: [1], id: 1 }]), [
      200,
      [{ result: 1, error: null, id: 1 }],
    ]);
    assert.deepEqual(await calls.ask([]), [200, []]);
  });

  test('of nothing but 2.0 notifications is answered with 204', async () => {
    const notification = { jsonrpc: '2.0', method: 'echo' };
    assert.deepEqual(await calls.ask([notification, notification]), [204, undefined]);
  });

  test('inside a batch is no request', async () => {
    const [, body] = await calls.ask([[{ method: 'echo', id: 1 }]]);
    assert.equal((body as { error: { code: number } }[])[0]?.error.code, -32600);
  });

  test('that is too long is refused with the limit', async () => {
    const [status, body] = await calls.ask(
      Array.from({ length: 10_001 }, (_, id) => ({ method: 'echo', id })),
    );
    assert.equal(status, 200);
    assert.match(
      (body as { error: { message: string } }[])[0]?.error.message ?? '',
      /at most 10000 calls, this one 10001/,
    );
  });

  test('whose answers grow too long is refused, and the server goes on', async () => {
    const [status, body] = await calls.ask(Array.from({ length: 80 }, (_, id) => ({ method: 'long', id })));
    assert.equal(status, 200);
    assert.match(
      (body as { error: { message: string } }[])[0]?.error.message ?? '',
      /exceed 64 MB; ask in smaller batches/,
    );
    assert.equal((await calls.ask({ method: 'echo', id: 1 }))[0], 200);
  });
});

describe('parameters', () => {
  test('come by position or by name, also by another name', async () => {
    for (const params of [[2, 3], { left: 2, right: 3 }, { second: 3, left: 2 }]) {
      assert.deepEqual(await calls.ask({ method: 'add', params, id: 1 }), [
        200,
        { result: 5, error: null, id: 1 },
      ]);
    }
  });

  test('that are optional may be left out or null', async () => {
    for (const params of [[2], [2, null], { left: 2 }, { left: 2, right: null }]) {
      assert.deepEqual(await calls.ask({ method: 'add', params, id: 1 }), [
        200,
        { result: 3, error: null, id: 1 },
      ]);
    }
  });

  test('missing or too many: −1 with the help of the method', async () => {
    const help = methodHelp('add', METHODS.add!);
    for (const params of [undefined, null, [], [null], {}, [1, 2, 3]]) {
      assert.deepEqual(await calls.errorOf('add', params), { code: -1, message: help });
    }
  });

  test('of a wrong type: −3, naming the parameter, its type and what is expected', async () => {
    assert.deepEqual(await calls.errorOf('add', ['7']), {
      code: -3,
      message: 'Wrong type: left is of type string; expected: number',
    });
    assert.deepEqual(await calls.errorOf('add', [1, [2]]), {
      code: -3,
      message: 'Wrong type: right is of type array; expected: number',
    });
  });

  test('of a wrong type deep inside: −3, naming the place', async () => {
    const { code, message } = await calls.errorOf('nested', [{ rules: ['a', 5] }]);
    assert.deepEqual(
      [code, message],
      [-3, 'Wrong type: request.rules.1 is of type number; expected: string'],
    );
    assert.equal(
      (await calls.errorOf('nested', [{}])).message,
      'Wrong type: request.rules is of type nothing; expected: array',
    );
  });

  test('out of range: −8, naming the parameter and the limit', async () => {
    const { code, message } = await calls.errorOf('add', [101]);
    assert.equal(code, -8);
    assert.match(message, /^Invalid left: .*100/);
  });

  test('may come by position, in `args`, together with others by name', async () => {
    for (const params of [{ args: [2, 3] }, { args: [2], right: 3 }, { args: [], left: 2, right: 3 }]) {
      assert.deepEqual(await calls.ask({ method: 'add', params, id: 1 }), [
        200,
        { result: 5, error: null, id: 1 },
      ]);
    }
    assert.equal((await calls.errorOf('add', { args: [1, 2, 3] })).code, -1);
    assert.equal((await calls.errorOf('add', { args: 1 })).code, -8);
  });

  test('that come twice: −8, saying which', async () => {
    assert.deepEqual(await calls.errorOf('add', { args: [1], left: 2 }), {
      code: -8,
      message: 'Parameter left specified twice both as positional and named argument',
    });
    assert.deepEqual(await calls.errorOf('add', { left: 1, right: 2, second: 3 }), {
      code: -8,
      message: 'Parameter second specified multiple times',
    });
  });

  test('that are numbers of another kind: −3, saying which kind', async () => {
    assert.match((await calls.errorOf('add', [0.5])).message, /expected: integer$/);
    const { body } = await calls.post('{"method":"add","params":[1e400],"id":1}');
    assert.match(body, /left is of type number, but too big; expected: number/);
  });

  test('of an unknown name: −8', async () => {
    assert.deepEqual(await calls.errorOf('add', { left: 1, up: 2 }), {
      code: -8,
      message: 'Unknown named parameter up',
    });
    assert.equal((await calls.errorOf('add', JSON.parse('{"__proto__": 1}'))).code, -8);
  });
});

describe('errors', () => {
  test('of the application are described by the application', async () => {
    assert.deepEqual(await calls.errorOf('breakRule', []), { code: -26, message: 'out of stock' });
  });

  test('that are bugs are logged with their stack and say nothing of the inside', async () => {
    logged.length = 0;
    assert.deepEqual(await calls.errorOf('crash', []), {
      code: -32603,
      message: 'internal error, described in the log of the server',
    });
    assert.match(logged.join(''), /secret internals.*rpc-server-kit\.ts/s);
  });

  test('a result that JSON cannot carry is a bug too, and spoils no other call of its batch', async () => {
    const [, body] = await calls.ask([
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
      const [status, body] = await calls.ask(text);
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
      const [status, body] = await calls.ask(text);
      assert.equal(status, 400);
      assert.equal((body as { error: { code: number } }).error.code, -32600);
    }
  });

  test('JSON nested a hundred thousand deep is answered', async () => {
    const [status] = await calls.ask(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    assert.ok(status === 200 || status === 500);
    assert.equal((await calls.ask({ method: 'echo', params: [1], id: 1 }))[0], 200);
  });
});
