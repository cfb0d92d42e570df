import assert from 'node:assert/strict';
import { test } from 'node:test';
import { committedCoinbase1, jobOfEdge, wireJobOf } from '../../../pool/edge/edge-job.ts';
import { checkEdgeShare, type EdgeTerms, EdgeUsers } from '../../../pool/edge/edge-share.ts';
import { WireShare } from '../../../pool/edge/wire.ts';
import type { Job } from '../../../pool/jobs/job.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import { addressReader } from '../../../protocol/payout-address.ts';
import { difficultyOfHash } from '../../../protocol/work.ts';
import { findEdgeShare, type ShareWork } from '../../kit/edge-kit.ts';
import { MINER_ADDRESS } from '../../kit/pool-kit.ts';
import { ManualClock, poolJob, someTemplate } from '../../kit/session-kit.ts';

const USER = `${MINER_ADDRESS}.rig`;
const PREFIX = 0x1234;
const DIFFICULTY = 1e-7;

/** A pool with one job, and an edge that may work on it. */
class Pool {
  readonly clock = new ManualClock(1_795_132_800_000);
  readonly tip = newTip(new Uint8Array(32).fill(7), 999);
  readonly job: Job;
  readonly terms: EdgeTerms;

  constructor(bits = 0x1d00ffff) {
    this.job = poolJob(1, someTemplate({ bits }), this.tip, this.clock.steady);
    this.terms = {
      prefix: PREFIX,
      extranonce2Size: 4,
      difficulty: { minimum: 1e-8, maximum: 1, shareTargetMultiplier: 16 },
      jobs: { find: (jobId) => (jobId === this.job.jobId ? this.job : undefined) },
      users: new EdgeUsers(addressReader({ format: { hrp: 'dnilz' }, onlyP2wpkh: true })),
    };
  }

  find(changes: Partial<ShareWork> = {}): { readonly share: WireShare; readonly hash: Uint8Array } {
    const job = wireJobOf(this.job, this.clock.steady);
    return findEdgeShare({
      job,
      prefix: PREFIX,
      sequence: 1,
      user: USER,
      difficulty: DIFFICULTY,
      ...changes,
    });
  }

  /** `accepted`, or why not. */
  judge(share: WireShare): string {
    const verdict = checkEdgeShare(share, this.terms, this.clock);
    return verdict.outcome === 'accepted' ? 'accepted' : verdict.reason;
  }
}

test('an honest share is credited with what its job was sent at, at the time of the check', () => {
  const pool = new Pool();
  const { share, hash } = pool.find({ versionBits: 0x00ffe000 });
  pool.clock.pass(500);
  const verdict = checkEdgeShare({ ...share, age_ms: 400 }, pool.terms, pool.clock);
  assert.equal(verdict.outcome, 'accepted');
  assert.deepEqual(verdict.share, {
    worker: { address: MINER_ADDRESS, name: 'rig' },
    jobId: pool.job.jobId,
    tip: pool.tip.hash,
    tipHeight: 999,
    bits: 0x1d00ffff,
    difficulty: DIFFICULTY,
    weight: 429n,
    hash,
    timeMs: pool.clock.wall,
    late: false,
  });
});

test('the difficulty stands in the coinbase: another one makes another header', () => {
  const coinbase1 = Uint8Array.from({ length: 50 }, (_, index) => index);
  const made = [
    committedCoinbase1(coinbase1, 7, 1),
    committedCoinbase1(coinbase1, 7, 2),
    committedCoinbase1(coinbase1, 8, 1),
    committedCoinbase1(
      coinbase1.map((byte) => byte ^ 1),
      7,
      1,
    ),
  ];
  assert.equal(new Set(made.map((bytes) => String(bytes.slice(-8)))).size, made.length);
  assert.deepEqual(made[0]?.slice(0, -8), coinbase1.slice(0, -8));
});

test('a difficulty claimed after the hash was known earns nothing, however good the hash is', () => {
  const pool = new Pool();
  // A hundred times better than the job's difficulty asks for.
  const { share } = pool.find({ accepts: (hash) => difficultyOfHash(hash) > 100 * DIFFICULTY });
  assert.equal(pool.judge(share), 'accepted');
  for (const difficulty of [2 * DIFFICULTY, 99 * DIFFICULTY]) {
    assert.equal(pool.judge({ ...share, difficulty }), 'low-difficulty');
  }
});

test('forged shares are refused, each for its reason', () => {
  const pool = new Pool();
  const { share } = pool.find();
  const lies: readonly [Partial<WireShare>, string][] = [
    [{ job: 'ffff' }, 'job-not-found'],
    [{ variant: 8 }, 'low-difficulty'],
    [{ nonce: '00000000' }, 'low-difficulty'],
    [{ extranonce1: '80000005' }, 'malformed'],
    [{ extranonce1: '12340005' }, 'malformed'],
    [{ extranonce2: '0000000000' }, 'malformed'],
    [{ user: 'nobody' }, 'unauthorized'],
    [{ user: '' }, 'unauthorized'],
    [{ difficulty: 1e-9 }, 'low-difficulty'],
    [{ difficulty: 2 }, 'low-difficulty'],
    [{ version_bits: '20000000' }, 'version-bits'],
    [{ time: '00000001' }, 'time-too-old'],
    [{ time: 'ffffffff' }, 'time-too-new'],
  ];
  for (const [lie, reason] of lies) {
    assert.equal(pool.judge({ ...share, ...lie }), reason, JSON.stringify(lie));
  }
  assert.equal(pool.judge(share), 'accepted');
});

