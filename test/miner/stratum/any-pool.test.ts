/** Whatever a pool says, in whatever order, the client keeps to what it promises. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { CloseCause } from '../../../miner/transport/connection.ts';
import { isInsideMask, MAX_POOL_LINE_BYTES, VERSION_ROLLING_MASK } from '../../../protocol/stratum.ts';
import { EASY, Script } from '../../kit/client-script.ts';
import { notifyParams, someJob } from '../../kit/stratum-job.ts';

const METHODS = [
  'mining.notify',
  'mining.set_difficulty',
  'mining.set_extranonce',
  'mining.set_version_mask',
  'client.reconnect',
  'client.show_message',
  'client.get_version',
  'mining.ping',
  'mining.configure',
  'mining.submit',
  'toString',
  '__proto__',
];

const HOSTILE: readonly unknown[] = [
  { toString: 1, valueOf: 2 },
  { 'version-rolling': true, 'version-rolling.mask': 'ffffffff' },
  { 'version-rolling': true, 'version-rolling.mask': 'fffffffff' },
  [[['mining.notify', 's1']], 'aabb', 0],
  'ff'.repeat(40),
  'ffffffff',
  -0,
  1e308,
  -1,
  5e-324,
  '1e-10',
];

const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...HOSTILE));
const params = fc.oneof(
  fc.array(value, { maxLength: 10 }),
  fc
    .record({ jobId: fc.constantFrom('a', 'b'), cleanJobs: fc.boolean() })
    .map((job) => notifyParams(someJob(job))),
  fc
    .tuple(fc.integer({ min: 0, max: 8 }), value)
    .map(([index, wrong]) => notifyParams(someJob()).with(index, wrong)),
);
const message = fc.oneof(
  fc.record({ id: value, method: fc.constantFrom(...METHODS), params }, { requiredKeys: ['method'] }),
  fc.record({ id: fc.integer({ min: 0, max: 12 }), result: value, error: value }, { requiredKeys: ['id'] }),
  value,
);

/** What may happen to a client. */
type Move =
  | { readonly type: 'begin'; readonly as: 'idle' | 'mining' | 'rolling' }
  /** A line of nonsense, or of sense at the wrong time. */
  | { readonly type: 'line'; readonly line: string }
  /** What a good pool, or the way to it, would do now. */
  | { readonly type: 'good'; readonly mask: string | null; readonly cleanJobs: boolean }
  | { readonly type: 'closed'; readonly cause: CloseCause }
  | { readonly type: 'connected' }
  | { readonly type: 'endless' }
  | { readonly type: 'deep' }
  | { readonly type: 'tick'; readonly elapsedMs: number }
  /** On one of the last works, the present one first. */
  | { readonly type: 'hit'; readonly back: number; readonly nonce: number; readonly bits: number };

const line = fc.oneof(
  message.map((one) => JSON.stringify(one) ?? 'undefined'),
  message.map((one) => (JSON.stringify(one) ?? 'undefined').slice(0, -1)),
  fc.string(),
);
const begin = fc.record({
  type: fc.constant('begin'),
  as: fc.constantFrom('idle', 'mining', 'rolling'),
} as const);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('line' as const), line }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('good' as const),
      mask: fc.constantFrom(null, '1fffe000', '00006000', 'ffffffff'),
      cleanJobs: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('closed' as const),
      cause: fc.constantFrom<CloseCause>('refused', 'ended', 'lost', 'http', 'line-too-long'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('connected' as const, 'endless' as const, 'deep' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('tick' as const), elapsedMs: fc.nat(200_000) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('hit' as const),
      back: fc.nat(3),
      nonce: fc.nat(1_000),
      bits: fc.nat(0xffffffff),
    }),
  },
);

