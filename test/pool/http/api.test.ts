import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import pino from 'pino';
import { startPool } from '../../../pool/pool.ts';
import { DirectoryError } from '../../../service/files.ts';
import { askJson, askRaw } from '../../kit/http-client.ts';
import { MINER_ADDRESS, startPoolUnderTest } from '../../kit/pool-kit.ts';
import { findShare, StratumMiner } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 30_000 };

/** What is asked, and how it is refused. */
const BAD_REQUESTS: readonly (readonly [string, number, RegExp])[] = [
  ['/stats?wallet=', 400, /"wallet": .*empty|"wallet": /],
  ['/stats?wallet=nobody', 400, /the parameter "wallet": .*the pool is on "dev"/],
  ['/stats?wallet=bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 400, /"wallet": .*dnilz/],
  [`/stats?wallet=${MINER_ADDRESS.slice(0, -1)}q`, 400, /"wallet": .*checksum/],
  [`/stats?wallet=${'a'.repeat(5_000)}`, 400, /"wallet"/],
  [`/stats?wallet=${MINER_ADDRESS}&wallet=${MINER_ADDRESS}`, 400, /"wallet" is given twice/],
  ['/stats?wallet[]=x', 400, /no parameter "wallet\[\]"; allowed: wallet, history_minutes/],
  ['/stats?__proto__=1', 400, /no parameter "__proto__"/],
  ['/stats?constructor=1', 400, /no parameter "constructor"/],
  ['/stats?history_minutes=0', 400, /"history_minutes": must be a whole number from 1 to 1440/],
  ['/stats?history_minutes=1441', 400, /from 1 to 1440/],
  ['/stats?history_minutes=-5', 400, /from 1 to 1440/],
  ['/stats?history_minutes=1e3', 400, /from 1 to 1440/],
  ['/stats?history_minutes=60.5', 400, /from 1 to 1440/],
  ['/stats?history_minutes=%30%78%31', 400, /from 1 to 1440/],
  ['/stats?history_minutes=', 400, /from 1 to 1440/],
  ['/stats?limit=1', 400, /no parameter "limit"/],
  [`/stats?${'x'.repeat(100)}=1`, 400, /no parameter "x{40}…"/],
  ['/blockchain.json?limit=0', 400, /"limit": must be a whole number from 1 to 100/],
  ['/blockchain.json?limit=101', 400, /from 1 to 100/],
  ['/blockchain.json?limit=%00', 400, /from 1 to 100/],
  ['/workers/nobody', 400, /"address"/],
  ['/workers/%zz', 400, /"address"/],
  [`/workers/${MINER_ADDRESS}?worker=${'w'.repeat(65)}`, 400, /"worker": must be the name of a worker/],
  [`/workers/${MINER_ADDRESS}?history_minutes=x`, 400, /from 1 to 1440/],
  ['/workers', 404, /there is no \/workers; there are: GET \/health/],
  ['/workers/', 404, /there is no/],
  ['/Stats', 404, /there is no/],
  ['/stats/', 404, /there is no/],
  ['//stats', 404, /there is no/],
  ['/pool.token', 404, /there is no/],
  ['/%2e%2e/pool.token', 404, /there is no/],
  ['/constructor', 404, /there is no/],
  [`/${'a'.repeat(3_000)}`, 404, /there is no \/a{79};/],
];

test('every parameter that is wrong is refused with a sentence that names it', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  for (const [path, status, message] of BAD_REQUESTS) {
    const answer = await askJson<{ error: string }>(pool.httpUrl + path);
    assert.match(answer.body.error, message, path);
    assert.equal(answer.status, status, path);
    assert.deepEqual(Object.keys(answer.body), ['error'], path);
  }
  const metrics = await (await fetch(`${pool.httpUrl}/metrics`)).text();
  const counted = /nilz_pool_http_refused_total{reason="bad_request"} (\d+)/.exec(metrics)?.[1];
  assert.equal(Number(counted), BAD_REQUESTS.length);
});

