import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import Router from '@koa/router';
import * as z from 'zod';
import { type HttpTimeouts, listenHttp } from '../../../service/http.ts';
import { httpApp, newAnswerCounters } from '../../../service/http-server/http-app.ts';
import { readJsonBody } from '../../../service/http-server/request-fields.ts';
import { createLogger } from '../../../service/log.ts';
import { send } from '../raw-http.ts';

/** An API of two paths; `errors` are the lines that its log has of level error. */
async function serve(context: TestContext, timeouts: Partial<HttpTimeouts> = {}) {
  const errors: string[] = [];
  const log = createLogger({ name: 'test', level: 'silent' });
  log.error = (_facts: unknown, message?: string) => void errors.push(message ?? '');
  const router = new Router({ sensitive: true, strict: true });
  router.get('/thing', (ctx) => {
    ctx.body = { n: 1 };
  });
  router.post('/thing', async (ctx) => {
    ctx.body = await readJsonBody(ctx, z.object({ n: z.number('must be a number') }), 1_000);
  });
  router.get('/broken', () => {
    throw new Error('secret of the house');
  });
  const counters = newAnswerCounters();
  const app = httpApp({ router, cors: { origins: [] }, log, counters });
  const http = await listenHttp({ host: '127.0.0.1', port: 0, handler: app.callback(), timeouts });
  context.after(() => http.stop());
  return { ...http, errors, counters };
}

test('what there is not is told with what there is', async (context) => {
  const { url } = await serve(context);
  const missing = await send({ url: `${url}/things`, method: 'GET' });
  assert.equal(missing.status, 404);
  assert.match(missing.body, /"not-found".*there is no \/things; there are: GET \/thing, POST \/thing/);
  const method = await send({ url: `${url}/thing`, method: 'DELETE' });
  assert.equal(method.status, 405);
  assert.match(method.body, /"method-not-allowed".*\/thing takes HEAD, GET, POST only/);
});

test('of our own fault a client learns that it is, and the log the rest', async (context) => {
  const { url, errors } = await serve(context);
  const { status, body } = await send({ url: `${url}/broken`, method: 'GET' });
  assert.equal(status, 500);
  assert.match(body, /"internal"/);
  assert.doesNotMatch(body, /secret/);
  assert.deepEqual(errors, ['an HTTP request failed']);
});

describe('a body', () => {
  test('that is refused leaves the connection open, where it has ended', async (context) => {
    const { port } = await serve(context);
    const socket = connect(port, '127.0.0.1');
    context.after(() => socket.destroy());
    const head =
      'POST /thing HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n';
    let answers = '';
    socket.on('data', (data) => {
      answers += String(data);
    });
    for (let asked = 1; asked <= 2; asked += 1) {
      socket.write(`${head}{"n":"x"}`);
      while (answers.split('must be a number').length <= asked) await once(socket, 'data');
    }
    assert.match(answers, /^HTTP\/1\.1 400 /);
    assert.match(answers, /Connection: keep-alive/i);
  });

  test('without end is not read without end', async (context) => {
    const { port } = await serve(context);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      'POST /thing HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `400\r\n${'a'.repeat(1024)}\r\n`;
    const flood = setInterval(() => socket.write(chunk), 5);
    let answer = '';
    socket.on('data', (data) => {
      answer += String(data);
    });
    await once(socket, 'close');
    clearInterval(flood);
    assert.match(answer, /^HTTP\/1\.1 413 .*Connection: close/is);
  });

  test('that comes too slowly ends with its time, and fills no log', async (context) => {
    const { port, errors } = await serve(context, { headersMs: 100, requestMs: 200, checkMs: 20 });
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /thing HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    socket.resume();
    await once(socket, 'close');
    assert.deepEqual(errors, []);
  });
});
