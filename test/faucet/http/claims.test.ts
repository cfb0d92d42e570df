import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import {
  type Claim,
  claim,
  type Failure,
  from,
  NO_LIMITS,
  openFace,
  stampFor,
} from '../../kit/faucet-face-kit.ts';
import { AMOUNT, claimantAddress } from '../../kit/faucet-kit.ts';
import { HandClock, HOUR_MS } from '../../kit/hand-clock.ts';
import { askRaw } from '../../kit/http-client.ts';

const ALICE = claimantAddress('alice');
const FOREIGN = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
const MARKUP = '<img src=x onerror=alert(1)>';

describe('a claim', () => {
  test('that shows its work is taken, paid and found again under its link', async (context) => {
    const face = await openFace(context);
    const { status, headers, body } = await claim(face, ALICE);
    assert.equal(status, 201);
    assert.equal(headers.get('location'), `/claim/${body.id}`);
    assert.equal(body.amount, 1);
    const sent = await face.kit.untilClaim(body.id, ({ state }) => state === 'sent');
    const shown = await face.get<Claim>(`/claims/${body.id}`);
    assert.equal(shown.body.state, 'sent');
    assert.equal(shown.body.txid, sent.txid);
    await face.confirm(body.id);
    assert.equal(await face.kit.received('alice'), AMOUNT);
  });

  test('without its work, or with that of somebody else, is refused and says why', async (context) => {
    const face = await openFace(context);
    const bare = await face.post<Failure>('/claim', { address: ALICE });
    assert.equal(bare.status, 400);
    assert.equal(bare.body.error.code, 'challenge-missing');
    assert.equal(bare.body.error.field, 'challenge');
    const stolen = await face.post<Failure>('/claim', {
      address: claimantAddress('mallory'),
      challenge: await stampFor(face, ALICE),
    });
    assert.equal(stolen.status, 403);
    assert.equal(stolen.body.error.code, 'challenge-foreign');
    const forged = await face.post<Failure>('/claim', { address: ALICE, challenge: `${'1.a'.repeat(30)}:1` });
    assert.equal(forged.status, 400);
    assert.equal(forged.body.error.code, 'challenge-malformed');
    assert.equal((await face.kit.desk.state()).queued, 0);
  });

  test('with a challenge that was used is refused, also after a restart and in another client', async (context) => {
    const face = await openFace(context, {
      face: { trustedProxies: 1 },
      rules: { addressCooldownMs: 0, clientCooldownMs: 0 },
    });
    const challenge = await stampFor(face, ALICE, from('192.0.2.1'));
    const send = (ip: string) => face.post<Failure>('/claim', { address: ALICE, challenge }, from(ip));
    assert.equal((await send('192.0.2.1')).status, 201);
    assert.equal((await send('192.0.2.1')).body.error.code, 'challenge-spent');
    assert.equal((await send('192.0.2.2')).body.error.code, 'challenge-foreign');
    // What was looked at is forgotten then; what was spent stands in the books.
    await face.stop();
    await face.kit.close();
    await face.kit.open({ rules: { addressCooldownMs: 0, clientCooldownMs: 0 } });
    await face.serve({ limits: NO_LIMITS, trustedProxies: 1 });
    const again = await send('192.0.2.1');
    assert.equal(again.status, 409);
    assert.equal(again.body.error.code, 'challenge-spent');
  });

  test('made a second time is told when to come back, and shown the first one', async (context) => {
    const face = await openFace(context);
    const first = await claim(face, ALICE);
    const { status, headers, body } = await face.get<Failure>(`/challenge?address=${ALICE}`);
    assert.equal(status, 429);
    assert.match(body.error.code, /cooldown/);
    assert.equal(Number(headers.get('retry-after')), body.error.retry_after_seconds);
    assert.ok((body.error.retry_after_seconds ?? 0) > 3_000);
    assert.equal(body.error.claim, first.body.id);
  });

  test('of an address of another network, of none, or of the faucet itself is refused before any work', async (context) => {
    const face = await openFace(context);
    const ask = (address: string) => face.get<Failure>(`/challenge?address=${encodeURIComponent(address)}`);
    for (const wrong of [
      FOREIGN,
      `${ALICE}q`,
      MARKUP,
      '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2',
      '💰'.repeat(20),
    ]) {
      const { status, body } = await ask(wrong);
      assert.equal(status, 400, wrong);
      assert.equal(body.error.code, 'bad-address', wrong);
      assert.equal(body.error.field, 'address');
    }
    const own = await ask(face.kit.core.depositAddress);
    assert.equal(own.body.error.code, 'own-address');
  });

  test('is refused with 503 and the word "empty" while there is nothing to give', async (context) => {
    const face = await openFace(context, { rules: { dailyCap: AMOUNT } });
    await claim(face, ALICE);
    const next = await face.get<Failure>(`/challenge?address=${claimantAddress('bob')}`);
    assert.equal(next.status, 503);
    assert.equal(next.body.error.code, 'budget-spent');
    assert.ok(Number(next.headers.get('retry-after')) > 0);
    const { status, body } = await face.get<{ empty: boolean; left_today: number }>('/health');
    assert.equal(status, 200);
    assert.equal(body.empty, true);
    assert.equal(body.left_today, 0);
  });
});

