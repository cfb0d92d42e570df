import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newTip } from '../../../pool/jobs/tip.ts';
import type { Effect } from '../../../pool/stratum/effect.ts';
import { deliverJob } from '../../../pool/stratum/session.ts';
import type { Share } from '../../../pool/stratum/share.ts';
import { hexToBytes } from '../../../protocol/bytes.ts';
import { DIFFICULTY_1, hashToNumber, targetOfDifficulty } from '../../../protocol/work.ts';
import { answerIn, poolJob, SessionUnderTest, someTemplate } from '../../kit/session-kit.ts';
import { type Found, findShare, type SearchOptions, type Work } from '../../kit/stratum-miner.ts';

const USER = 'dnilz1qexample.rig-01';
const EXTRANONCE1 = '0000a7c3';

/** A miner that is logged in and has job 1, with a way to find shares for it. */
class Miner extends SessionUnderTest {
  readonly tip = newTip(new Uint8Array(32).fill(7), 999);

  constructor(bits = 0x1d00ffff) {
    super({ extranonce1: EXTRANONCE1 });
    this.jobs.push(poolJob(1, someTemplate({ bits }), this.tip, this.clock.steady));
    this.login(USER);
  }

  work(jobIndex = 0): Work {
    const job = this.jobs[jobIndex];
    if (job === undefined) throw new Error('no such job');
    return { user: USER, extranonce1: hexToBytes(EXTRANONCE1), difficulty: 1e-7, job };
  }

  find(options?: SearchOptions): Found {
    return findShare(this.work(), options);
  }

  submit(params: readonly unknown[]): Effect[] {
    return this.call('mining.submit', params, 9);
  }

  /** The share that was accepted. */
  accepted(params: readonly unknown[]): Share {
    const effect = this.submit(params).find(({ type }) => type === 'record');
    assert.equal(effect?.type, 'record');
    return effect.share;
  }

  /** The error a submission is answered with. */
  refusal(params: readonly unknown[]): unknown {
    return answerIn(this.submit(params)).error;
  }
}

function changed(params: readonly unknown[], index: number, value: unknown): unknown[] {
  return params.map((param, at) => (at === index ? value : param));
}

test('an accepted share carries all that an accounting needs', () => {
  const miner = new Miner();
  const { params, hash } = miner.find();
  const share = miner.accepted(params);
  assert.deepEqual(share, {
    worker: { address: 'dnilz1qexample', name: 'rig-01' },
    jobId: '1',
    tip: miner.tip.hash,
    tipHeight: 999,
    bits: 0x1d00ffff,
    difficulty: 1e-7,
    weight: 429n,
    hash,
    timeMs: miner.clock.wall,
    late: false,
  });
});

test('before subscribe a submission is refused with 25', () => {
  const miner = new SessionUnderTest();
  assert.deepEqual(answerIn(miner.call('mining.submit', [USER, '1'])).error, [
    25,
    'subscribe before you submit',
    null,
  ]);
});

test('whoever is not authorised is refused with 24 before any field is looked at', () => {
  const miner = new Miner();
  const expected = [24, 'this user is not authorized on this connection', null];
  assert.deepEqual(miner.refusal(['dnilz1qother', 'no job', 'xx']), expected);
  assert.deepEqual(miner.refusal([7, 8, 9]), expected);
  assert.deepEqual(miner.refusal([]), expected);
});

test('every field is a string of exact length in strict hex', () => {
  const { params } = new Miner().find();
  const cases: [number, unknown, string][] = [
    [1, 1, 'job id is not a string'],
    [2, '0000000', 'extranonce2 is not 8 hex digits'],
    [2, '0000000000', 'extranonce2 is not 8 hex digits'],
    [2, '0x000000', 'extranonce2 is not 8 hex digits'],
    [2, 0, 'extranonce2 is not 8 hex digits'],
    [3, '', 'ntime is not 8 hex digits'],
    [3, 'zzzzzzzz', 'ntime is not 8 hex digits'],
    [3, ' 0000000', 'ntime is not 8 hex digits'],
    [3, null, 'ntime is not 8 hex digits'],
    [4, '-0000001', 'nonce is not 8 hex digits'],
    [4, ['00000000'], 'nonce is not 8 hex digits'],
    [4, {}, 'nonce is not 8 hex digits'],
  ];
  for (const [index, value, message] of cases) {
    assert.deepEqual(new Miner().refusal(changed(params, index, value)), [20, message, null]);
  }
  const miner = new Miner();
  assert.deepEqual(miner.refusal(params.slice(0, 4)), [20, 'submit has 4 parameters, not 5 or 6', null]);
  assert.deepEqual(miner.refusal([...params, '00', '00']), [20, 'submit has 7 parameters, not 5 or 6', null]);
  assert.deepEqual(miner.refusal([...params, '2000']), [20, 'version bits is not 8 hex digits', null]);
});

