import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isSameDomain } from '../../../miner/source/same-domain.ts';
import { BACK_OFF, Script } from '../../kit/client-script.ts';

/** Where the client goes when its wait is over. */
function nextPlace(script: Script): { readonly host: string; readonly port: number } {
  const effect = script.expire(700_000).find(({ type }) => type === 'connect');
  assert.ok(effect?.type === 'connect', 'the client connects');
  return { host: effect.host, port: effect.port };
}

function atPool(host: string): Script {
  return new Script(undefined, { host, isSameDomain });
}

describe('client.reconnect', () => {
  test('is followed to another port of the same host, after the wait it asks for', () => {
    const script = new Script().mine();
    script.notify('client.reconnect', 'POOL.test', '3334', 30);
    assert.equal(script.client.phase, 'waiting');
    assert.equal(script.work, undefined);
    assert.equal(script.client.deadlineMs, script.nowMs + 30_000);
    assert.deepEqual(nextPlace(script), { host: 'pool.test', port: 3334 });
  });

  test('without a place means the same place', () => {
    for (const params of [[], [null, null], ['', '', ''], ['pool.test'], [null, 3333]]) {
      const script = new Script().mine();
      script.notify('client.reconnect', ...params);
      assert.ok(script.client.deadlineMs! > script.nowMs, 'not at once: it may be repeated for ever');
      assert.deepEqual(nextPlace(script), { host: 'pool.test', port: 3333 });
    }
  });

  test('is followed to another host of the same domain', () => {
    const script = atPool('eu.pool.example.com').mine();
    script.notify('client.reconnect', 'us.pool.example.com', 3334);
    assert.deepEqual(nextPlace(script), { host: 'us.pool.example.com', port: 3334 });
  });

  for (const [from, to] of [
    ['pool.example.com', 'pool.thief.com'],
    ['pool.example.com', 'example.com.thief.net'],
    ['pool.example.com', '192.0.2.7'],
    ['192.0.2.7', '192.0.2.8'],
    ['rig.github.io', 'thief.github.io'],
    ['localhost', '127.0.0.1'],
  ] as const) {
    test(`from ${from} to ${to} is not followed, and said`, () => {
      const script = atPool(from).mine();
      const { work } = script;
      script.notify('client.reconnect', to, 3333, 0);
      assert.equal(script.client.phase, 'mining');
      assert.equal(script.work, work);
      assert.equal(script.last('problem').problem.code, 'foreign-reconnect');
      assert.ok(script.last('problem').problem.text.includes(to));
    });
  }

  test('leads to the same host only where domains cannot be told', () => {
    const script = new Script(undefined, { host: 'eu.pool.example.com' }).mine();
    script.notify('client.reconnect', 'us.pool.example.com', 3334);
    assert.equal(script.client.phase, 'mining');
    assert.equal(script.last('problem').problem.code, 'foreign-reconnect');
  });

  test('is measured against the pool that was chosen, however often it has led on', () => {
    const script = atPool('eu.example.com').mine();
    script.notify('client.reconnect', 'us.example.com', 3334);
    nextPlace(script);
    script.mine();
    script.notify('client.reconnect', 'thief.com', 3334);
    assert.equal(script.client.phase, 'mining');
    script.notify('client.reconnect', 'asia.example.com');
    assert.deepEqual(nextPlace(script), { host: 'asia.example.com', port: 3334 });
  });

  test('to a place where nobody mines leads back to the pool that was chosen', () => {
    const dead: ((script: Script) => void)[] = [
      (script) => script.do({ type: 'closed', cause: 'refused' }),
      (script) => script.connect().do({ type: 'closed', cause: 'ended' }),
      (script) => script.subscribe().answer('mining.authorize', false),
      (script) => script.mine().do({ type: 'closed', cause: 'ended' }),
    ];
    for (const fail of dead) {
      const script = atPool('eu.example.com').mine();
      script.notify('client.reconnect', 'us.example.com', 3334);
      nextPlace(script);
      fail(script);
      assert.deepEqual(nextPlace(script), { host: 'eu.example.com', port: 3333 });
    }
  });

  test('to a place that is good is held to', () => {
    const script = atPool('eu.example.com').mine();
    script.notify('client.reconnect', 'us.example.com', 3334);
    nextPlace(script);
    script.mine();
    script.hit();
    script.answer('mining.submit', true);
    script.do({ type: 'closed', cause: 'lost' });
    assert.deepEqual(nextPlace(script), { host: 'us.example.com', port: 3334 });
  });

  test('over and over is followed ever more slowly', () => {
    const script = new Script().mine();
    const waits = Array.from({ length: 8 }, () => {
      script.notify('client.reconnect', 'pool.test', 3334, 0);
      const { retryInMs } = script.last('disconnected');
      nextPlace(script);
      script.mine();
      return retryInMs;
    });
    assert.deepEqual(waits.slice(0, 4), [1_000, 2_000, 4_000, 8_000]);
    assert.equal(waits.at(-1), BACK_OFF.maxDelayMs);
  });

  test('waits ten minutes at most, and never less than the back-off', () => {
    for (const [wait, expectedMs] of [
      [1e300, 600_000],
      ['86400', 600_000],
      [0, BACK_OFF.firstDelayMs],
      [0.001, BACK_OFF.firstDelayMs],
    ] as const) {
      const script = new Script().mine();
      script.notify('client.reconnect', 'pool.test', 3333, wait);
      assert.equal(script.last('disconnected').retryInMs, expectedMs);
    }
  });

  for (const params of [
    [7],
    [{}],
    ['pool.test/../x'],
    ['user@pool.test'],
    ['stratum+tcp://pool.test'],
    ['pool.test\nthief.test'],
    ['a'.repeat(300)],
    ['pool.test', 0],
    ['pool.test', 65_536],
    ['pool.test', '33.5'],
    ['pool.test', 'ssh'],
    ['pool.test', 3333, -1],
    ['pool.test', 3333, 'soon'],
    ['pool.test', 3333, {}],
  ]) {
    test(`with ${JSON.stringify(params).slice(0, 40)} makes no sense`, () => {
      const script = new Script().mine();
      script.notify('client.reconnect', ...params);
      assert.equal(script.client.phase, 'mining');
      assert.equal(script.last('problem').problem.code, 'garbage');
    });
  }

  test('to strangers, repeated, ends the connection', () => {
    const script = new Script().mine();
    for (let i = 0; i < 10; i++) script.notify('client.reconnect', 'thief.test');
    assert.equal(script.client.phase, 'waiting');
    assert.equal(script.last('disconnected').problem.code, 'foreign-reconnect');
    assert.deepEqual(nextPlace(script), { host: 'pool.test', port: 3333 });
  });

  test('gives up the shares in flight, and takes the session along', () => {
    const script = new Script().mine();
    script.hit();
    script.notify('client.reconnect');
    assert.equal(script.count('share-unanswered'), 1);
    nextPlace(script);
    script.connect();
    assert.deepEqual(script.sent.at(-1)!.params, ['tester/1.0', 's1']);
  });
});
