import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Hit } from '../../../miner/hashing/work.ts';
import { bytesToHex, hexToBytes } from '../../../protocol/bytes.ts';
import { targetOfDifficulty } from '../../../protocol/work.ts';
import { EASY, Script } from '../../kit/client-script.ts';
import { notifyParams, someJob } from '../../kit/stratum-job.ts';

describe('the way to work', () => {
  test('subscribes, authorizes, asks for extranonce changes, and starts on the first job', () => {
    const script = new Script().mine(0.5);
    assert.deepEqual(
      script.sent.map(({ method, params }) => [method, params]),
      [
        [
          'mining.configure',
          [['version-rolling'], { 'version-rolling.mask': '1fffe000', 'version-rolling.min-bit-count': 1 }],
        ],
        ['mining.subscribe', ['tester/1.0']],
        ['mining.authorize', ['dnilz1address.rig', 'x']],
        ['mining.extranonce.subscribe', []],
      ],
    );
    assert.equal(script.client.phase, 'mining');
    assert.equal(bytesToHex(script.work!.extranonce1), '0000a7c3');
    assert.equal(script.work!.target, targetOfDifficulty(0.5));
  });

  test('suggests a difficulty with the authorization, if it has one to suggest', () => {
    const script = new Script(undefined, { suggestedDifficulty: 0.001 }).authorize();
    const methods = script.sent.map(({ method }) => method);
    assert.equal(methods.indexOf('mining.suggest_difficulty'), methods.indexOf('mining.authorize') + 1);
    const { params } = script.sent.find(({ method }) => method === 'mining.suggest_difficulty')!;
    assert.deepEqual(params, [0.001]);
  });

  test('its answer to the suggestion is nothing to wait for, nor its refusal a reason to leave', () => {
    const script = new Script(undefined, { suggestedDifficulty: 0.001 }).subscribe();
    const { id } = script.sent.find(({ method }) => method === 'mining.suggest_difficulty')!;
    script.pool({ id, result: null, error: [20, 'unknown method', null] });
    script.answer('mining.authorize', true);
    assert.equal(script.client.phase, 'mining');
  });

  test('holds a job that comes before the authorization until shares can be sent', () => {
    const script = new Script().subscribe();
    script.notify('mining.set_difficulty', 4);
    script.notify('mining.notify', ...notifyParams(someJob({ jobId: 'early' })));
    assert.equal(script.work, undefined);
    script.answer('mining.authorize', true);
    assert.equal(script.work!.job.jobId, 'early');
    assert.equal(script.work!.difficulty, 4);
  });

  test('takes a job whose coinbase pays a thousand, as that of pools that keep nothing for their miners', () => {
    const script = new Script().authorize();
    const coinbase2 = new Uint8Array(31 * 1_000).fill(0x22);
    script.notify('mining.notify', ...notifyParams(someJob({ coinbase2 })));
    assert.equal(script.work?.job.coinbase2.length, coinbase2.length);
  });

  test('mines at difficulty 1 while the pool has named none', () => {
    const script = new Script().authorize();
    script.notify('mining.notify', ...notifyParams(someJob()));
    assert.equal(script.work!.target, 0xffffn << 208n);
  });

  test('a change of difficulty holds from the next job on', () => {
    const script = new Script().mine(1);
    const first = script.work!;
    script.notify('mining.set_difficulty', 0.0001);
    assert.equal(script.work, first);
    script.notify('mining.notify', ...notifyParams(someJob({ jobId: 'job-2', cleanJobs: false })));
    assert.equal(script.work!.difficulty, 0.0001);
    assert.equal(script.work!.target, targetOfDifficulty(0.0001));
  });

  test('a change of extranonce holds from the next job on', () => {
    const script = new Script().mine();
    script.notify('mining.set_extranonce', 'ffee', 2);
    assert.equal(script.work!.extranonce2Size, 4);
    script.notify('mining.notify', ...notifyParams(someJob({ jobId: 'job-2' })));
    assert.equal(bytesToHex(script.work!.extranonce1), 'ffee');
    assert.equal(script.work!.extranonce2Size, 2);
  });

  test('a difficulty that stays what it was is not told again', () => {
    const script = new Script().authorize();
    for (const difficulty of [1, 1, '1', 2, 2, 1]) script.notify('mining.set_difficulty', difficulty);
    assert.equal(script.count('difficulty'), 3);
  });

  test('takes a difficulty written as text', () => {
    const script = new Script().authorize();
    script.notify('mining.set_difficulty', '0.25');
    assert.equal(script.last('difficulty').difficulty, 0.25);
  });
});

