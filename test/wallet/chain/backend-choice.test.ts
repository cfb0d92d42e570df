import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { SettingError } from '../../../service/config.ts';
import { listenHttp, readBody } from '../../../service/http.ts';
import { UnreachableError } from '../../../service/unreachable-error.ts';
import { openBackend } from '../../../wallet/chain/backend-choice.ts';
import { temporaryDirectory } from '../../service/temporary-directory.ts';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** A server that answers the `GET /health` as told and everything else with nothing of use. */
async function serverWith(context: TestContext, status: number, health: string, port = 0) {
  const requests: Request[] = [];
  const handler: RequestListener = async (request, response) => {
    await readBody(request, 100_000);
    const { method = '', url: path = '', headers } = request;
    requests.push({ method, path, authorization: headers.authorization });
    response.writeHead(path === '/health' ? status : 500).end(path === '/health' ? health : '{}');
  };
  const http = await listenHttp({ host: '127.0.0.1', port, handler });
  context.after(() => http.stop());
  return { ...http, requests, paths: () => requests.map(({ method, path }) => `${method} ${path}`) };
}

async function cookieFile(context: TestContext): Promise<string> {
  const file = join(await temporaryDirectory(context), '.cookie');
  await writeFile(file, '__cookie__:secret\n');
  return file;
}

const RELAY = JSON.stringify({ service: 'nilz-relay', status: 'ok' });

describe('an address', () => {
  for (const [name, status] of [
    ['a relay', 200],
    ['a relay whose node is away', 503],
  ] as const) {
    test(`of ${name} is found out by asking once, and never sees the cookie`, async (context) => {
      const server = await serverWith(context, status, RELAY);
      const backend = openBackend({ nodeUrl: server.url, cookieFile: await cookieFile(context) });
      context.after(() => backend.close());
      await assert.rejects(backend.chain(), UnreachableError);
      await assert.rejects(backend.minimumFeeRate(), UnreachableError);
      assert.deepEqual(server.paths(), ['GET /health', 'GET /chain?limit=1', 'GET /fees']);
      assert.ok(server.requests.every(({ authorization }) => authorization === undefined));
    });
  }

  for (const [name, status, health] of [
    ['a node', 200, '{"status":"ok"}'],
    ['a node that says nothing of its health', 404, 'there is nothing here'],
    ['a node that lets nobody ask', 401, ''],
  ] as const) {
    test(`of ${name} is asked by JSON-RPC, with the cookie`, async (context) => {
      const server = await serverWith(context, status, health);
      const backend = openBackend({ nodeUrl: server.url, cookieFile: await cookieFile(context) });
      context.after(() => backend.close());
      await assert.rejects(backend.chain(), UnreachableError);
      assert.deepEqual(server.paths(), ['GET /health', 'POST /']);
      assert.deepEqual(
        server.requests.map(({ authorization }) => authorization?.startsWith('Basic ')),
        [undefined, true],
      );
    });
  }

  test('with a password is that of a node', async (context) => {
    const server = await serverWith(context, 200, RELAY);
    const backend = openBackend({ nodeUrl: server.url.replace('//', '//user:secret@') });
    context.after(() => backend.close());
    await assert.rejects(backend.chain(), UnreachableError);
    assert.deepEqual(server.paths(), ['POST /']);
  });

  test('said to be of a relay is believed, and never sees the cookie or a password', async (context) => {
    const server = await serverWith(context, 200, '{"status":"ok"}');
    const relayUrl = server.url.replace('//', '//user:secret@');
    const backend = openBackend({
      ...{ nodeUrl: 'http://127.0.0.1:1', relayUrl, cookieFile: await cookieFile(context) },
    });
    context.after(() => backend.close());
    await assert.rejects(backend.chain(), (error) => {
      assert.ok(error instanceof UnreachableError);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.deepEqual(server.paths(), ['GET /chain?limit=1']);
    assert.equal(server.requests[0]?.authorization, undefined);
  });

  test('where nobody answers is asked anew the next time', async (context) => {
    const gone = await serverWith(context, 200, RELAY);
    await gone.stop();
    const backend = openBackend({ nodeUrl: gone.url });
    context.after(() => backend.close());
    await assert.rejects(
      backend.chain(),
      (error) => error instanceof UnreachableError && error.reason === 'connection',
    );
    const back = await serverWith(context, 200, RELAY, gone.port);
    await assert.rejects(
      backend.chain(),
      (error) => error instanceof UnreachableError && error.reason === 'answer',
    );
    assert.deepEqual(back.paths(), ['GET /health', 'GET /chain?limit=1']);
  });

  test('that is none is refused by the name of its setting', () => {
    assert.throws(() => openBackend({ nodeUrl: 'nowhere' }), {
      name: SettingError.name,
      message: /^--node-url: must have the form/,
    });
    assert.throws(() => openBackend({ nodeUrl: 'http://a', relayUrl: 'ftp://b' }), {
      name: SettingError.name,
      message: '--relay-url: must have the form http://HOST:PORT',
    });
  });
});