test('an address is one account in every spelling', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const answer = await askJson(`${pool.httpUrl}/workers/${MINER_ADDRESS.toUpperCase()}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.address, MINER_ADDRESS);
});

test('paths as they come on the wire lead to nothing that is not an answer', LIMITED, async (t) => {
  const { pool, directory } = await startPoolUnderTest(t);
  const token = (await readFile(join(directory, 'pool.token'), 'utf8')).trim();
  const lines = [
    'GET /../pool.token HTTP/1.1',
    'GET /..%2fpool.token HTTP/1.1',
    'GET ../pool.sqlite HTTP/1.1',
    'GET http://other.example/stats?wallet=x HTTP/1.1',
    'GET /stats?wallet=%00%ff HTTP/1.1',
    'GET /%c0%ae%c0%ae/pool.token HTTP/1.1',
    'GET /workers/%2e%2e HTTP/1.1',
    'GET /workers/..%2f..%2fpool.token HTTP/1.1',
    'TRACE /stats HTTP/1.1',
    'CONNECT pool:443 HTTP/1.1',
    'BREW /stats HTTP/1.1',
    'GET /stats HTTP/9.9',
    'GET /live HTTP/1.1\r\nUpgrade: websocket',
  ];
  for (const line of lines) {
    const answer = await askRaw(pool.httpUrl, `${line}\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1.1 4\d\d |^HTTP\/1.1 50[15] |^$/, line);
    assert.ok(!answer.includes(token), line);
  }
  assert.equal((await askJson(`${pool.httpUrl}/health`)).status, 200);
});

test(
  'wrong methods are told which ones there are; HEAD and OPTIONS answer without a body',
  LIMITED,
  async (t) => {
    const { pool } = await startPoolUnderTest(t);
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await askJson<{ error: string }>(`${pool.httpUrl}/stats`, { method });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.get('allow'), 'HEAD, GET');
      assert.match(answer.body.error, /\/stats takes HEAD, GET only/);
    }
    const head = await fetch(`${pool.httpUrl}/stats`, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
    const options = await fetch(`${pool.httpUrl}/stats`, { method: 'OPTIONS' });
    assert.deepEqual(
      [options.status, options.headers.get('allow'), await options.text()],
      [200, 'HEAD, GET', ''],
    );
  },
);

test('other sites may read what everybody may read, and nothing else', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const origin = { Origin: 'https://elsewhere.example' };
  const read = await askJson(`${pool.httpUrl}/stats`, { headers: origin });
  assert.equal(read.headers.get('access-control-allow-origin'), '*');
  assert.equal(read.headers.get('access-control-allow-credentials'), null);
  assert.equal(read.headers.get('x-content-type-options'), 'nosniff');
  assert.match(read.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  // What a browser asks before it would send a token or JSON to another site: the answer allows neither.
  const asked = {
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'authorization',
  };
  const preflight = await fetch(`${pool.httpUrl}/sessions`, {
    method: 'OPTIONS',
    headers: { ...origin, ...asked },
  });
  assert.equal(preflight.headers.get('access-control-allow-headers'), null);
  assert.equal(preflight.headers.get('access-control-allow-methods'), null);
});

test('the admin token is made at the first start for its owner alone, and stays', LIMITED, async (t) => {
  const { pool, directory, options } = await startPoolUnderTest(t);
  const file = join(directory, 'pool.token');
  const token = (await readFile(file, 'utf8')).trim();
  assert.match(token, /^[0-9a-f]{64}$/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await pool.stop();
  await chmod(file, 0o644);
  const again = await startPool(options);
  t.after(() => again.stop());
  assert.equal((await readFile(file, 'utf8')).trim(), token);
  assert.equal((await stat(file)).mode & 0o777, 0o600, 'what others could read is private again');
  const headers = { Authorization: `Bearer ${token}` };
  assert.equal((await askJson(`${again.httpUrl}/sessions`, { headers })).status, 200);
  await again.stop();
  await writeFile(file, 'short\n');
  await assert.rejects(startPool(options), (error) => {
    assert.ok(error instanceof DirectoryError);
    assert.match(error.message, /pool\.token holds no admin token/);
    return true;
  });
});

test(
  'who keeps trying tokens is told to wait, and the right one is let in all the same',
  LIMITED,
  async (t) => {
    const { pool, directory } = await startPoolUnderTest(t, { httpLimits: { wrongTokensPerMinute: 3 } });
    const token = (await readFile(join(directory, 'pool.token'), 'utf8')).trim();
    const url = `${pool.httpUrl}/sessions`;
    const ask = (authorization: string) => askJson(url, { headers: { Authorization: authorization } });
    const without = await askJson(url);
    assert.deepEqual(
      [without.status, without.headers.get('www-authenticate')],
      [401, 'Bearer realm="nilz pool"'],
    );
    const wrong = ['Bearer', `Bearer ${token}0`, `Basic ${btoa(`admin:${token}`)}`];
    for (const authorization of wrong) assert.equal((await ask(authorization)).status, 403, authorization);
    const limited = await ask('Bearer x');
    assert.equal(limited.status, 429);
    const waitSeconds = Number(limited.headers.get('retry-after'));
    assert.ok(waitSeconds > 0 && waitSeconds <= 60);
    assert.equal((await ask(`bearer ${token}`)).status, 200);
    assert.equal((await ask(`Bearer ${token}`)).status, 200);
    const metrics = await (await fetch(`${pool.httpUrl}/metrics`)).text();
    assert.match(metrics, /nilz_pool_http_refused_total{reason="wrong_token"} 4/);
    assert.match(metrics, /nilz_pool_http_refused_total{reason="token_limit"} 1/);
  },
);

test('who breaks off requests, or guesses tokens, fills no log', LIMITED, async (t) => {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  const { pool } = await startPoolUnderTest(t, {
    log: pino({ level: 'warn' }, stream),
    httpLimits: { wrongTokensPerMinute: 3 },
  });
  lines.length = 0;
  const { hostname, port } = new URL(pool.httpUrl);
  const half = 'POST /settle HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{';
  for (const request of [half, `${'GET /stats HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20)}`]) {
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(request);
      await once(socket, 'data');
      socket[leave]();
      if (leave === 'end') await once(socket.resume(), 'close');
    }
  }
  const headers = { Authorization: 'Bearer x' };
  for (let count = 0; count < 10; count++) await askJson(`${pool.httpUrl}/sessions`, { headers });
  const told = lines.map((line) => JSON.parse(line) as { msg: string; limited: boolean });
  assert.deepEqual(
    told.map(({ msg, limited }) => [msg, limited]),
    [false, false, false, true].map((limited) => ['a request with a wrong admin token', limited]),
  );
});