test('a miner that was moved to a smaller part of the search space is credited', () => {
  const pool = new Pool();
  const tails: readonly (readonly [string, string, string])[] = [
    ['', '0badcafe', 'accepted'],
    ['01', '0badca', 'accepted'],
    ['0102', '0bad', 'accepted'],
    ['010203', '0b', 'malformed'],
    ['01020304', '', 'malformed'],
    ['01', '0badcafe', 'malformed'],
  ];
  for (const [tail, extranonce2, verdict] of tails) {
    const { share } = pool.find({ extranonce1Tail: tail, extranonce2 });
    assert.equal(pool.judge(share), verdict, `${tail} with ${extranonce2}`);
    if (extranonce2.length >= 4) assert.deepEqual(WireShare.parse(share), share);
  }
});

test('a difficulty beyond all that a pool may set is refused as any other wrong one', () => {
  const pool = new Pool();
  const { share } = pool.find();
  for (const difficulty of [Number.MIN_VALUE, 1e-11, 2 ** 51, Number.MAX_VALUE]) {
    assert.equal(pool.judge(WireShare.parse({ ...share, difficulty })), 'low-difficulty', `${difficulty}`);
  }
});

test('work handed in under another name of the same miner is one share', () => {
  const pool = new Pool();
  const { share, hash } = pool.find();
  pool.tip.seen.add(hash);
  assert.equal(pool.judge(share), 'duplicate');
  assert.equal(pool.judge({ ...share, user: MINER_ADDRESS }), 'duplicate');
});

test('a share counts by when the edge had it, which tells nothing of when its clock says it was', () => {
  const pool = new Pool();
  const { share } = pool.find();
  pool.tip.retiredMs = pool.clock.steady;
  pool.clock.pass(60_000);
  assert.equal(pool.judge(share), 'stale');
  assert.equal(pool.judge({ ...share, age_ms: 57_000 }), 'stale');
  assert.equal(pool.judge({ ...share, age_ms: 59_000 }), 'accepted');
  assert.equal(pool.judge({ ...share, age_ms: 70_000 }), 'accepted');
});

test('an edge whose clock runs fast does no harm to its miners', () => {
  const pool = new Pool();
  const { share } = pool.find();
  pool.clock.pass(1_000);
  assert.equal(pool.judge({ ...share, age_ms: 300_000 }), 'accepted');
});

test('no share is older than ten minutes, whatever the edge says', () => {
  const pool = new Pool();
  const { share } = pool.find();
  pool.tip.retiredMs = pool.clock.steady;
  pool.clock.pass(700_000);
  assert.equal(pool.judge({ ...share, age_ms: 699_000 }), 'stale');
});

test('the wall clock of a pool may jump: work that was out already still counts', () => {
  const pool = new Pool();
  const { share } = pool.find();
  for (const jumpMs of [-86_400_000, 86_400_000]) {
    pool.clock.wall += jumpMs;
    assert.equal(pool.judge(share), 'accepted');
  }
});

test('a block is found in a share that is stale', () => {
  const pool = new Pool(0x207fffff);
  const { share } = pool.find();
  pool.tip.retiredMs = pool.clock.steady;
  pool.clock.pass(60_000);
  const verdict = checkEdgeShare(share, pool.terms, pool.clock);
  assert.equal(verdict.outcome, 'rejected');
  assert.equal(verdict.candidate?.credited, false);
  // The block is made of the job as the miner had it, and found again by the pool's own id.
  assert.deepEqual(verdict.candidate?.job.coinbase1, jobOfEdge(pool.job, 7, DIFFICULTY).coinbase1);
  assert.equal(verdict.candidate?.job.jobId, pool.job.jobId);
});

test('on an easy network the bound from it wins over the minimum: such work of an edge counts', () => {
  // 0x1f7fffff is a difficulty of 1.19e-7, a sixteenth of it 7.45e-9.
  const pool = new Pool(0x1f7fffff);
  const { share } = pool.find({ difficulty: 7.45e-9 });
  assert.equal(pool.judge(share), 'accepted');
  assert.equal(pool.judge({ ...share, difficulty: 7.3e-9 }), 'low-difficulty');
  // On the easiest chain it is the lowest difficulty there is.
  const easiest = new Pool(0x207fffff);
  const { share: any } = easiest.find({ difficulty: 1e-10 });
  assert.equal(easiest.judge(any), 'accepted');
  assert.equal(easiest.judge({ ...any, difficulty: 9.9e-11 }), 'low-difficulty');
});
