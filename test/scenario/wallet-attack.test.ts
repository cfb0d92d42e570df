/** Strangers at the wallet's page: a real `nilz up`, and requests as no browser of a person makes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { callPath } from '../../wallet/gui/api.ts';
import { Devnet } from '../kit/devnet.ts';
import { GuiWindow, tokenOf } from '../kit/wallet-gui-kit.ts';
import {
  allCalls,
  sendLines,
  strangersRequests,
  windowBy,
  windowFromHome,
} from '../kit/wallet-gui-process.ts';
import { temporaryDirectory } from '../service/temporary-directory.ts';

const LIMITED = { timeout: 300_000 };

test('strangers get nothing out of the wallet’s page, whatever they pretend to be', LIMITED, async (t) => {
  const devnet = await Devnet.start(await temporaryDirectory(t), ['--no-mine']);
  t.after(() => devnet.kill());
  const url = devnet.ready.walletUrl;
  const { port, host } = new URL(url);
  const window = await windowFromHome(devnet);

  await t.test('under names of their own (DNS rebinding)', async () => {
    const names = ['evil.example', `evil.example:${port}`, '127.0.0.1', 'localhost', `127.0.0.1.:${port}`];
    const close = [`0.0.0.0:${port}`, `127.1:${port}`, `[::ffff:127.0.0.1]:${port}`, `${host}@evil.example`];
    const odd = [
      `localhost.evil.example:${port}`,
      `127.0.0.1:${port}.evil.example`,
      `127.0.0.1:0${port}`,
      '',
    ];
    for (const name of [...names, ...close, ...odd]) {
      for (const { name: what, start, headers, body } of strangersRequests()) {
        const lines = [start, `Host: ${name}`, `Origin: http://${name}`, ...headers, 'Connection: close'];
        const { status, text } = await sendLines(url, lines, body);
        assert.ok([400, 403].includes(status), `${what} at "${name}": ${status}`);
        assert.ok(
          !text.includes('session') && !text.includes('<script'),
          `${what} at "${name}" says nothing`,
        );
      }
    }
  });

  await t.test('with two names, none, or one in the first line', async () => {
    const tail = ['Connection: close'];
    const asked = [
      ['GET / HTTP/1.1', `Host: ${host}`, 'Host: evil.example', ...tail],
      ['GET / HTTP/1.1', 'Host: evil.example', `Host: ${host}`, ...tail],
      ['GET / HTTP/1.1', ...tail],
      ['GET / HTTP/1.0', ...tail],
      [`GET http://${host}/ HTTP/1.1`, `Host: ${host}`, ...tail],
      ['GET http://evil.example/ HTTP/1.1', `Host: ${host}`, ...tail],
      ['GET / HTTP/1.1', `Host: ${host}`, `X-Forwarded-Host: ${host}`, 'Host : evil.example', ...tail],
    ];
    for (const lines of asked) {
      const { status } = await sendLines(url, lines);
      assert.ok([400, 403].includes(status), `${lines.slice(0, -1).join(' / ')}: ${status}`);
    }
  });

  await t.test('as pages of other sites, of other ports and of none', async () => {
    const own = new URL(url).origin;
    const origins = ['null', 'http://evil.example', `https://${host}`, `${own}.evil.example`, `${own}/`];
    const ports = [
      devnet.ready.homeUrl,
      devnet.ready.relay.url,
      devnet.ready.faucet.url,
      devnet.ready.pool.httpUrl,
    ];
    for (const origin of [...origins, ...ports.map((each) => new URL(each).origin), undefined]) {
      for (const name of allCalls()) {
        const answer = await fetch(url + callPath(name), {
          method: 'POST',
          headers: {
            'Content-Type': 'application/json',
            Authorization: `Bearer ${window.session}`,
            ...(origin !== undefined && { Origin: origin }),
          },
          body: '{}',
        });
        assert.equal(answer.status, 403, `${name} from ${origin}`);
        assert.equal(answer.headers.get('access-control-allow-origin'), null);
        await answer.body?.cancel();
      }
    }
    for (const site of ['cross-site', 'same-site']) {
      const asked = {
        ...(await sendLines(url, [
          'GET /api/state HTTP/1.1',
          `Host: ${host}`,
          `Sec-Fetch-Site: ${site}`,
          'Connection: close',
        ])),
      };
      assert.equal(asked.status, 403);
      const frame = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe', `Sec-Fetch-Site: ${site}`];
      assert.equal(
        (await sendLines(url, ['GET / HTTP/1.1', `Host: ${host}`, ...frame, 'Connection: close'])).status,
        403,
      );
    }
    const preflight = await sendLines(url, [
      `OPTIONS ${callPath('state')} HTTP/1.1`,
      `Host: ${host}`,
      'Origin: http://evil.example',
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Private-Network: true',
      'Connection: close',
    ]);
    assert.equal(preflight.status, 403);
    assert.ok(!/access-control-allow/i.test(preflight.text));
  });

  await t.test('with forms, which ask for no leave', async () => {
    const body = JSON.stringify({ token: 'x' });
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '',
    ]) {
      const answer = await fetch(url + callPath('session/open'), {
        method: 'POST',
        headers: { Origin: url, ...(type !== '' && { 'Content-Type': type }) },
        body,
      });
      assert.equal(answer.status, 415, type);
    }
  });

  await t.test('with tokens and sessions that are guessed, used, or in another place', async () => {
    const stranger = new GuiWindow(url, '');
    const link = `${url}/#token=${'A'.repeat(43)}`;
    const refused = new Set<number>();
    for (let guess = 0; guess < 40; guess++) {
      refused.add((await stranger.refusal('session/open', { token: tokenOf(link) + guess })).status);
    }
    assert.deepEqual([...refused].sort(), [403, 429]);
    // Who has the right one comes in all the same, and comes in once.
    const answer = await fetch(new URL('/wallet-link', devnet.ready.homeUrl), {
      method: 'POST',
      headers: { Origin: new URL(devnet.ready.homeUrl).origin },
    });
    const { url: right } = (await answer.json()) as { url: string };
    const late = await windowBy(right);
    assert.notEqual((await stranger.refusal('session/open', { token: tokenOf(right) })).status, 200);
    for (const session of ['', 'x', late.session.slice(1), `${late.session}=`, late.session.toUpperCase()]) {
      assert.equal((await new GuiWindow(url, session).refusal('state', {})).status, 401);
    }
    const inQuery = await fetch(`${url}${callPath('state')}?session=${late.session}&token=${late.session}`, {
      method: 'POST',
      headers: { Origin: url, 'Content-Type': 'application/json', Cookie: `session=${late.session}` },
      body: '{}',
    });
    assert.equal(inQuery.status, 401);
    await late.ask('session/close', {});
    assert.equal((await late.refusal('state', {})).status, 401);
  });

  await t.test('on the live feed', async () => {
    const closed = (headers: Record<string, string>, greeting: unknown): Promise<number> =>
      new Promise((accept) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/live`, { headers });
        socket.on('open', () =>
          socket.send(typeof greeting === 'string' ? greeting : JSON.stringify(greeting)),
        );
        socket.on('error', () => undefined);
        socket.on('unexpected-response', (_, response) => accept(response.statusCode ?? 0));
        socket.on('close', accept);
      });
    assert.equal(await closed({ Origin: 'http://evil.example' }, { session: window.session }), 403);
    assert.equal(
      await closed({ Origin: new URL(devnet.ready.homeUrl).origin }, { session: window.session }),
      403,
    );
    const own = { Origin: new URL(url).origin };
    for (const greeting of [{ session: 'x' }, {}, '', '[', { session: window.session, more: 1 }, null]) {
      assert.equal(await closed(own, greeting), 1008);
    }
    assert.equal(await closed(own, { session: 'x'.repeat(2_000_000) }), 1009);
  });

  await t.test('at the landing page, which hands out links to its own page alone', async () => {
    const home = devnet.ready.homeUrl;
    const { host: homeHost, origin } = new URL(home);
    const head = ['POST /wallet-link HTTP/1.1', 'Content-Length: 0', 'Connection: close'];
    for (const lines of [
      [`Host: ${homeHost}`],
      [`Host: ${homeHost}`, 'Origin: http://evil.example'],
      [`Host: ${homeHost}`, `Origin: ${new URL(url).origin}`],
      ['Host: evil.example', 'Origin: http://evil.example'],
      [`Host: ${homeHost}`, `Origin: ${origin}`, 'Sec-Fetch-Site: cross-site'],
    ]) {
      const { status, text } = await sendLines(home, [...head, ...lines]);
      assert.equal(status, 403, lines.join(' / '));
      assert.ok(!text.includes('token'));
    }
    const read = await fetch(new URL('/wallet-link', home));
    assert.equal(read.status, 405);
  });

  assert.equal(devnet.stderr, '');
});