test(
  '/sessions shows who is connected, and nothing that would let anybody take a session over',
  LIMITED,
  async (t) => {
    const { pool, directory } = await startPoolUnderTest(t);
    const miner = await StratumMiner.connect(pool.stratumUrl);
    t.after(() => miner.close());
    await miner.login(`${MINER_ADDRESS}.rig`);
    const token = (await readFile(join(directory, 'pool.token'), 'utf8')).trim();
    const headers = { Authorization: `Bearer ${token}` };
    const { body } = await askJson<{
      sessions: Record<string, unknown>[];
      sessions_total: number;
      bans: unknown[];
    }>(`${pool.httpUrl}/sessions`, { headers });
    assert.equal(body.sessions_total, 1);
    const [session] = body.sessions;
    assert.match(String(session?.id), /^[0-9a-f]{16}$/);
    assert.deepEqual(session?.workers, [{ address: MINER_ADDRESS, worker: 'rig' }]);
    assert.deepEqual(
      [session?.transport, session?.address, session?.version_mask],
      ['tcp', '127.0.0.1', '00000000'],
    );
    assert.deepEqual(body.bans, []);
  },
);

test('/metrics has every counter with its help, and no name that a miner chose', LIMITED, async (t) => {
  const { pool } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  const work = await miner.login(`${MINER_ADDRESS}.chosen`);
  const { params } = findShare(work);
  await miner.request('mining.submit', params);
  await miner.request('mining.submit', params);
  const response = await fetch(`${pool.httpUrl}/metrics`);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  assert.match(text, /^nilz_pool_shares_accepted_total 1$/m);
  assert.match(text, /^nilz_pool_shares_rejected_total{reason="duplicate"} 1$/m);
  assert.match(text, /^nilz_pool_connection_events_total{event="opened"} 1$/m);
  assert.match(text, /^nilz_pool_connections_authorized 1$/m);
  assert.match(text, /^# TYPE nilz_pool_shares_accepted_total counter$/m);
  assert.doesNotMatch(text, /^nilz_pool_hashes_per_second{/m, 'a rate that is unknown is absent');
  assert.ok(!text.includes('chosen') && !text.includes(MINER_ADDRESS));
  for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#'))) {
    assert.match(line, /^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+$/, line);
  }
});

test(
  '/blockchain.json tells the last blocks of the chain, and says when no node answers',
  LIMITED,
  async (t) => {
    const { pool, node } = await startPoolUnderTest(t);
    const { status, body } = await askJson<{ height: number; blocks: { height: number; ours: boolean }[] }>(
      `${pool.httpUrl}/blockchain.json?limit=5`,
    );
    assert.equal(status, 200);
    assert.equal(body.blocks[0]?.height, body.height);
    assert.ok(body.blocks.every(({ ours }) => !ours));
    assert.equal(node.height, body.height);
  },
);
