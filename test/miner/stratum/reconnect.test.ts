import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Script } from '../../kit/client-script.ts';

describe('coming back', () => {
  test('waits twice as long after each failure, up to a minute, with jitter', () => {
    const randoms = [0.999999, 0, 0.999999, 0, 0.999999, 0, 0.999999, 0];
    const script = new Script(() => randoms.shift() ?? 0);
    script.do({ type: 'start' });
    const waits = Array.from({ length: 8 }, () => {
      script.do({ type: 'closed', cause: 'refused' });
      const wait = script.last('disconnected').retryInMs;
      script.expire();
      return wait;
    });
    assert.deepEqual(waits, [1_000, 1_000, 4_000, 4_000, 16_000, 16_000, 60_000, 30_000]);
  });

  test('asks for the session it had, so that extranonce1 stays the same', () => {
    const script = new Script().mine();
    script.do({ type: 'closed', cause: 'lost' });
    script.expire();
    script.connect();
    assert.deepEqual(script.sent.at(-1)!.params, ['tester/1.0', 's1']);
  });

  test('does not say again what is too long to be the name of a session, or no text', () => {
    for (const name of ['s'.repeat(257), 7, null, {}]) {
      const script = new Script().connect();
      script.answer('mining.subscribe', [[['mining.notify', name]], '0000a7c3', 4]);
      script.answer('mining.authorize', true);
      script.do({ type: 'closed', cause: 'lost' });
      script.expire();
      script.connect();
      assert.deepEqual(script.sent.at(-1)!.params, ['tester/1.0']);
    }
  });

  test('forgets a session that the pool refuses to resume', () => {
    const script = new Script().mine();
    script.do({ type: 'closed', cause: 'lost' });
    script.expire();
    script.connect();
    script.answer('mining.subscribe', null, [20, 'unknown session', null]);
    assert.match(script.last('disconnected').problem.text, /refuses the subscription: unknown session/);
    script.expire();
    script.connect();
    assert.deepEqual(script.sent.at(-1)!.params, ['tester/1.0']);
  });

  test('starts the back-off anew after a connection that worked', () => {
    const script = new Script();
    script.do({ type: 'start' });
    for (let i = 0; i < 5; i++) {
      script.do({ type: 'closed', cause: 'refused' });
      script.expire();
    }
    script.mine();
    script.hit();
    script.answer('mining.submit', true);
    script.do({ type: 'closed', cause: 'ended' });
    assert.equal(script.last('disconnected').retryInMs, 1_000);
  });

  test('does not start it anew after a connection that came to nothing', () => {
    const script = new Script();
    script.do({ type: 'start' });
    const waits = Array.from({ length: 4 }, () => {
      script.authorize();
      script.do({ type: 'closed', cause: 'ended' });
      const wait = script.last('disconnected').retryInMs;
      script.expire();
      return wait;
    });
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000]);
  });

  test('never numbers two works alike, so that a late hit cannot be taken for another work', () => {
    const script = new Script().mine();
    const before = script.work!;
    script.do({ type: 'closed', cause: 'lost' });
    script.expire();
    script.mine();
    assert.notEqual(script.work!.serial, before.serial);
    script.hit(0, before);
    assert.equal(script.count('share-discarded'), 1);
  });
});

describe('silence', () => {
  test('a connection that does not open is given up', () => {
    const script = new Script();
    script.do({ type: 'start' });
    const effects = script.expire(10_000);
    assert.ok(effects.some((effect) => effect.type === 'disconnect'));
    assert.equal(script.last('disconnected').problem.code, 'unreachable');
  });

  test('a pool that never answers is left', () => {
    const atSubscribe = new Script().connect();
    atSubscribe.expire(30_000);
    assert.match(atSubscribe.last('disconnected').problem.text, /does not answer mining\.subscribe/);
    const atAuthorize = new Script().subscribe();
    atAuthorize.expire(30_000);
    assert.match(atAuthorize.last('disconnected').problem.text, /does not answer mining\.authorize/);
  });

  test('a pool that falls silent is asked for a sign of life, then left', () => {
    const script = new Script().mine();
    script.expire(120_000);
    assert.equal(script.sent.at(-1)!.method, 'mining.ping');
    script.expire(30_000);
    assert.equal(script.last('disconnected').problem.code, 'silent');
  });

  test('any answer to the ping is a sign of life', () => {
    const script = new Script().mine();
    script.expire(120_000);
    script.answer('mining.ping', null, [20, 'unknown method', null]);
    assert.equal(script.client.phase, 'mining');
    script.expire(120_000);
    assert.equal(script.client.phase, 'mining');
    assert.equal(script.sent.filter((line) => line.method === 'mining.ping').length, 2);
  });
});
