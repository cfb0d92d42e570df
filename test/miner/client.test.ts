import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { StratumClient } from '../../miner/client.ts';
import type { ClientEvent, Effect } from '../../miner/effect.ts';
import type { MinerEvent } from '../../miner/event.ts';
import { extranonce2Bytes } from '../../miner/nonce-lane.ts';
import { type Hit, headerOfWork, type Work } from '../../miner/work.ts';
import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import { hashHeaderBytes } from '../../protocol/header.ts';
import { targetOfDifficulty } from '../../protocol/work.ts';
import { notifyParams, someJob } from '../kit/stratum-job.ts';

const BACK_OFF = { firstDelayMs: 1_000, maxDelayMs: 60_000 };
/** So easy that every hash is a share. */
const EASY = 1e-10;

interface Line {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A client with a clock that tests move, and everything it wanted done. */
class Script {
  nowMs = 5_000;
  effects: Effect[] = [];
  readonly client: StratumClient;

  constructor(random: () => number = () => 1) {
    this.client = new StratumClient({
      host: 'pool.test',
      port: 3333,
      user: 'dnilz1address.rig',
      password: 'x',
      agent: 'tester/1.0',
      random,
      backOff: BACK_OFF,
    });
  }

  /** Hands in an event; returns what the client wants done about it. */
  do(event: ClientEvent): readonly Effect[] {
    const effects = this.client.handle(event, this.nowMs);
    this.effects.push(...effects);
    return effects;
  }