function make(script: Script, one: Move): void {
  switch (one.type) {
    case 'begin':
      if (one.as === 'mining') script.mine();
      if (one.as === 'rolling') script.roll('1fffe000').mine();
      return;
    case 'line':
    case 'closed':
    case 'connected':
      script.do(one);
      return;
    case 'endless':
      script.pool('['.repeat(MAX_POOL_LINE_BYTES));
      return;
    case 'deep':
      script.pool(`{"id":1,"result":${'['.repeat(2_000)}${']'.repeat(2_000)}}`);
      return;
    case 'good':
      answerWell(script, one.mask, one.cleanJobs);
      return;
    case 'tick':
      script.nowMs += one.elapsedMs;
      script.do({ type: 'tick' });
      return;
    case 'hit': {
      const works = script.effects.flatMap((effect) => (effect.type === 'work' ? [effect.work] : []));
      const work = works.at(-1 - one.back);
      if (work !== undefined) script.hit(one.nonce, work, 0, (one.bits & work.versionMask) >>> 0);
      return;
    }
  }
}

function answerWell(script: Script, mask: string | null, cleanJobs: boolean): void {
  switch (script.client.phase) {
    case 'idle':
      script.do({ type: 'start' });
      return;
    case 'waiting':
      script.expire(700_000);
      return;
    case 'connecting':
      script.do({ type: 'connected' });
      return;
    case 'subscribing':
      if (mask !== null && script.sent.at(-2)?.method === 'mining.configure') {
        script.answer('mining.configure', { 'version-rolling': true, 'version-rolling.mask': mask });
      }
      script.subscribe();
      return;
    case 'authorizing':
      script.answer('mining.authorize', true);
      return;
    case 'mining':
      script.notify('mining.set_difficulty', EASY);
      script.notify('mining.notify', ...notifyParams(someJob({ cleanJobs })));
      return;
    default:
  }
}

test('no pool makes the client throw, hash or send before its time, or forget a thread', () => {
  let sharesSent = 0;
  fc.assert(
    fc.property(begin, fc.array(move, { minLength: 12, maxLength: 60 }), (first, moves) => {
      const script = new Script(() => 0.5);
      for (const one of [first, ...moves]) {
        const from = script.effects.length;
        make(script, one);
        checkPromises(script, from);
      }
      script.do({ type: 'stop' });
      if (script.client.phase === 'stopping') script.expire(2_000);
      assert.equal(script.client.phase, 'stopped');
      assert.equal(script.count('stopped'), 1);
      const wrong = script.events.filter(
        (event) => event.type === 'problem' && event.problem.code === 'wrong-hit',
      );
      const hits = script.count('share-found') + script.count('share-discarded') + wrong.length;
      assert.equal(
        script.effects.filter(({ type }) => type === 'settled').length,
        hits,
        'every hit is settled',
      );
      const answered =
        script.count('share-accepted') + script.count('share-refused') + script.count('share-unanswered');
      assert.equal(answered, script.count('share-found'), 'every share found comes to something');
      sharesSent += script.count('share-found');
    }),
    { numRuns: 1_500 },
  );
  assert.ok(sharesSent > 500, 'the moves lead to mining often enough to say anything');
});

/** @param from the first effect of the newest move */
function checkPromises(script: Script, from: number): void {
  const { phase, deadlineMs } = script.client;
  if (phase !== 'idle' && phase !== 'stopped') {
    assert.ok(deadlineMs !== undefined && deadlineMs > script.nowMs, 'there is always a time to wait for');
  }
  const connection = script.effects.findLastIndex(({ type }) => type === 'connect');
  const authorized = script.effects.findLastIndex(
    (effect) => effect.type === 'report' && effect.event.type === 'authorized',
  );
  for (const [offset, effect] of script.effects.slice(from).entries()) {
    if (effect.type === 'work' && effect.work !== undefined) {
      assert.ok(authorized > connection, 'no work before the authorization');
      assert.ok(isInsideMask(effect.work.versionMask, VERSION_ROLLING_MASK));
      assert.ok(effect.work.target > 0n);
    }
    if (effect.type !== 'send') continue;
    assert.ok(effect.line.length < 2 * MAX_POOL_LINE_BYTES);
    const { method, params: sent } = JSON.parse(effect.line) as { method?: string; params: unknown[] };
    if (method !== 'mining.submit') continue;
    assert.ok(authorized > connection && authorized < from + offset, 'no share before the authorization');
    assert.ok(sent.length === 5 || sent.length === 6);
  }
}
