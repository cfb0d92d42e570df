/** What the page's server answers those who are not the page of the wallet, and those who ask what is wrong. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CALLS, type CallName, callPath } from '../../../wallet/gui/api.ts';
import { askRaw } from '../../kit/http-client.ts';
import {
  GuiListener,
  GuiWindow,
  PASSPHRASE,
  type Refused,
  startGui,
  tokenOf,
} from '../../kit/wallet-gui-kit.ts';

const CALL_NAMES = Object.keys(CALLS) as CallName[];

/** A request as bytes; the answer up to the end of the connection. */
function raw(url: string, lines: readonly string[], body = ''): Promise<string> {
  const request = [...lines, 'Connection: close', `Content-Length: ${body.length}`, '', body].join('\r\n');
  return askRaw(url, request);
}

describe('a stranger', () => {
  test('is answered nothing under a name that was made to lead here (DNS rebinding)', async (context) => {
    const { gui } = await startGui(context);
    const { port } = new URL(gui.url);
    const token = tokenOf(gui.freshLink());
    const body = JSON.stringify({ token });
    const host = `Host: evil.example:${port}`;
    const origin = `Origin: http://evil.example:${port}`;
    const json = 'Content-Type: application/json';
    const same = 'Sec-Fetch-Site: same-origin';
    const answers = [
      await raw(gui.url, ['GET / HTTP/1.1', host]),
      await raw(gui.url, ['GET /assets/x.js HTTP/1.1', host]),
      await raw(gui.url, ['GET /nothing HTTP/1.1', host]),
      await raw(gui.url, ['POST /api/session/open HTTP/1.1', host, origin, same, json], body),
      await raw(gui.url, [`POST http://evil.example/api/state HTTP/1.1`, host, origin, json], '{}'),
      await raw(gui.url, [
        'GET /live HTTP/1.1',
        host,
        origin,
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ]),
    ];
    for (const answer of answers) {
      assert.match(answer, /^HTTP\/1\.1 403 /);
      assert.doesNotMatch(answer, /<script|session"|test_money/);
    }
    // The token was not used up by it.
    await new GuiWindow(gui.url, '').ask('session/open', { token });
  });

  test('of another site cannot ask even with a stolen session', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    for (const headers of [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'http://127.0.0.1:5080' },
    ]) {
      const answer = await window.send('state', {}, headers);
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
    }
    const preflight = await fetch(gui.url + callPath('state'), {
      method: 'OPTIONS',
      headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' },
    });
    assert.equal(preflight.status, 403);
    assert.equal(preflight.headers.get('access-control-allow-methods'), null);
  });

  test('gets no answer to any question without a session', async (context) => {
    const { gui } = await startGui(context);
    const nobody = new GuiWindow(gui.url, '');
    const guess = new GuiWindow(gui.url, 'A'.repeat(43));
    for (const name of CALL_NAMES) {
      if (name === 'session/open') continue;
      for (const window of [nobody, guess]) {
        const refused: Refused = await window.refusal(name, {
          wallet: 'default',
          passphrase: PASSPHRASE,
        });
        assert.deepEqual([refused.status, refused.code], [401, 'no-session'], name);
      }
    }
  });

  test('cannot have a page or an asset in a frame, and no cookie is ever set', async (context) => {
    const { gui } = await startGui(context);
    const page = await fetch(gui.url);
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const rule of [/default-src 'none'/, /frame-ancestors 'none'/, /base-uri 'none'/]) {
      assert.match(policy, rule);
    }
    assert.doesNotMatch(policy, /unsafe|https:|\*/);
    assert.equal(page.headers.get('cross-origin-resource-policy'), 'same-origin');
    assert.equal(page.headers.get('cross-origin-opener-policy'), 'same-origin');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    const window = await GuiWindow.open(gui);
    const state = await window.send('state', {});
    assert.equal(state.headers.get('cache-control'), 'no-store');
    for (const { headers } of [page, state]) assert.equal(headers.get('set-cookie'), null);
  });

  test('that guesses links is slowed, and the person comes in all the same', async (context) => {
    const { gui } = await startGui(context);
    const token = tokenOf(gui.freshLink());
    const nobody = new GuiWindow(gui.url, '');
    const statuses: number[] = [];
    for (let guess = 0; guess < 15; guess++) {
      statuses.push((await nobody.refusal('session/open', { token: `guess-${guess}` })).status);
    }
    assert.deepEqual(new Set(statuses), new Set([403, 429]));
    await nobody.ask('session/open', { token });
  });
});