test('hex in upper case is accepted, and is the duplicate of its lower-case twin', () => {
  const miner = new Miner();
  const { params } = miner.find({ firstNonce: 0xabcdef });
  const upper = params.map((param, index) => (index < 2 ? param : param.toUpperCase()));
  miner.accepted(upper);
  assert.deepEqual(miner.refusal(params), [22, 'duplicate share', null]);
});

test('a job that was never sent is refused with 21', () => {
  const miner = new Miner();
  const { params } = miner.find();
  const expected = [21, 'job not found: unknown here, or too old', null];
  assert.deepEqual(miner.refusal(changed(params, 1, '2')), expected);
  assert.deepEqual(miner.refusal(changed(params, 1, '__proto__')), expected);
});

test('a job from before the miner came is not found', () => {
  const miner = new SessionUnderTest({ extranonce1: EXTRANONCE1 });
  const tip = newTip(new Uint8Array(32).fill(7), 999);
  miner.jobs.push(poolJob(1, someTemplate(), tip), poolJob(2, someTemplate(), tip));
  miner.login(USER);
  const answer = answerIn(miner.call('mining.submit', [USER, '1', '00000000', '6b000000', '00000000']));
  assert.deepEqual((answer.error as unknown[])[0], 21);
});

test('work on a replaced tip counts for two seconds, marked as late, and is stale afterwards', () => {
  const miner = new Miner();
  const first = miner.find();
  const second = miner.find({ firstNonce: first.nonce + 1 });
  miner.tip.retiredMs = miner.clock.steady;
  miner.clock.pass(2_000);
  assert.equal(miner.accepted(first.params).late, true);
  miner.clock.pass(1);
  assert.deepEqual(miner.refusal(second.params), [21, 'stale: a new block came 2.0 s ago', null]);
});

test('the time of a header lies between its job and half a minute ahead', () => {
  const miner = new Miner();
  const { time } = miner.work().job;
  assert.deepEqual(miner.refusal(miner.find({ time: time - 1 }).params), [
    20,
    "ntime is 1 s before the job's",
    null,
  ]);
  miner.accepted(miner.find({ time: time + 30 }).params);
  assert.deepEqual(miner.refusal(miner.find({ time: time + 32 }).params), [
    20,
    'ntime is 2 s too far ahead',
    null,
  ]);
  miner.clock.pass(2_000);
  miner.accepted(miner.find({ time: time + 32 }).params);
});

test('a node whose clock runs an hour ahead of ours makes no share invalid', () => {
  const miner = new Miner();
  miner.clock.wall -= 3_600_000;
  miner.clock.pass(10_000);
  const { time } = miner.work().job;
  miner.accepted(miner.find({ time: time + 40 }).params);
  assert.match(String(miner.refusal(miner.find({ time: time + 41 }).params)), /too far ahead/);
});

test('a clock that jumps makes neither stale nor early work', () => {
  const miner = new Miner();
  miner.clock.wall += 86_400_000;
  miner.accepted(miner.find().params);
});

test('version bits outside the agreed mask are refused, those inside are hashed', () => {
  const miner = new Miner();
  miner.call('mining.configure', [['version-rolling'], { 'version-rolling.mask': '0000e000' }]);
  const outside = miner.find({ versionBits: 0x00012000, versionMask: 0x0000e000 });
  assert.deepEqual(miner.refusal(outside.params), [
    20,
    'version bits outside the agreed mask 0000e000',
    null,
  ]);
  miner.accepted(miner.find({ versionBits: 0x00006000, versionMask: 0x0000e000 }).params);
});

test('the same header is credited once, whatever its spelling', () => {
  const miner = new Miner();
  const { params } = miner.find();
  miner.accepted(params);
  assert.deepEqual(miner.refusal(params), [22, 'duplicate share', null]);
  assert.deepEqual(miner.refusal([...params, '00000000']), [22, 'duplicate share', null]);
});

test('the same share handed in under another job of the tip is other work, and too low', () => {
  const miner = new Miner();
  const second = poolJob(2, someTemplate(), miner.tip, miner.clock.steady);
  miner.jobs.push(second);
  deliverJob(miner.session, second, false, miner.context);
  const { params } = miner.find();
  miner.accepted(params);
  const [code] = miner.refusal(changed(params, 1, '2')) as [number];
  assert.equal(code, 23);
});

