import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { z } from 'zod';
import { SettingError } from '../../service/config.ts';
import { listenHttp, readBody } from '../../service/http.ts';
import {
  createRestClient,
  RefusedRequestError,
  type RestClient,
  type RestClientOptions,
} from '../../service/rest-client.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

interface Told {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly text: string;
}

const NUMBER = { schema: z.object({ n: z.number() }) };

/** A server that answers as the function says, and a client of it that notes its waits instead of waiting. */
async function against(
  context: TestContext,
  answer: (seen: Seen) => Told,
  options: Partial<RestClientOptions> & { readonly path?: string } = {},
): Promise<{ client: RestClient; seen: Seen[]; waits: number[]; port: number }> {
  const seen: Seen[] = [];
  const waits: number[] = [];
  const handler: RequestListener = async (request, response) => {
    const body = (await readBody(request, 1_000_000)).toString();
    const { method = '', url = '', headers } = request;
    seen.push({ method, path: url, authorization: headers.authorization, body });
    const { status = 200, headers: told = {}, text } = answer(seen.at(-1)!);
    response.writeHead(status, told).end(text);
  };
  const { url, port, stop } = await listenHttp({ host: '127.0.0.1', port: 0, handler });
  const sleep = async (ms: number): Promise<void> => void waits.push(ms);
  const client = createRestClient({ url: `${url}${options.path ?? ''}`, sleep, ...options });
  context.after(() => {
    client.close();
    return stop();
  });
  return { client, seen, waits, port };
}

const refusal = (message: string, facts: object = {}) =>
  JSON.stringify({ error: { code: 'bad-request', message, ...facts } });

function isUnreachable(reason: string, message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof UnreachableError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  };
}

describe('questions', () => {
  test('are put behind the path of the server, and their answers parsed', async (context) => {
    const { client, seen } = await against(context, () => ({ text: '{"n":3,"more":true}' }), {
      path: '/api/',
    });
    assert.deepEqual(await client.get('/things?limit=1', NUMBER), { n: 3 });
    assert.deepEqual(await client.post('/things', { of: ['a'] }, NUMBER), { n: 3 });
    assert.deepEqual(
      seen.map(({ method, path, body }) => [method, path, body]),
      [
        ['GET', '/api/things?limit=1', ''],
        ['POST', '/api/things', '{"of":["a"]}'],
      ],
    );
  });

  test('never carry a password', async (context) => {
    const { seen, port } = await against(context, () => ({ text: '{"n":1}' }));
    const client = createRestClient({ url: `http://user:secret@127.0.0.1:${port}` });
    await client.get('/', NUMBER);
    client.close();
    assert.equal(seen[0]?.authorization, undefined);
    assert.doesNotMatch(client.url, /secret/);
  });

  test('that the server refuses come back with what it says', async (context) => {
    const { client } = await against(context, () => ({
      status: 422,
      text: refusal('no such colour', { field: 'colour', reason: 'unknown' }),
    }));
    await assert.rejects(client.get('/', NUMBER), (error) => {
      assert.ok(error instanceof RefusedRequestError);
      assert.deepEqual(
        [error.status, error.message, error.facts],
        [422, 'no such colour', { code: 'bad-request', field: 'colour', reason: 'unknown' }],
      );
      return true;
    });
  });

  test('are not put to what is no http address', () => {
    for (const url of ['ftp://x', 'nowhere', '']) {
      assert.throws(() => createRestClient({ url, urlSetting: '--server-url' }), {
        name: SettingError.name,
        message: '--server-url: must have the form http://HOST:PORT',
      });
    }
  });
});

