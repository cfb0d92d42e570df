import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { addressOf, alice } from '../payment-kit.ts';
import { startTestRelay, type TestRelay } from './relay-kit.ts';

const LIMITED = { timeout: 60_000 };

/** What the relay answers to bytes that no client library would send. */
async function raw(relay: TestRelay, text: string): Promise<string> {
  const { hostname, port } = new URL(relay.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += String(chunk);
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

describe('what clients of the relay may take', () => {
  test('so many requests, then 429 with when to come back', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t, {
      limits: { reading: { perSecond: 0.5, burst: 5 }, writing: { perSecond: 0.1, burst: 1 } },
    });
    for (let count = 0; count < 5; count++) assert.equal((await relay.get('/fees')).status, 200);
    const limited = await relay.get('/fees');
    assert.equal(limited.status, 429);
    assert.equal(limited.body.error.code, 'too-many-requests');
    const seconds = Number(limited.headers.get('retry-after'));
    assert.ok(seconds >= 1 && seconds <= 2, `Retry-After: ${seconds}`);
    assert.equal(limited.body.error.retry_after_seconds, seconds);
    assert.equal((await relay.get('/health')).status, 200, 'whether it is there can always be asked');
    assert.equal((await relay.post('/tx', { hex: '00' })).status, 400, 'handing in is counted by itself');
    assert.equal((await relay.post('/tx', { hex: '00' })).status, 429);
    assert.match((await relay.get('/metrics')).text, /nilz_relay_refused_total{reason="writing_rate"} 1\n/);
  });

  test('counted by client: a written X-Forwarded-For changes nothing', LIMITED, async (t) => {
    const limits = { reading: { perSecond: 0.1, burst: 3 } };
    const { relay, node } = await startTestRelay(t, { limits });
    for (let count = 0; count < 3; count++)
      await relay.get('/fees', { 'X-Forwarded-For': `192.0.2.${count}` });
    assert.equal((await relay.get('/fees', { 'X-Forwarded-For': '192.0.2.9' })).status, 429);

    const { relay: behind } = await startTestRelay(t, { limits, trustedProxies: 1, behind: node });
    const ask = (forwarded: string) => behind.get('/fees', { 'X-Forwarded-For': forwarded });
    for (let count = 0; count < 3; count++) await ask(`203.0.113.${count}, 192.0.2.1`);
    assert.equal((await ask('203.0.113.9, 192.0.2.1')).status, 429, 'the entry of the proxy counts');
    assert.equal((await ask('192.0.2.2')).status, 200);
    for (let count = 0; count < 3; count++) await ask(`2001:db8::${count}`);
    assert.equal((await ask('2001:db8::ffff')).status, 429, 'a /64 is one client');
    assert.equal((await ask('2001:db8:0:1::1')).status, 200);
  });

  test('long lists cost more', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t, { limits: { reading: { perSecond: 0.001, burst: 16 } } });
    const txids = Array.from({ length: 100 }, (_, index) => index.toString(16).padStart(64, '0'));
    assert.equal((await relay.post('/txs', { txids })).status, 200);
    assert.equal((await relay.post('/txs', { txids })).status, 429);
    const addresses = Array.from({ length: 250 }, () => addressOf(alice));
    assert.equal((await relay.post('/addresses/used', { addresses })).status, 200, 'five are left');
    assert.equal((await relay.post('/addresses/used', { addresses })).status, 429);
  });

  test('200 readers of one answer cost the node one question', LIMITED, async (t) => {
    // No time goes by, however busy the machine is: only what happens on the chain ends the life of an answer.
    const clock = { wallMs: () => Date.now(), steadyMs: () => 0 };
    const { relay } = await startTestRelay(t, { clock });
    const { calls } = relay.running.view;
    const before = calls.calls;
    const answers = await Promise.all(Array.from({ length: 200 }, () => relay.get('/peers')));
    assert.ok(answers.every(({ status }) => status === 200));
    // Three calls make the answer; the state of the chain is read anew every ten seconds, which makes it again.
    assert.ok(calls.calls - before <= 2 * 3 + 1, `${calls.calls - before} calls for 200 readers`);
  });

  test('only so many questions wait for the node, the others are told to come back', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t, { limits: { calls: { running: 1, waiting: 2 } } });
    await node.mine(20);
    await relay.askUntil('/chain', ({ tip }) => tip.height === 20);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, height) => relay.get(`/block/${height}/hex`)),
    );
    const busy = answers.filter(({ status }) => status === 503);
    assert.ok(busy.length > 0 && busy.length < 20);
    for (const { body, headers } of busy) {
      assert.equal(body.error.code, 'node-busy');
      assert.equal(headers.get('retry-after'), '1');
    }
    assert.equal((await relay.get('/block/1/hex')).status, 200);
  });

  test('a new block is in the answers at once, whatever was kept', LIMITED, async (t) => {
    const { relay, node } = await startTestRelay(t);
    const listener = await relay.listen(t);
    for (let height = 1; height <= 5; height++) {
      await relay.ask('/chain');
      await relay.ask('/block/0');
      await node.mine(1);
      await listener.until('block_connected', ({ block }) => block.height === height);
      assert.equal((await relay.ask('/chain')).tip.height, height);
      assert.equal((await relay.ask('/block/0')).confirmations, height + 1);
    }
  });
});