describe('limits', () => {
  test('who asks too often is told to wait, and when to come back', async (context) => {
    const face = await openFace(context, {
      face: {
        trustedProxies: 1,
        limits: { ...NO_LIMITS, writes: { perSecond: 0.1, burst: 2 }, reads: { perSecond: 1, burst: 3 } },
      },
    });
    const asked = await Promise.all(
      Array.from({ length: 5 }, () => face.get<Failure>(`/challenge?address=${ALICE}`, from('192.0.2.1'))),
    );
    assert.deepEqual(asked.map(({ status }) => status).sort(), [200, 200, 429, 429, 429]);
    const limited = asked.find(({ status }) => status === 429)!;
    assert.equal(limited.body.error.code, 'too-many-requests');
    assert.ok(Number(limited.headers.get('retry-after')) >= 1);
    // Others are not touched by it.
    assert.equal((await face.get(`/challenge?address=${ALICE}`, from('192.0.2.2'))).status, 200);
    const metrics = await (await fetch(`${face.url}/metrics`)).text();
    assert.match(metrics, /nilz_faucet_http_refused_total\{reason="write_rate"\} 3/);
  });

  test('bodies that are too large, malformed or of another kind are refused, each with its reason', async (context) => {
    const face = await openFace(context);
    const cases: [unknown, number, RegExp][] = [
      ['{', 400, /no JSON/],
      ['[]', 400, /one JSON object/],
      ['"x"', 400, /one JSON object/],
      [{}, 400, /"address"/],
      [{ address: 7 }, 400, /"address".*must be an address/],
      [{ address: '' }, 400, /"address"/],
      [{ address: 'a'.repeat(121) }, 400, /longer than any address/],
      [{ address: ALICE, challenge: 5 }, 400, /"challenge"/],
      [{ address: ALICE, challenge: 'x'.repeat(401) }, 400, /"challenge"/],
      [{ address: ALICE, captcha_token: 'x'.repeat(10_001) }, 400, /"captcha_token"/],
      [{ address: ALICE, [MARKUP]: 1 }, 400, /there is no field/],
      [{ address: ALICE, amount: 1e9 }, 400, /there is no field "amount"/],
      [{ address: ALICE, pad: 'x'.repeat(20_000) }, 413, /exceeds/],
    ];
    for (const [body, status, message] of cases) {
      const answer = await face.post<Failure>('/claim', body);
      assert.equal(answer.status, status, JSON.stringify(body).slice(0, 80));
      assert.match(answer.body.error.message, message);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    }
    const form = await face.post<Failure>('/claim', `address=${ALICE}`, {
      'Content-Type': 'application/x-www-form-urlencoded',
    });
    assert.equal(form.status, 415);
  });

  test('paths that try tricks lead nowhere', async (context) => {
    const face = await openFace(context);
    for (const path of [
      '/claims/',
      '/claims/..%2f..%2fetc%2fpasswd',
      `/claims/${'0'.repeat(32)}`,
      `/claims/${'0'.repeat(5_000)}`,
      `/claims/${encodeURIComponent(MARKUP)}`,
      "/claims/'%20OR%201=1--",
      '/claims/%ff',
      '/assets/../faucet.token',
      '/claim/../../x',
      '//claims',
      '/claim',
      '/pause',
      '/CLAIMS/x',
    ]) {
      const answer = await askRaw(face.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 (400|404|405) /, path);
      assert.match(answer, /content-type: application\/json/i, path);
      assert.doesNotMatch(answer, /<img/);
    }
  });
});