describe('the live feed', () => {
  test('tells a window with a session the state first', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const listener = new GuiListener(gui.url, { session: window.session });
    await listener.next('state');
    assert.equal(listener.heard[0]?.event, 'state');
    await window.ask('session/close', {});
    assert.equal(await listener.closed, 1008);
  });

  const wrong: Readonly<Record<string, unknown>> = {
    'a session that is none': { session: 'A'.repeat(43) },
    'no session': {},
    'something else': [1, 2, 3],
    'more than it should': { session: 'A'.repeat(43), wallet: 'default' },
  };
  for (const [name, greeting] of Object.entries(wrong)) {
    test(`says nothing to ${name}`, async (context) => {
      const { gui } = await startGui(context);
      const listener = new GuiListener(gui.url, greeting);
      assert.equal(await listener.closed, 1008);
      assert.deepEqual(listener.heard, []);
    });
  }

  test('closes on who says nothing, who says too much, and who says more than once', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const long = new GuiListener(gui.url, { session: 'A'.repeat(5_000) });
    assert.equal(await long.closed, 1009);
    const talker = new GuiListener(gui.url, { session: window.session });
    await talker.next('state');
    talker.say({ session: window.session });
    assert.equal(await talker.closed, 1008);
    const { gui: hasty } = await startGui(context, { timing: { greetingMs: 50 } });
    const silent = new GuiListener(hasty.url, undefined);
    assert.equal(await silent.closed, 1008);
  });

  test('is not there for another origin, or without one', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    for (const headers of [{ Origin: 'https://evil.example' }, {}]) {
      const listener = new GuiListener(gui.url, { session: window.session }, headers);
      assert.equal(await listener.closed, 1006);
      assert.deepEqual(listener.heard, []);
    }
  });
});