describe('a server that asks to come back later', () => {
  test('is asked again when it said', async (context) => {
    let left = 2;
    const { client, waits, seen } = await against(context, () => {
      if (left === 0) return { text: '{"n":7}' };
      left -= 1;
      const status = left === 1 ? 429 : 503;
      return { status, headers: { 'Retry-After': '4' }, text: refusal('slowly') };
    });
    assert.deepEqual(await client.post('/', {}, NUMBER), { n: 7 });
    assert.deepEqual(waits, [4_000, 4_000]);
    assert.equal(seen.length, 3);
  });

  test('without saying when, or by a date, is asked again after a second', async (context) => {
    const answers: Told[] = [
      { status: 429, text: '' },
      { status: 429, headers: { 'Retry-After': 'Fri, 31 Dec 1999 23:59:59 GMT' }, text: '' },
      { status: 429, headers: { 'Retry-After': '0' }, text: '' },
      { text: '{"n":7}' },
    ];
    const { client, waits } = await against(context, () => answers.shift()!);
    await client.get('/', NUMBER);
    assert.deepEqual(waits, [1_000, 1_000, 1_000]);
  });

  test('is not waited for longer than patience lasts', async (context) => {
    const busy: Told = { status: 429, headers: { 'Retry-After': '50' }, text: refusal('slowly') };
    const { client, waits } = await against(context, () => busy, { patienceMs: 120_000 });
    await assert.rejects(client.get('/', NUMBER), isUnreachable('busy', /asks to come back in 50 s/));
    assert.deepEqual(waits, [50_000, 50_000]);
  });

  test('waits no longer once the caller has given up', async (context) => {
    const busy: Told = { status: 429, headers: { 'Retry-After': '100' }, text: '' };
    const { port } = await against(context, () => busy);
    const client = createRestClient({ url: `http://127.0.0.1:${port}` });
    context.after(() => client.close());
    await assert.rejects(
      client.get('/', { ...NUMBER, signal: AbortSignal.timeout(20) }),
      (error) => error instanceof Error && /Abort|Timeout/.test(error.name),
    );
  });

  test('is not waited for where such an answer was expected', async (context) => {
    const { client } = await against(context, () => ({
      status: 503,
      headers: { 'Retry-After': '5' },
      text: '{"n":0}',
    }));
    assert.deepEqual(await client.get('/health', { ...NUMBER, statuses: [200, 503] }), { n: 0 });
  });
});

describe('answers that are none', () => {
  const cases: readonly [name: string, told: Told, message: RegExp][] = [
    ['of another shape', { text: '{"n":"3"}' }, /answers, but its answer to \/x is unexpected at n: /],
    ['no JSON', { text: '<html>' }, /unexpected at the top/],
    ['a page of a proxy', { status: 502, text: '<html>' }, /answers, but not as expected \(HTTP 502\)/],
    [
      'a fault of the server',
      { status: 500, text: refusal('it broke') },
      /answers, but cannot help: it broke/,
    ],
    [
      'elsewhere',
      { status: 301, headers: { Location: 'https://a.example/' }, text: '' },
      /is elsewhere now \(HTTP 301\): https:\/\/a\.example\//,
    ],
    [
      'words for a terminal',
      { status: 500, text: refusal(`\u001b[2J\nall is well\u202e ${'x'.repeat(1_000)}`) },
      /cannot help: \ufffd\[2J all is well\ufffd x{100,300}…$/,
    ],
  ];
  for (const [name, told, message] of cases) {
    test(name, async (context) => {
      const { client } = await against(context, () => told);
      await assert.rejects(client.get('/x', NUMBER), isUnreachable('answer', message));
    });
  }

  test('longer than they may be', async (context) => {
    const { client } = await against(context, () => ({ text: `{"n":1${' '.repeat(2_000)}}` }), {
      maxAnswerBytes: 1_000,
    });
    await assert.rejects(client.get('/', NUMBER), isUnreachable('connection', /its answer exceeds/));
  });

  test('from nobody', async () => {
    const client = createRestClient({ url: 'http://127.0.0.1:1', urlSetting: '--server-url' });
    await assert.rejects(
      client.get('/', NUMBER),
      isUnreachable('connection', /nothing listens there; start it or change --server-url/),
    );
    client.close();
  });
});