  pool(message: unknown): readonly Effect[] {
    return this.do({ type: 'line', line: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  notify(method: string, ...params: readonly unknown[]): readonly Effect[] {
    return this.pool({ id: null, method, params });
  }

  /** Answers the newest request of a method. */
  answer(method: string, result: unknown, error: unknown = null): readonly Effect[] {
    const request = this.sent.findLast((line) => line.method === method);
    assert.ok(request, `the client has sent ${method}`);
    return this.pool({ id: request.id, result, error });
  }

  /** Moves the clock on to the next deadline, which must not be later than a time from now. */
  expire(withinMs = 200_000): readonly Effect[] {
    const deadlineMs = this.client.deadlineMs;
    assert.ok(deadlineMs !== undefined && deadlineMs <= this.nowMs + withinMs, 'a deadline is set');
    this.nowMs = deadlineMs;
    return this.do({ type: 'tick' });
  }

  get sent(): Line[] {
    return this.effects.flatMap((effect) =>
      effect.type === 'send' ? [JSON.parse(effect.line) as Line] : [],
    );
  }

  get events(): MinerEvent[] {
    return this.effects.flatMap((effect) => (effect.type === 'report' ? [effect.event] : []));
  }

  /** The newest event of a type. */
  last<T extends MinerEvent['type']>(type: T): Extract<MinerEvent, { type: T }> {
    const event = this.events.findLast((candidate) => candidate.type === type);
    assert.ok(event, `there was an event ${type}`);
    return event as Extract<MinerEvent, { type: T }>;
  }

  count(type: MinerEvent['type']): number {
    return this.events.filter((event) => event.type === type).length;
  }

  /** What the threads work on now. */
  get work(): Work | undefined {
    return this.effects.findLast((effect) => effect.type === 'work')?.work;
  }

  connect(): this {
    if (this.client.phase === 'idle') this.do({ type: 'start' });
    assert.equal(this.client.phase, 'connecting');
    this.do({ type: 'connected' });
    return this;
  }

  subscribe(): this {
    this.connect();
    this.answer('mining.subscribe', [
      [
        ['mining.set_difficulty', 's1'],
        ['mining.notify', 's1'],
      ],
      '0000a7c3',
      4,
    ]);
    return this;
  }

  authorize(): this {
    this.subscribe();
    this.answer('mining.authorize', true);
    return this;
  }

  /** Mining at a difficulty, on some job. */
  mine(difficulty = EASY): this {
    this.authorize();
    this.notify('mining.set_difficulty', difficulty);
    this.notify('mining.notify', ...notifyParams(someJob()));
    return this;
  }

  /** A thread's hit on the present work. */
  hit(nonce = 0, work = this.work, thread = 0): readonly Effect[] {
    assert.ok(work, 'there is work');
    const hit: Hit = {
      serial: work.serial,
      thread,
      extranonce2: extranonce2Bytes(7, work.extranonce2Size),
      ntime: work.job.time,
      nonce,
    };
    return this.do({ type: 'hit', hit });
  }
}

describe('the way to work', () => {
  test('subscribes, authorizes, asks for extranonce changes, and starts on the first job', () => {
    const script = new Script().mine(0.5);
    assert.deepEqual(
      script.sent.map(({ method, params }) => [method, params]),
      [
        ['mining.subscribe', ['tester/1.0']],
        ['mining.authorize', ['dnilz1address.rig', 'x']],
        ['mining.extranonce.subscribe', []],
      ],
    );
    assert.equal(script.client.phase, 'mining');
    assert.equal(bytesToHex(script.work!.extranonce1), '0000a7c3');
    assert.equal(script.work!.target, targetOfDifficulty(0.5));
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

  test('takes a difficulty written as text', () => {
    const script = new Script().authorize();
    script.notify('mining.set_difficulty', '0.25');
    assert.equal(script.last('difficulty').difficulty, 0.25);
  });
});

describe('shares', () => {
  test('sends what a recorded miner sent for the same nonces', () => {
    const session = JSON.parse(
      readFileSync(new URL('../vectors/stratum/cpuminer.json', import.meta.url), 'utf8'),
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

  for (const [error, refusal, words] of [
    [[21, 'stale', null], 'stale', /new block/],
    [[21, 'Job not found', null], 'unknown-job', /no longer knows the job/],
    [[22, 'duplicate share', null], 'duplicate', /has this share already/],
    [[23, "difficulty 0.93 under the job's 1.00", null], 'low-difficulty', /below the difficulty.*0\.93/],
    [[20, 'Stale share', null], 'stale', /new block/],
    [[20, 'time out of range', null], 'other', /time out of range/],
    [{ code: 22, message: 'dup' }, 'duplicate', /dup/],
    ['high-hash', 'low-difficulty', /high-hash/],
  ] as const) {
    test(`a refusal with ${JSON.stringify(error)} counts as ${refusal}`, () => {
      const script = new Script().mine();
      script.hit();
      script.answer('mining.submit', null, error);
      assert.equal(script.last('share-refused').refusal, refusal);
      assert.match(script.last('share-refused').text, words);
      assert.equal(script.client.phase, 'mining');
    });
  }

  test('a plain false is a refusal too', () => {
    const script = new Script().mine();
    script.hit();
    script.answer('mining.submit', false);
    assert.equal(script.last('share-refused').refusal, 'other');
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

  test('client.reconnect is followed to another port of the same host, after the wait it asks for', () => {
    const script = new Script().mine();
    script.notify('client.reconnect', 'POOL.test', '3334', 30);
    assert.equal(script.client.phase, 'waiting');
    assert.equal(script.client.deadlineMs, script.nowMs + 30_000);
    assert.deepEqual(
      script.expire().find((effect) => effect.type === 'connect'),
      { type: 'connect', host: 'pool.test', port: 3334 },
    );
    // Nothing there: back to the port that was configured.
    script.do({ type: 'closed', cause: 'refused' });
    assert.equal(script.expire().find((effect) => effect.type === 'connect')?.port, 3333);
  });

  test('client.reconnect without a place means the same place', () => {
    const script = new Script().mine();
    script.notify('client.reconnect');
    assert.ok(
      script.client.deadlineMs! > script.nowMs,
      'not at once: a pool that repeats it would keep us busy',
    );
    assert.equal(script.expire().find((effect) => effect.type === 'connect')?.port, 3333);
  });

  test('client.reconnect to another host is refused', () => {
    const script = new Script().mine();
    script.notify('client.reconnect', 'thief.test', 3333, 0);
    assert.equal(script.client.phase, 'mining');
    assert.equal(script.last('problem').problem.code, 'foreign-reconnect');
  });
});

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

describe('refusals', () => {
  test('an address that the pool does not accept is named with its reason, and not tried again soon', () => {
    const script = new Script().subscribe();
    script.answer('mining.authorize', false, [24, 'address is of network main, this pool is on dev', null]);
    const { problem, retryInMs } = script.last('disconnected');
    assert.equal(problem.code, 'unauthorized');
    assert.match(problem.text, /dnilz1address\.rig: address is of network main, this pool is on dev/);
    assert.equal(retryInMs, BACK_OFF.maxDelayMs);
    assert.equal(script.work, undefined);
  });

  test('a refusal without a reason says what it most often is', () => {
    for (const result of [false, null]) {
      const script = new Script().subscribe();
      script.answer('mining.authorize', result);
      assert.match(script.last('disconnected').problem.text, /mistyped or of another network/);
    }
  });

  test('every way in which a connection fails has its own words', () => {
    const expectations = {
      refused: /nothing listens at pool\.test:3333/,
      'unknown-host': /host of pool\.test:3333 is unknown/,
      unreachable: /cannot be reached \(details\)/,
      tls: /speaks TLS/,
      http: /is a web server/,
      ended: /closed the connection/,
      lost: /broke \(details\)/,
      'line-too-long': /line too long/,
    } as const;
    for (const [cause, words] of Object.entries(expectations)) {
      const script = new Script();
      script.do({ type: 'start' });
      script.do({ type: 'closed', cause: cause as keyof typeof expectations, detail: 'details' });
      assert.match(script.last('disconnected').problem.text, words);
    }
  });

  test('a pool that hangs up without a word may speak something else at this port', () => {
    for (const cause of ['ended', 'lost'] as const) {
      const script = new Script().connect();
      script.do({ type: 'closed', cause });
      assert.match(
        script.last('disconnected').problem.text,
        /without a word: is it the pool's port for plain/,
      );
    }
  });

  for (const [what, result] of [
    ['nothing', null],
    ['text', 'welcome'],
    ['extranonce1 that is not hex', [[], 'xyz!', 4]],
    ['extranonce1 of odd length', [[], 'abc', 4]],
    ['extranonce1 of 33 bytes', [[], 'aa'.repeat(33), 4]],
    ['a negative size', [[], 'aabb', -1]],
    ['a fractional size', [[], 'aabb', 1.5]],
    ['a size beyond reason', [[], 'aabb', 1e9]],
    ['no size', [[], 'aabb']],
    ['no array', { extranonce1: 'aabb' }],
  ] as const) {
    test(`a subscription with ${what} is refused`, () => {
      const script = new Script().connect();
      script.answer('mining.subscribe', result);
      assert.equal(script.client.phase, 'waiting');
      assert.equal(script.last('disconnected').problem.code, 'subscribe-refused');
    });
  }

  test('sizes of extranonce2 from 0 to 16 bytes work', () => {
    for (const size of [0, 1, 2, 8, 16]) {
      const script = new Script().connect();
      script.answer('mining.subscribe', [[], 'aabb', size]);
      script.answer('mining.authorize', true);
      script.notify('mining.set_difficulty', EASY);
      script.notify('mining.notify', ...notifyParams(someJob()));
      script.hit();
      assert.equal((script.sent.at(-1)!.params![2] as string).length, 2 * size);
    }
  });
});

describe('messages without sense', () => {
  const WRONG_JOBS: Readonly<Record<string, unknown[]>> = {
    'no parameters': [],
    'no job id': [7, ...notifyParams(someJob()).slice(1)],
    'a short previous hash': notifyParams(someJob()).with(1, 'ab'.repeat(31)),
    'a coinbase that is not hex': notifyParams(someJob()).with(2, 'zz'),
    'a coinbase of odd length': notifyParams(someJob()).with(3, 'abc'),
    '33 branches': notifyParams(someJob()).with(
      4,
      Array.from({ length: 33 }, () => 'ab'.repeat(32)),
    ),
    'a branch of 31 bytes': notifyParams(someJob()).with(4, ['ab'.repeat(31)]),
    'a branch that is a number': notifyParams(someJob()).with(4, [7]),
    'a version of seven digits': notifyParams(someJob()).with(5, '2000000'),
    'bits as a number': notifyParams(someJob()).with(6, 0x1d00ffff),
    'a time of nine digits': notifyParams(someJob()).with(7, '06955b900'),
    'a clean flag that is text': notifyParams(someJob()).with(8, 'true'),
  };

  for (const [what, params] of Object.entries(WRONG_JOBS)) {
    test(`a job with ${what} is not worked on`, () => {
      const script = new Script().authorize();
      script.notify('mining.notify', ...params);
      assert.equal(script.work, undefined);
      assert.equal(script.last('problem').problem.code, 'bad-job');
      script.notify('mining.notify', ...notifyParams(someJob()));
      assert.ok(script.work, 'the next good job is');
    });
  }

  for (const value of [0, -1, 'NaN', 'abc', '', null, 1e300, '1e300', {}, [], true, undefined]) {
    test(`a difficulty of ${JSON.stringify(value)} leaves the one before`, () => {
      const script = new Script().mine(2);
      script.notify('mining.set_difficulty', value);
      assert.equal(script.last('problem').problem.code, 'bad-difficulty');
      script.notify('mining.notify', ...notifyParams(someJob({ jobId: 'job-2' })));
      assert.equal(script.work!.difficulty, 2);
    });
  }

  test('32 branches and a difficulty of 1e-10 are in order', () => {
    const script = new Script().authorize();
    script.notify('mining.set_difficulty', 1e-10);
    const merkleBranch = Array.from({ length: 32 }, (_, i) => new Uint8Array(32).fill(i));
    script.notify('mining.notify', ...notifyParams(someJob({ merkleBranch })));
    assert.equal(script.work!.target, 2n ** 256n - 1n);
    script.hit();
    assert.equal(script.count('share-found'), 1);
  });

  test('what answers with other than Stratum is left at once', () => {
    for (const line of ['SSH-2.0-OpenSSH_9.6', '{"id":', '[1,2,3]', 'null', '"hello"', '{}']) {
      const script = new Script().connect();
      script.pool(line);
      assert.equal(script.client.phase, 'waiting');
      assert.equal(script.last('disconnected').problem.code, 'not-stratum');
    }
  });

  test('a pool is left after ten messages that make no sense', () => {
    const script = new Script().mine();
    for (let i = 0; i < 9; i++) script.pool('garbage');
    assert.equal(script.client.phase, 'mining');
    script.pool('garbage');
    assert.equal(script.client.phase, 'waiting');
    assert.equal(script.work, undefined);
  });

  test('no line whatever makes the client throw, or act while it waits for nothing', () => {
    const methods = fc.constantFrom(
      'mining.notify',
      'mining.set_difficulty',
      'mining.set_extranonce',
      'mining.set_version_mask',
      'client.reconnect',
      'client.show_message',
      'client.get_version',
      'mining.ping',
      'toString',
      '__proto__',
    );
    const hostile = fc.constantFrom<unknown>(
      { toString: 1, valueOf: 2 },
      { __proto__: null },
      'ff'.repeat(40),
      -0,
      1e308,
    );
    const value = fc.oneof(fc.jsonValue(), hostile);
    const message = fc.oneof(
      fc.record({ id: value, method: methods, params: fc.array(value) }, { requiredKeys: ['method'] }),
      fc.record(
        { id: fc.integer({ min: 0, max: 6 }), result: value, error: value },
        { requiredKeys: ['id'] },
      ),
      value,
    );
    const line = fc.oneof(
      message.map((m) => JSON.stringify(m) ?? 'undefined'),
      fc.string(),
    );
    const begin = fc.constantFrom<(script: Script) => Script>(
      (script) => script.connect(),
      (script) => script.subscribe(),
      (script) => script.authorize(),
      (script) => script.mine(),
    );
    fc.assert(
      fc.property(begin, fc.array(line, { maxLength: 15 }), (start, lines) => {
        const script = start(new Script());
        for (const text of lines) {
          if (script.client.phase === 'waiting') break;
          script.pool(text);
          assert.ok(script.client.deadlineMs! > script.nowMs, 'there is always a time to wait for');
        }
      }),
      { numRuns: 500 },
    );
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

test('the header of a work is the one that the pool will hash', () => {
  const vectors = JSON.parse(
    readFileSync(new URL('../vectors/stratum/version-rolling.json', import.meta.url), 'utf8'),
  ) as {
    extranonce1: string;
    notify: { params: unknown[] };
    submits: { params: string[]; header: string; hash: string }[];
  };
  const script = new Script().connect();
  script.answer('mining.subscribe', [[], vectors.extranonce1, 4]);
  script.answer('mining.authorize', true);
  script.notify('mining.notify', ...vectors.notify.params);
  const unrolled = vectors.submits.filter(({ params }) => params[5] === '00000000');
  assert.ok(unrolled.length > 0);
  for (const { params, header, hash } of unrolled) {
    const bytes = headerOfWork(script.work!, {
      extranonce2: hexToBytes(params[2]!),
      ntime: Number.parseInt(params[3]!, 16),
      nonce: Number.parseInt(params[4]!, 16),
    });
    assert.equal(bytesToHex(bytes), header);
    assert.equal(bytesToHex(hashHeaderBytes(bytes).slice().reverse()), hash);
  }
});