describe('shares', () => {
  test('sends what a recorded miner sent for the same nonces', () => {
    const session = JSON.parse(
      readFileSync(new URL('../../vectors/stratum/cpuminer.json', import.meta.url), 'utf8'),
    ) as { extranonce1: string; lines: [string, string][]; submits: { params: string[] }[] };
    const script = new Script().connect();
    script.answer('mining.subscribe', [[], session.extranonce1, 4]);
    script.answer('mining.authorize', true);
    for (const [side, line] of session.lines) {
      if (side === 'pool' && line.includes('"method"')) script.pool(line);
    }
    for (const { params } of session.submits) {
      const [, jobId, extranonce2 = '', ntime = '', nonce = ''] = params;
      const hit: Hit = {
        serial: script.work!.serial,
        thread: 0,
        extranonce2: hexToBytes(extranonce2),
        ntime: Number.parseInt(ntime, 16),
        nonce: Number.parseInt(nonce, 16),
        versionBits: 0,
      };
      script.do({ type: 'hit', hit });
      const sent = script.sent.at(-1)!;
      assert.equal(sent.method, 'mining.submit');
      assert.deepEqual(sent.params, ['dnilz1address.rig', jobId, extranonce2, ntime, nonce]);
    }
    assert.equal(script.count('share-found'), session.submits.length);
  });

  test('an accepted share is reported with the difficulty its job was sent with', () => {
    const script = new Script().mine(EASY);
    script.hit();
    script.notify('mining.set_difficulty', 2);
    script.nowMs += 40;
    const effects = script.answer('mining.submit', true);
    assert.deepEqual(effects[0], { type: 'settled', thread: 0 });
    const { difficulty, latencyMs } = script.last('share-accepted');
    assert.deepEqual({ difficulty, latencyMs }, { difficulty: EASY, latencyMs: 40 });
  });

  test('a hit that misses the target is not sent, and said to be an error of the machine', () => {
    const script = new Script().mine(1e6);
    const effects = script.hit();
    assert.equal(script.last('problem').problem.code, 'wrong-hit');
    assert.ok(!effects.some((effect) => effect.type === 'send'));
    assert.ok(effects.some((effect) => effect.type === 'settled'));
  });

  test('a hit for a job before a clean one is discarded', () => {
    const script = new Script().mine();
    const passed = script.work!;
    script.notify('mining.notify', ...notifyParams(someJob({ jobId: 'job-2', cleanJobs: true })));
    const effects = script.hit(0, passed);
    assert.ok(!effects.some((effect) => effect.type === 'send'));
    assert.equal(script.count('share-discarded'), 1);
  });

  test('a hit for a job before one that is not clean is sent under its own job', () => {
    const script = new Script().mine();
    const earlier = script.work!;
    script.notify('mining.notify', ...notifyParams(someJob({ jobId: 'job-2', cleanJobs: false })));
    script.hit(0, earlier);
    assert.equal(script.sent.at(-1)!.params![1], 'job-1');
  });

  test('a share that is a block is told apart', () => {
    const script = new Script().authorize();
    script.notify('mining.set_difficulty', EASY);
    script.notify('mining.notify', ...notifyParams(someJob({ bits: 0x207fffff })));
    const isBlock = Array.from({ length: 64 }, (_, nonce) => {
      script.hit(nonce);
      return script.last('share-found').isBlock;
    });
    // At a target of half of all hashes, some are blocks and some are not.
    assert.ok(isBlock.includes(true) && isBlock.includes(false));
  });

  test('bits that stand for no target make no share a block', () => {
    const script = new Script().authorize();
    script.notify('mining.set_difficulty', EASY);
    script.notify('mining.notify', ...notifyParams(someJob({ bits: 0xffffffff })));
    script.hit();
    assert.equal(script.last('job').networkDifficulty, null);
    assert.equal(script.last('share-found').isBlock, false);
  });

  test('connects anew when the pool has forgotten who is mining', () => {
    for (const code of [24, 25]) {
      const script = new Script().mine();
      script.hit();
      script.answer('mining.submit', null, [code, 'who are you', null]);
      assert.equal(script.client.phase, 'waiting');
      assert.equal(script.last('disconnected').problem.code, 'session-lost');
    }
  });

  test('answers may come in any order, with ids as numbers or as text', () => {
    const script = new Script().mine();
    script.hit(0);
    script.hit(1);
    const [first, second] = script.sent.filter((line) => line.method === 'mining.submit');
    script.pool({ id: String(second!.id), result: true, error: null });
    assert.equal(script.client.sharesInFlight, 1);
    script.pool({ id: first!.id, result: null, error: [22, 'duplicate', null] });
    assert.equal(script.client.sharesInFlight, 0);
    script.pool({ id: first!.id, result: true, error: null });
    assert.equal(script.count('share-accepted'), 1);
  });

  test('a share without an answer is given up after a minute, and mining goes on', () => {
    const script = new Script().mine();
    script.hit();
    script.nowMs += 30_000;
    script.notify('client.show_message', 'alive');
    const effects = script.expire(30_000);
    assert.equal(script.count('share-unanswered'), 1);
    assert.ok(effects.some((effect) => effect.type === 'settled'));
    assert.equal(script.client.phase, 'mining');
  });

  test('shares in flight are given up when the connection ends', () => {
    const script = new Script().mine();
    script.hit(0);
    script.hit(1);
    const effects = script.do({ type: 'closed', cause: 'ended' });
    assert.equal(script.count('share-unanswered'), 2);
    assert.equal(effects.filter((effect) => effect.type === 'settled').length, 2);
    assert.equal(script.work, undefined);
  });
});