test('a low share is told both difficulties', () => {
  const miner = new SessionUnderTest({ extranonce1: EXTRANONCE1, start: 1e-6 });
  miner.jobs.push(poolJob(1, someTemplate(), newTip(new Uint8Array(32), 999), miner.clock.steady));
  miner.login(USER);
  const job = miner.jobs[0];
  assert.ok(job);
  const between = (low: number, high: number) => (hash: Uint8Array) =>
    hashToNumber(hash) <= targetOfDifficulty(low) && hashToNumber(hash) > targetOfDifficulty(high);
  const work = { user: USER, extranonce1: hexToBytes(EXTRANONCE1), difficulty: 1e-6, job };
  const { params } = findShare(work, { accepts: between(0.925e-6, 0.935e-6) });
  assert.deepEqual(answerIn(miner.call('mining.submit', params)).error, [
    23,
    "difficulty 0.00000093 under the job's 0.00000100",
    null,
  ]);
});

test('a share up to 0.01 % below its difficulty counts, one further below does not', () => {
  const target = targetOfDifficulty(1e-7);
  const tolerated = (target * 10_000n) / 9_999n;
  const miner = new Miner();
  const inside = miner.find({
    accepts: (hash) => hashToNumber(hash) > target && hashToNumber(hash) <= tolerated,
  });
  miner.accepted(inside.params);
  const outside = miner.find({
    accepts: (hash) => hashToNumber(hash) > tolerated && hashToNumber(hash) <= (tolerated * 1001n) / 1000n,
  });
  assert.match(String(miner.refusal(outside.params)), /^23,difficulty 0\.0+9\d+ under the job's 0\.0+1/);
});

test('a block leaves for the network before its share is recorded', () => {
  const miner = new Miner(0x207fffff);
  const types = miner.submit(miner.find().params).map(({ type }) => type);
  assert.deepEqual(types, ['found', 'record']);
});

test('a block is submitted whatever is wrong with the share', () => {
  const easy = 0x207fffff;
  const isBlock = (hash: Uint8Array) => hashToNumber(hash) < 1n << 254n;
  const stale = new Miner(easy);
  stale.tip.retiredMs = stale.clock.steady - 60_000;
  const early = new Miner(easy);
  const bits = new Miner(easy);
  // Firmware that hands in the whole version where its bits belong.
  const whole = new Miner(easy);
  const low = new Miner(easy);
  const cases: [Miner, readonly string[], string][] = [
    [stale, stale.find({ accepts: isBlock }).params, 'stale'],
    [early, early.find({ accepts: isBlock, time: early.work().job.time - 5 }).params, 'time-too-old'],
    [bits, bits.find({ accepts: isBlock, versionBits: 0x2000 }).params, 'version-bits'],
    [whole, [...whole.find({ accepts: isBlock }).params.slice(0, 5), '20000000'], 'version-bits'],
    [
      low,
      low.find({ accepts: (hash) => isBlock(hash) && hashToNumber(hash) > DIFFICULTY_1 * 20_000_000n })
        .params,
      'low-difficulty',
    ],
  ];
  for (const [miner, params, reason] of cases) {
    const [found, rejected] = miner.submit(params);
    assert.equal(found?.type, 'found', reason);
    assert.ok(rejected?.type === 'rejected' && rejected.reason === reason, `${reason}: ${rejected?.type}`);
  }
});

test('a block that was credited is not submitted again by its duplicate', () => {
  const miner = new Miner(0x207fffff);
  const { params } = miner.find();
  miner.submit(params);
  assert.deepEqual(
    miner.submit(params).map(({ type }) => type),
    ['rejected', 'answer'],
  );
});

test('a share is checked in the order of the rules: each mistake hides the ones after it', () => {
  const miner = new Miner();
  const time = miner.work().job.time;
  const wrong = {
    user: [24, ['nobody', 'no', 'zz', 'zz', 'zz']],
    field: [20, [USER, 'no', 'zz', '00000000', '00000000']],
    job: [21, [USER, 'no', '00000000', '00000000', '00000000', 'ffffffff']],
    time: [20, [USER, '1', '00000000', (time - 9).toString(16), '00000000', 'ffffffff']],
  } as const;
  for (const [code, params] of Object.values(wrong)) {
    assert.equal((miner.refusal(params) as unknown[])[0], code);
  }
  miner.tip.retiredMs = miner.clock.steady - 10_000;
  assert.match(String(miner.refusal(wrong.time[1])), /^21,stale/);
});
