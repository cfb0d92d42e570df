import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BACK_OFF, Script } from '../../kit/client-script.ts';
import { notifyParams, someJob } from '../../kit/stratum-job.ts';

describe('a flood', () => {
  for (const [what, message] of [
    ['jobs', { id: null, method: 'mining.notify', params: notifyParams(someJob()) }],
    ['difficulties', { id: null, method: 'mining.set_difficulty', params: [1] }],
    ['extranonces', { id: null, method: 'mining.set_extranonce', params: ['00', 4] }],
    ['questions', { id: 'x'.repeat(500), method: 'client.get_version', params: [] }],
    ['answers that nobody waits for', { id: 987_654, result: true, error: null }],
    ['what nobody knows', { id: null, method: 'mining.dance', params: [] }],
  ] as const) {
    test(`of ${what} is borne for a while, then the pool is left for a minute`, () => {
      const script = new Script().mine();
      let count = 0;
      while (script.client.phase === 'mining' && count < 10_000) {
        script.pool(message);
        count += 1;
      }
      assert.ok(count > 1_900 && count < 2_100, `${count} messages`);
      const { problem, retryInMs } = script.last('disconnected');
      assert.equal(problem.code, 'flood');
      assert.equal(retryInMs, BACK_OFF.maxDelayMs);
      assert.equal(script.work, undefined);
      assert.deepEqual(script.pool(message), [], 'what still comes is not looked at');
    });
  }

  test('is borne no longer after a day of quiet', () => {
    const script = new Script().mine();
    script.nowMs += 86_400_000;
    for (let i = 0; i < 2_100; i++) script.notify('mining.dance');
    assert.equal(script.last('disconnected').problem.code, 'flood');
  });

  test('is not what a quick chain sends: a hundred jobs a second are mined for ever', () => {
    const script = new Script().mine();
    for (let i = 0; i < 20_000; i++) {
      script.nowMs += 10;
      script.notify('mining.notify', ...notifyParams(someJob({ jobId: String(i) })));
    }
    assert.equal(script.work!.job.jobId, '19999');
  });

  test('is not what answers our shares, however many there are', () => {
    const script = new Script().mine();
    for (let i = 0; i < 5_000; i++) {
      script.hit(i);
      script.answer('mining.submit', true);
      script.effects = script.effects.filter(({ type }) => type === 'work');
    }
    assert.equal(script.client.phase, 'mining');
  });

  test('of texts shows the first ten, then one every half minute', () => {
    const script = new Script().mine();
    for (let i = 0; i < 500; i++) script.notify('client.show_message', `buy now ${i}`);
    assert.equal(script.count('message'), 10);
    script.nowMs += 60_000;
    for (let i = 0; i < 500; i++) script.notify('client.show_message', `buy now ${i}`);
    assert.equal(script.count('message'), 12);
    assert.equal(script.client.phase, 'mining');
  });
});

describe('a pool without work', () => {
  test('is spoken of once after a minute, and waited for', () => {
    const script = new Script().authorize();
    script.expire(60_000);
    assert.equal(script.last('problem').problem.code, 'no-job');
    for (let i = 0; i < 5; i++) {
      script.expire(120_000);
      assert.equal(script.sent.at(-1)!.method, 'mining.ping');
      script.answer('mining.ping', 'pong');
    }
    assert.equal(script.count('problem'), 1);
    assert.equal(script.client.phase, 'mining');
    assert.ok(script.job());
  });

  test('is not spoken of when its work comes in time', () => {
    const script = new Script().authorize();
    script.nowMs += 59_000;
    script.job();
    script.expire();
    assert.equal(script.count('problem'), 0);
    assert.equal(script.sent.at(-1)!.method, 'mining.ping', 'the next that is waited for is a sign of life');
  });

  test('that says nothing whatever for ten minutes is left in time, and tried again', () => {
    const script = new Script().authorize();
    const end = script.nowMs + 600_000;
    while (script.client.deadlineMs! <= end) {
      script.expire();
      if (script.client.phase === 'connecting') script.authorize();
    }
    assert.ok(script.count('disconnected') >= 3);
    assert.equal(script.last('disconnected').problem.code, 'silent');
  });
});

describe("a job's time", () => {
  const HOUR = 3_600;

  for (const [hours, words] of [
    [3, /3\.0 hours ahead/],
    [-24, /24\.0 hours behind/],
    [-400_000, /16667 days behind/],
  ] as const) {
    test(`${hours} hours from ours is said once on a connection, and mined`, () => {
      const script = new Script().authorize();
      const time = script.unixMs / 1000 + hours * HOUR;
      const work = script.job({ time });
      assert.equal(work.job.time, time);
      assert.match(script.last('problem').problem.text, words);
      assert.equal(script.last('problem').problem.code, 'odd-time');
      script.job({ jobId: 'job-2', time: time + 30 });
      assert.equal(script.count('problem'), 1);
    });
  }

  test('within two hours of ours is nothing to speak of', () => {
    const script = new Script().authorize();
    for (const seconds of [-2 * HOUR, 0, 2 * HOUR]) script.job({ time: script.unixMs / 1000 + seconds });
    assert.equal(script.count('problem'), 0);
  });

  test('may be any u32', () => {
    for (const time of [0, 0xffffffff]) assert.equal(new Script().authorize().job({ time }).job.time, time);
  });
});

describe('the two pings', () => {
  test("the pool's is answered, as a question and not as a notice", () => {
    const script = new Script().mine();
    script.pool({ id: 'p1', method: 'mining.ping', params: [] });
    assert.deepEqual(script.sent.at(-1), { id: 'p1', result: 'pong', error: null });
    const before = script.sent.length;
    script.notify('mining.ping');
    assert.equal(script.sent.length, before);
  });

  test('ours is sent once, and any line is a sign of life', () => {
    const script = new Script().mine();
    script.expire(120_000);
    script.notify('mining.dance');
    script.expire(120_000);
    assert.equal(script.sent.filter(({ method }) => method === 'mining.ping').length, 2);
    script.expire(30_000);
    assert.equal(script.last('disconnected').problem.code, 'silent');
  });

  test('after a night asleep the pool gets its time to answer', () => {
    const script = new Script().mine();
    script.nowMs += 8 * 3_600_000;
    script.do({ type: 'tick' });
    assert.equal(script.sent.at(-1)!.method, 'mining.ping');
    assert.equal(script.client.deadlineMs, script.nowMs + 30_000);
    script.answer('mining.ping', 'pong');
    assert.equal(script.client.phase, 'mining');
  });

  test('a share that waits for its answer does not hide that the pool has fallen silent', () => {
    const script = new Script().mine();
    script.hit();
    script.expire(60_000);
    assert.equal(script.count('share-unanswered'), 1);
    script.expire(60_000);
    script.expire(30_000);
    assert.equal(script.client.phase, 'waiting');
  });
});