describe('what a pool may ask', () => {
  test('its questions are answered under their own ids', () => {
    const script = new Script().mine();
    script.pool({ id: 'a7', method: 'client.get_version', params: [] });
    assert.deepEqual(script.sent.at(-1), { id: 'a7', result: 'tester/1.0', error: null });
    script.pool({ id: 12, method: 'mining.ping', params: [] });
    assert.deepEqual(script.sent.at(-1), { id: 12, result: 'pong', error: null });
    script.pool({ id: 13, method: 'mining.dance' });
    assert.deepEqual(script.sent.at(-1), { id: 13, result: null, error: [20, 'unknown method', null] });
  });

  test('a notification is never answered', () => {
    const script = new Script().mine();
    const before = script.sent.length;
    script.notify('mining.ping');
    script.notify('client.get_version');
    script.notify('mining.dance', 1);
    script.notify('mining.set_version_mask', '1fffe000');
    assert.equal(script.sent.length, before);
  });

  test('a message for the person who mines is shown, without what a terminal would obey', () => {
    const script = new Script().mine();
    script.notify('client.show_message', 'node \u001b[2Jaway\r\nback soon\u202e');
    assert.equal(script.last('message').text, 'node  [2Jaway back soon');
  });
});

describe('stopping', () => {
  test('is done at once when no share is in flight', () => {
    const script = new Script().mine();
    const effects = script.do({ type: 'stop' });
    assert.deepEqual(effects.at(-1), { type: 'stopped' });
    assert.ok(effects.some((effect) => effect.type === 'disconnect'));
    assert.equal(script.client.deadlineMs, undefined);
  });

  test('waits for the answers to shares in flight', () => {
    const script = new Script().mine();
    script.hit(0);
    script.hit(1);
    script.do({ type: 'stop' });
    assert.equal(script.work, undefined);
    script.answer('mining.submit', true);
    assert.equal(script.client.phase, 'stopping');
    const first = script.sent.find((line) => line.method === 'mining.submit')!;
    const effects = script.pool({ id: first.id, result: true, error: null });
    assert.deepEqual(effects.at(-1), { type: 'stopped' });
    assert.equal(script.count('share-accepted'), 2);
  });

  test('does not wait for them longer than two seconds', () => {
    const script = new Script().mine();
    script.hit();
    script.do({ type: 'stop' });
    const effects = script.expire(1_999);
    assert.deepEqual(effects.at(-1), { type: 'stopped' });
    assert.equal(script.count('share-unanswered'), 1);
  });

  test('takes no new job and no hit any more', () => {
    const script = new Script().mine();
    const work = script.work!;
    script.hit();
    script.do({ type: 'stop' });
    script.notify('mining.notify', ...notifyParams(someJob({ jobId: 'late' })));
    script.hit(1, work);
    assert.equal(script.work, undefined);
    assert.equal(script.client.sharesInFlight, 1);
  });

  test('ends when the pool closes the connection meanwhile', () => {
    const script = new Script().mine();
    script.hit();
    script.do({ type: 'stop' });
    assert.deepEqual(script.do({ type: 'closed', cause: 'ended' }).at(-1), { type: 'stopped' });
  });

  test('works in every phase, and nothing happens after it', () => {
    const scripts = [
      new Script(),
      (() => {
        const script = new Script();
        script.do({ type: 'start' });
        return script;
      })(),
      new Script().connect(),
      new Script().subscribe(),
      new Script().authorize(),
    ];
    for (const script of scripts) {
      assert.deepEqual(script.do({ type: 'stop' }).at(-1), { type: 'stopped' });
      assert.deepEqual(script.do({ type: 'start' }), []);
      assert.deepEqual(script.do({ type: 'tick' }), []);
    }
  });
});