describe('sites and operators', () => {
  test('pages of other sites may claim where their origin is listed, and nowhere else', async (context) => {
    const face = await openFace(context, { face: { corsOrigins: ['https://coins.example'] } });
    const ask = (origin: string) =>
      fetch(`${face.url}/claim`, {
        method: 'OPTIONS',
        headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
      });
    const listed = await ask('https://coins.example');
    assert.equal(listed.headers.get('access-control-allow-origin'), 'https://coins.example');
    assert.match(listed.headers.get('access-control-allow-methods') ?? '', /POST/);
    const other = await ask('https://coins.example.evil.example');
    assert.equal(other.headers.get('access-control-allow-origin'), null);
    const read = await face.get('/state', { Origin: 'https://coins.example' });
    assert.equal(read.headers.get('access-control-allow-origin'), 'https://coins.example');
    assert.match(read.headers.get('vary') ?? '', /Origin/);
  });

  test('the operator pauses and resumes with the token, and nobody else does', async (context) => {
    const face = await openFace(context);
    const token = (await readFile(face.tokenFile, 'utf8')).trim();
    assert.equal((await face.post('/pause', {})).status, 401);
    assert.equal((await face.post('/pause', {}, { Authorization: 'Bearer wrong' })).status, 403);
    const admin = { Authorization: `Bearer ${token}` };
    assert.deepEqual((await face.post('/pause', {}, admin)).body, { paused: true });
    const refused = await face.get<Failure>(`/challenge?address=${ALICE}`);
    assert.equal(refused.status, 503);
    assert.equal(refused.body.error.code, 'paused');
    assert.deepEqual((await face.post('/resume', {}, admin)).body, { paused: false });
    assert.equal((await claim(face, ALICE)).status, 201);
    const guesses = await Promise.all(
      Array.from({ length: 6 }, () => face.post('/pause', {}, { Authorization: 'Bearer guess' })),
    );
    assert.ok(guesses.some(({ status }) => status === 429));
    // Guessing does not keep the operator out.
    assert.equal((await face.post('/pause', {}, admin)).status, 200);
  });

  test('where no work is asked for, a claim needs nothing but an address', async (context) => {
    const face = await openFace(context, { face: { work: undefined } });
    assert.equal((await face.post('/claim', { address: ALICE })).status, 201);
    assert.equal((await face.get(`/challenge?address=${claimantAddress('bob')}`)).status, 429);
  });
});

describe('while the node is away', () => {
  test('claims are refused before any work, health says why, and nothing of what was promised is lost', async (context) => {
    const clock = new HandClock();
    const face = await openFace(context, { clock });
    const first = await claim(face, ALICE);
    assert.equal(first.status, 201);
    await face.kit.node.node.stop();
    await face.kit.until(async () => (await face.kit.desk.state()).trouble !== undefined);
    // Longer than a node may be silent, and a state may be old.
    clock.pass(60_000);
    const health = await face.get<{ status: string; trouble: string; network: { height: null } }>('/health');
    assert.equal(health.status, 503);
    assert.equal(health.body.status, 'trouble');
    assert.ok(health.body.trouble.length > 10);
    assert.equal(health.body.network.height, null);
    assert.equal((await face.get('/state')).status, 200);
    const next = await face.get<Failure>(`/challenge?address=${claimantAddress('bob')}`);
    assert.equal(next.status, 503);
    assert.equal(next.body.error.code, 'not-ready');
    assert.ok(Number(next.headers.get('retry-after')) > 0);
    const found = await face.get<Claim>(`/claims/${first.body.id}`);
    assert.match(found.body.state, /^(queued|sent)$/);
  });
});

describe('the clock', () => {
  test('set back or forward lets nobody claim twice, and keeps nobody out', async (context) => {
    const clock = new HandClock();
    const face = await openFace(context, { clock, face: { trustedProxies: 1 } });
    const spent = await stampFor(face, ALICE, from('192.0.2.1'));
    const body = { address: ALICE, challenge: spent };
    assert.equal((await face.post('/claim', body, from('192.0.2.1'))).status, 201);
    for (const [index, jumpMs] of [48 * HOUR_MS, -96 * HOUR_MS, 48 * HOUR_MS].entries()) {
      clock.jump(jumpMs);
      const again = await face.get<Failure>(`/challenge?address=${ALICE}`, from(`192.0.3.${index}`));
      assert.equal(again.body.error.code, 'address-cooldown', `after ${jumpMs} ms`);
      const replayed = await face.post<Failure>('/claim', body, from('192.0.2.1'));
      assert.equal(replayed.status, 429, `after ${jumpMs} ms`);
      const somebody = await claim(face, claimantAddress(`somebody ${index}`), from(`192.0.4.${index}`));
      assert.equal(somebody.status, 201, `after ${jumpMs} ms: ${JSON.stringify(somebody.body)}`);
    }
  });
});
