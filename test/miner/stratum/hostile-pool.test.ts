import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FAILOVER_BACK_OFF } from '../../../miner/source/back-off.ts';
import { BACK_OFF, EASY, Script } from '../../kit/client-script.ts';
import { notifyParams, someJob } from '../../kit/stratum-job.ts';

describe('refusals', () => {
  test('an address that the pool does not accept is named with its reason, and not tried again soon', () => {
    const script = new Script().subscribe();
    script.answer('mining.authorize', false, [24, 'address is of network main, this pool is on dev', null]);
    const { problem, retryInMs } = script.last('disconnected');
    assert.equal(problem.code, 'unauthorized');
    assert.match(problem.text, /dnilz1address\.rig: address is of network main, this pool is on dev/);
    assert.equal(retryInMs, BACK_OFF.maxDelayMs);
  });

  test('one of several pools that does not accept the address is tried no sooner for it', () => {
    const script = new Script(undefined, { backOff: FAILOVER_BACK_OFF }).subscribe();
    script.answer('mining.authorize', false, [24, 'address is of network main, this pool is on dev', null]);
    assert.equal(script.last('disconnected').retryInMs, 60_000);
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
        /without a word: is it the pool's port, with TLS or without/,
      );
    }
  });

  test('a pool that hangs up with a word is quoted', () => {
    const script = new Script().connect();
    script.do({ type: 'closed', cause: 'ended', detail: 'code 1008: no miners here' });
    assert.match(
      script.last('disconnected').problem.text,
      /pool\.test:3333 closed the connection \(code 1008: no miners here\)$/,
    );
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
});