describe('what the relay refuses', () => {
  test('names the field and what is allowed', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t);
    const cases: readonly (readonly [string, number, string | undefined, RegExp])[] = [
      ['/chain?limit=101', 400, 'limit', /whole number from 1 to 100/],
      ['/chain?limit=1&limit=2', 400, 'limit', /given twice/],
      ['/chain?limit=-1', 400, 'limit', /whole number/],
      ['/chain?foo=<script>', 400, 'foo', /allowed: limit, before/],
      ['/block/-1', 400, 'id', /height or a hash/],
      [`/block/${'g'.repeat(64)}`, 400, 'id', /height or a hash/],
      ['/tx/..%2f..%2fetc', 400, 'txid', /64 hex digits/],
      ['/address/x?before=%0d%0aSet-Cookie:a', 400, 'before', /"next" of an answer/],
      ['/nothing', 404, undefined, /there is no \/nothing; there are:/],
      ['/%ff', 400, undefined, /cannot be decoded|there is no/],
      ['/chain/', 404, undefined, /there is no/],
      ['/CHAIN', 404, undefined, /there is no/],
    ];
    for (const [path, status, field, message] of cases) {
      const answer = await relay.get(path);
      assert.equal(answer.body.error?.field, field, `${path}: ${answer.text}`);
      assert.ok(answer.status === status || path === '/%ff', `${path}: ${answer.status}`);
      assert.match(answer.body.error.message, message);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    }
  });

  test('bodies that are too large, no JSON, of another type or shape', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t);
    const cases: readonly (readonly [string, unknown, string, number])[] = [
      ['/addresses', 'x'.repeat(20_000), 'application/json', 413],
      ['/addresses', '{', 'application/json', 400],
      ['/addresses', '[]', 'application/json', 400],
      ['/addresses', '{"addresses":["a"]}', 'text/html', 415],
      ['/addresses', { addresses: Array.from({ length: 101 }, () => 'a') }, 'application/json', 400],
      ['/addresses/used', { addresses: Array.from({ length: 1_001 }, () => 'a') }, 'application/json', 400],
      ['/addresses/used', 'x'.repeat(140_000), 'application/json', 413],
      ['/addresses', '{"__proto__":{"addresses":[]}}', 'application/json', 400],
      ['/tx', 'ab'.repeat(600_000), 'text/plain', 413],
      ['/tx', 'abc', 'text/plain', 400],
      ['/tx', '', 'text/plain', 400],
    ];
    for (const [path, body, type, status] of cases) {
      const answer = await relay.post(path, body, type);
      assert.equal(answer.status, status, `${path} ${String(body).slice(0, 40)}: ${answer.text}`);
      assert.equal(typeof answer.body.error.message, 'string');
    }
  });

  test('whatever mines, administers or is for the node alone', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t);
    const call = { jsonrpc: '2.0', id: 1, method: 'stop', params: [] };
    assert.equal((await relay.post('/', call)).status, 404);
    for (const path of ['/submitblock', '/ws', '/stop', '/getblocktemplate']) {
      assert.equal((await relay.post(path, call)).status, 404, path);
    }
    const deleted = await fetch(`${relay.url}/chain`, { method: 'DELETE' });
    assert.deepEqual([deleted.status, deleted.headers.get('allow')], [405, 'HEAD, GET']);
  });

  test('what is no HTTP, and paths that lead elsewhere', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t);
    for (const path of [
      '//evil.example/chain',
      '/../../etc/passwd',
      '/block/0/../../chain',
      '/assets/../main.ts',
    ]) {
      const answer = await raw(relay, request(path));
      assert.match(answer, /^HTTP\/1\.1 (404|400) /, path);
    }
    assert.match(await raw(relay, 'NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(await raw(relay, request(`/${'a'.repeat(20_000)}`)), /^HTTP\/1\.1 431 /);
    assert.equal((await relay.get('/health')).status, 200);
  });

  test('clients that are slow with their request', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t, {
      timing: { http: { headersMs: 100, requestMs: 200, checkMs: 20 } },
    });
    assert.match(await raw(relay, 'GET /chain HTTP/1.1\r\nHost: x\r\nX-Slow'), /^HTTP\/1\.1 408 |^$/);
    const body = 'POST /tx HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nab';
    assert.match(await raw(relay, body), /^HTTP\/1\.1 408 |^$/);
    assert.equal((await relay.get('/health')).status, 200);
  });
});

describe('pages of other sites', () => {
  test('may read everything by default, and hand in what their users have signed', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t);
    const origin = { Origin: 'https://example.org' };
    assert.equal((await relay.get('/chain', origin)).headers.get('access-control-allow-origin'), '*');
    assert.equal(
      (await relay.get('/tx/1', origin)).headers.get('access-control-allow-origin'),
      '*',
      'errors too',
    );
    const preflight = await fetch(`${relay.url}/tx`, {
      method: 'OPTIONS',
      headers: {
        ...origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type',
      },
    });
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /POST/);
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /Content-Type/);
  });

  test('only those that are listed, where there is a list', LIMITED, async (t) => {
    const { relay } = await startTestRelay(t, { corsOrigins: ['https://wallet.example'] });
    const allowed = await relay.get('/chain', { Origin: 'https://wallet.example' });
    assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://wallet.example');
    assert.match(allowed.headers.get('vary') ?? '', /Origin/);
    const other = await relay.get('/chain', { Origin: 'https://wallet.example.evil' });
    assert.equal(other.headers.get('access-control-allow-origin'), null);
  });
});