describe('a question that is wrong', () => {
  test('is refused with the field, and what was sent is not repeated', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const wallet = await window.createWallet();
    const to = [{ address: 'x', amount_nits: '1' }];
    const fee = { preset: 'normal' };
    const cases: readonly (readonly [CallName, unknown, string | undefined])[] = [
      ['overview', {}, 'wallet'],
      ['overview', { wallet: 7 }, 'wallet'],
      ['overview', { wallet, more: 1 }, undefined],
      ['overview', '{"wallet":"x","__proto__":{"more":1}}', undefined],
      ['overview', [], undefined],
      ['overview', 'null', undefined],
      ['overview', '{', undefined],
      ['overview', '', undefined],
      ['history', { wallet, scope: 'all', limit: 5 }, 'scope'],
      ['history', { wallet, scope: 'wallet', limit: 1e9 }, 'limit'],
      ['plan', { wallet, to: [], fee }, 'to'],
      ['plan', { wallet, to: [{ address: 'x', amount_nits: '-1' }], fee }, 'to.0.amount_nits'],
      ['plan', { wallet, to: [{ address: 'x', amount_nits: '1e8' }], fee }, 'to.0.amount_nits'],
      ['plan', { wallet, to: [{ address: 'x', amount_nits: '0.5' }], fee }, 'to.0.amount_nits'],
      ['plan', { wallet, to: [{ address: 'x', amount_nits: 'NaN' }], fee }, 'to.0.amount_nits'],
      ['plan', { wallet, to: [{ address: 'x', amount_nits: 5 }], fee }, 'to.0.amount_nits'],
      ['plan', { wallet, to, fee: { preset: 'free' } }, 'fee'],
      ['plan', { wallet, to, fee, coins: ['nothing:0'] }, 'coins.0'],
      ['transaction', { wallet, txid: 'ABC' }, 'txid'],
      ['settings/set', { wallet, auto_lock_minutes: 0.5 }, 'auto_lock_minutes'],
      ['wallets/open', { wallet, passphrase: 'p'.repeat(2_000) }, 'passphrase'],
    ];
    for (const [name, request, field] of cases) {
      const refused = await window.refusal(name, request);
      assert.equal(refused.status, 400, `${name} ${JSON.stringify(request)}`);
      assert.equal(refused.field, field, `${name} ${JSON.stringify(request)}: ${refused.message}`);
    }
    const typo = await window.refusal('wallets/open', `{"wallet": "x", "passphrase": ${PASSPHRASE}`);
    assert.equal(typo.status, 400);
    assert.doesNotMatch(typo.message, /correct|horse/);
  });

  test('is refused by the wallet with its word', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const wallet = await window.createWallet();
    const fee = { fee_rate: '1' };
    const { address } = await window.ask('receive/address', { wallet, label: 'default' });
    const plan = (changes: object) => ({ wallet, to: [{ address, amount_nits: '100000' }], fee, ...changes });
    const cases: readonly (readonly [CallName, unknown, string])[] = [
      ['plan', plan({}), 'insufficient-funds'],
      ['plan', plan({ to: [{ address: 'dnilz1nothing', amount_nits: '1000' }] }), 'bad-address'],
      ['plan', plan({ to: [{ address: address.replace('q', 'Q'), amount_nits: '1000' }] }), 'bad-address'],
      ['plan', plan({ to: [{ address, amount_nits: '1' }] }), 'bad-amount'],
      ['plan', plan({ to: [{ address, amount_nits: '9'.repeat(19) }] }), 'bad-amount'],
      ['plan', plan({ fee: { fee_rate: '0' } }), 'bad-fee-rate'],
      ['plan', plan({ fee: { fee_rate: '1e3' } }), 'bad-fee-rate'],
      ['plan', plan({ from: 'nobody' }), 'unknown-label'],
      ['plan', plan({ coins: [`${'0'.repeat(64)}:0`] }), 'coins-gone'],
      ['plan/bump', { wallet, txid: '0'.repeat(64), fee }, 'unknown-payment'],
      ['receive/address', { wallet, label: 'nobody' }, 'unknown-label'],
      ['receive/new-address', { wallet, label: '\u202e' }, 'bad-label'],
      ['wallets/create', { name: '../x', words: '', passphrase: '', words_checked: true }, 'bad-words'],
      ['wallets/restore', { name: 'x', words: 'abandon '.repeat(12), passphrase: '' }, 'bad-words'],
      ['wallets/watch', { name: 'x', xpub: 'xprv9s21ZrQH', passphrase: '' }, 'bad-key'],
      ['keys/import', { wallet, passphrase: PASSPHRASE, key: 'no key', label: 'x' }, 'bad-key'],
      ['contacts/set', { wallet, name: 'bob', address: 'nowhere' }, 'bad-address'],
      ['contacts/remove', { wallet, name: 'nobody' }, 'unknown-contact'],
      ['psbt/inspect', { wallet, psbt: 'cHNidP8=' }, 'bad-psbt'],
      ['messages/verify', { wallet, address, message: 'x', signature: '!' }, 'bad-signature'],
    ];
    for (const [name, request, code] of cases) {
      const refused = await window.refusal(name, request);
      assert.deepEqual([refused.code, refused.status], [code, 422], `${name}: ${refused.message}`);
    }
    const { words } = await window.ask('wallets/words', {});
    const named = { words, passphrase: PASSPHRASE, words_checked: true };
    for (const name of ['../x', 'a/b', 'CON', '', '.', 'x'.repeat(60)]) {
      assert.equal((await window.refusal('wallets/create', { ...named, name })).code, 'bad-name', name);
    }
    assert.equal((await window.refusal('wallets/create', { ...named, name: 'default' })).code, 'file-exists');
  });

  test('of another type, too long, or in the address is refused', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const form = await window.send('state', 'a=1', { 'Content-Type': 'application/x-www-form-urlencoded' });
    assert.equal(form.status, 415);
    const text = await window.send('state', '{}', { 'Content-Type': 'text/plain' });
    assert.equal(text.status, 415);
    const long = await window.send('state', `"${'x'.repeat(600 * 1024)}"`);
    assert.equal(long.status, 413);
    const headers = {
      Origin: gui.url,
      Authorization: `Bearer ${window.session}`,
      'Content-Type': 'application/json',
    };
    const query = await fetch(`${gui.url}${callPath('state')}?session=x`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    assert.equal(query.status, 400);
    const read = await fetch(gui.url + callPath('state'), { headers });
    assert.equal(read.status, 405);
  });

  test('that comes in a flood is told to wait', async (context) => {
    const { gui } = await startGui(context);
    const window = await GuiWindow.open(gui);
    const statuses: number[] = [];
    for (let round = 0; round < 40 && !statuses.includes(429); round++) {
      const answers = Array.from({ length: 50 }, () => window.send('settings', { wallet: 'x' }));
      statuses.push(...(await Promise.all(answers)).map(({ status }) => status));
    }
    assert.ok(statuses.includes(429));
    assert.ok(statuses.includes(409), 'those before it were answered');
  });
});

test('no secret stands in the log, in an answer that needs none, or in the file in the clear', async (context) => {
  const { gui, log, directory } = await startGui(context);
  const link = gui.freshLink();
  const window = await GuiWindow.open(gui);
  const { words } = await window.ask('wallets/words', {});
  const wallet = await window.createWallet('default', words);
  await window.refusal('wallets/open', { wallet, passphrase: 'a wrong one that is a secret too' });
  await window.refusal('wallets/restore', { name: 'x', words: `${words} zoo`, passphrase: PASSPHRASE });
  const state = await window.ask('state', {});
  await window.ask('overview', { wallet });
  const file = readFileSync(`${directory}/wallet.json`, 'utf8');
  const secrets = [words, PASSPHRASE, 'a wrong one', tokenOf(link), window.session, 'user:secret'];
  for (const text of [log.lines.join('\n'), JSON.stringify(state), file]) {
    for (const secret of secrets) assert.equal(text.includes(secret), false, secret);
  }
});
