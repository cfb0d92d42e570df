import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { askJson } from '../../kit/http-client.ts';
import { MINER_ADDRESS, startPoolUnderTest } from '../../kit/pool-kit.ts';
import { StratumMiner } from '../../kit/stratum-miner.ts';

const LIMITED = { timeout: 30_000 };

/** A pool with one miner, and what an admin needs to talk to it. */
async function serve(t: TestContext) {
  const { pool, directory } = await startPoolUnderTest(t);
  const miner = await StratumMiner.connect(pool.stratumUrl);
  t.after(() => miner.close());
  await miner.login(`${MINER_ADDRESS}.rig`);
  const token = (await readFile(join(directory, 'pool.token'), 'utf8')).trim();
  const headers = { Authorization: `Bearer ${token}` };
  const { body } = await askJson<{ sessions: { id: string }[] }>(`${pool.httpUrl}/sessions`, { headers });
  const id = body.sessions[0]?.id ?? '';
  const send = (to: string, text: string, type = 'application/json') =>
    askJson<{ sent?: boolean; error?: string }>(`${pool.httpUrl}/sessions/${to}/send`, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': type },
      body: text,
    });
  return { pool, miner, id, headers, send };
}

test('an admin can tell one miner what firmware authors need to provoke', LIMITED, async (t) => {
  const { miner, id, send } = await serve(t);
  const sent = await send(id, '{"method":"client.show_message","params":["hello"]}');
  assert.deepEqual([sent.status, sent.body], [200, { sent: true }]);
  const shown = await miner.nextCall('client.show_message');
  assert.deepEqual(shown.params, ['hello']);
  await send(id, '{"method":"client.reconnect"}');
  const away = await miner.nextCall('client.reconnect');
  assert.deepEqual(away.params, []);
});

test(
  'an order that is not to be given is refused with the reason, and nothing is sent',
  LIMITED,
  async (t) => {
    const { id, send } = await serve(t);
    const cases: readonly (readonly [string, string, number, RegExp])[] = [
      ['nobody', '{"method":"client.get_version"}', 404, /there is no session nobody/],
      [id, '{"method":"client.show_message","params":[5]}', 409, /not sent: text is not a string/],
      [id, '{"method":"mining.set_extranonce"}', 409, /has not asked for mining.set_extranonce/],
      [id, '{"method":"mining.set_version_mask","params":["1fffe000"]}', 409, /has not configured/],
      [id, '{"method":"mining.notify"}', 400, /"method": must be one of mining.set_extranonce, /],
      [id, '{"method":5}', 400, /"method"/],
      [id, '{}', 400, /"method"/],
      [id, '', 400, /"method"/],
      [id, '{"method":"client.get_version","params":{}}', 400, /"params": must be a list/],
      [id, `{"method":"client.get_version","params":[1,2,3,4,5,6,7,8,9]}`, 400, /at most 8 items/],
      [id, '{"method":"client.get_version","more":1}', 400, /no field "more"; allowed: method, params/],
      [id, '{"method":"client.get_version","__proto__":{}}', 400, /no field "__proto__"/],
      [id, '[]', 400, /must be one JSON object/],
      [id, 'null', 400, /must be one JSON object/],
      [id, '{"method":', 400, /the body is no JSON/],
      [id, '\u0000', 400, /the body is no JSON/],
      [id, `{"method":"client.show_message","params":["${'x'.repeat(17_000)}"]}`, 413, /exceeds 16 KiB$/],
      [id, `${'['.repeat(8_000)}`, 400, /the body is no JSON/],
    ];
    for (const [to, body, status, message] of cases) {
      const answer = await send(to, body);
      assert.match(answer.body.error ?? '', message, body.slice(0, 60));
      assert.equal(answer.status, status, body.slice(0, 60));
    }
    const form = await send(id, 'method=client.reconnect', 'application/x-www-form-urlencoded');
    assert.deepEqual([form.status, form.body.error], [415, 'the body must be application/json']);
  },
);

test('without the token no order is taken, whatever the page it comes from', LIMITED, async (t) => {
  const { pool, id } = await serve(t);
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
    const answer = await askJson(`${pool.httpUrl}/sessions/${id}/send`, {
      method: 'POST',
      headers: { 'Content-Type': type, Origin: 'https://elsewhere.example', Cookie: 'token=x' },
      body: '{"method":"client.reconnect"}',
    });
    assert.equal(answer.status, 401, type);
  }
});

test(
  'the inspector keeps a conversation from the moment it is switched on, without passwords',
  LIMITED,
  async (t) => {
    const { pool, miner, id, headers } = await serve(t);
    const url = `${pool.httpUrl}/sessions/${id}/inspect`;
    const turn = (to: string, body: string) =>
      askJson<{ error?: string }>(to, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body,
      });
    assert.equal((await askJson(url, { headers })).status, 404, 'off by default');
    assert.equal((await turn(`${pool.httpUrl}/sessions/nobody/inspect`, '{"on":true}')).status, 404);
    assert.match((await turn(url, '{"on":"yes"}')).body.error ?? '', /"on": must be true or false/);
    assert.equal((await askJson(url)).status, 401, 'a conversation is nobody else’s business');
    assert.deepEqual((await turn(url, '{"on":true}')).body, { session: id, on: true });
    await miner.request('mining.authorize', [`${MINER_ADDRESS}.second`, 'secret-word']);
    const kept = await fetch(url, { headers });
    const text = await kept.text();
    const inspection = JSON.parse(text) as { on: boolean; session: string; entries: unknown[] };
    assert.deepEqual([inspection.on, inspection.session], [true, id]);
    assert.ok(inspection.entries.length >= 2, 'the request and its answer');
    assert.ok(text.includes('second') && !text.includes('secret-word'));
    assert.deepEqual((await turn(url, '{"on":false}')).body, { session: id, on: false });
    await miner.request('mining.ping', []);
    const after = await askJson<{ on: boolean; entries: unknown[] }>(url, { headers });
    assert.deepEqual([after.body.on, after.body.entries.length], [false, inspection.entries.length]);
  },
);
