import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wireJobOf } from '../../../pool/edge/edge-job.ts';
import { RemoteJobs } from '../../../pool/edge/remote-jobs.ts';
import { type Carrier, RemoteShares } from '../../../pool/edge/remote-shares.ts';
import type { Outcome, WireBlock } from '../../../pool/edge/wire.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import { Statistics } from '../../../pool/statistics/statistics.ts';
import type { BlockCandidate, Share, ShareProof } from '../../../pool/stratum/share.ts';
import { NotRecordedError } from '../../../pool/stratum/share-sink.ts';
import { hexToBytes } from '../../../protocol/bytes.ts';
import { ManualClock, poolJob, someTemplate } from '../../kit/session-kit.ts';

interface Delivery {
  readonly kind: string;
  readonly shares: readonly WireBlock[];
  answer(outcomes: readonly Outcome[]): void;
  fail(): void;
}

/** A pool that answers when it is told to. */
class ManualPool implements Carrier {
  isUp = true;
  readonly deliveries: Delivery[] = [];

  deliver(shares: readonly WireBlock[], kind: string): Promise<readonly Outcome[]> {
    return new Promise((answer, refuse) => {
      this.deliveries.push({ kind, shares, answer, fail: () => refuse(new Error('broken')) });
    });
  }
}

class Edge {
  readonly clock = new ManualClock(1_795_132_800_000);
  readonly pool = new ManualPool();
  readonly statistics = new Statistics(this.clock);
  readonly jobs = new RemoteJobs({ clock: this.clock, firstSequence: 1, maxOfflineMs: 120_000 });
  readonly shares: RemoteShares;

  constructor(held = 100) {
    const { pool: carrier, jobs, statistics, clock } = this;
    this.shares = new RemoteShares({
      carrier,
      jobs,
      statistics,
      clock,
      limits: { held, batch: 4, inFlight: 2 },
    });
    const tip = newTip(new Uint8Array(32).fill(7), 999);
    jobs.onUp(wireJobOf(poolJob(0xab, someTemplate(), tip), 1_000_000), 90_000);
  }

  down(): void {
    this.pool.isUp = false;
    for (const delivery of this.pool.deliveries.splice(0)) delivery.fail();
    this.jobs.onDown();
    this.shares.onDown();
  }

  up(): void {
    this.pool.isUp = true;
    this.shares.onUp();
  }

  /** Hands in a share; `block` says that it is one too. */
  submit(byte: number, block = false): Promise<string> {
    const job = this.jobs.current()?.at?.(0.5);
    const known = job ?? this.jobs.find('1')?.at?.(0.5);
    if (known === undefined) throw new Error('there was no job');
    const share = shareOf(byte, known.jobId);
    if (block) this.shares.found(candidateOf(share, known, true));
    return this.shares.record(share, PROOF).then(
      () => 'accepted',
      (error: unknown) => {
        assert.ok(error instanceof NotRecordedError);
        return `${error.reason}: ${error.message}`;
      },
    );
  }
}

const PROOF: ShareProof = {
  header: hexToBytes(`0060ff3f${'00'.repeat(64)}5e0f6a65ffff001d78563412`),
  extranonce1: hexToBytes('80010002'),
  extranonce2: hexToBytes('0a0b0c0d'),
};

function shareOf(byte: number, jobId: string): Share {
  return {
    worker: { address: 'dnilz1q', name: 'rig' },
    jobId,
    tip: new Uint8Array(32).fill(7),
    tipHeight: 999,
    bits: 0x1d00ffff,
    difficulty: 0.5,
    weight: 1n << 31n,
    hash: new Uint8Array(32).fill(byte),
    timeMs: 0,
    late: false,
  };
}

function candidateOf(share: Share, job: BlockCandidate['job'], credited: boolean): BlockCandidate {
  return { ...PROOF, job, worker: share.worker, hash: share.hash, credited };
}

/** What is sent, is sent at the end of a turn. */
function turn(): Promise<void> {
  return new Promise((accept) => setImmediate(accept));
}

test('a share goes to the pool as the miner handed it in, and is acknowledged when the pool says so', async () => {
  const edge = new Edge();
  const answered = edge.submit(1);
  edge.clock.pass(30);
  await turn();
  assert.deepEqual(edge.pool.deliveries[0]?.shares, [
    {
      ...{ sequence: 1, job: 'ab', variant: 1, difficulty: 0.5, user: 'dnilz1q.rig' },
      ...{ extranonce1: '80010002', extranonce2: '0a0b0c0d', time: '656a0f5e', nonce: '12345678' },
      ...{ version_bits: '1fff6000', age_ms: 30 },
    },
  ]);
  assert.equal(edge.statistics.accepted, 0);
  edge.pool.deliveries[0]?.answer([true]);
  assert.equal(await answered, 'accepted');
  assert.equal(edge.statistics.accepted, 1);
});

test('what the pool refuses is refused with the words of the pool', async () => {
  const edge = new Edge();
  const answers = [edge.submit(1), edge.submit(2), edge.submit(3)];
  await turn();
  edge.pool.deliveries[0]?.answer([
    true,
    { reason: 'stale', message: 'stale: a new block came 3.0 s ago' },
    true,
  ]);
  assert.deepEqual(await Promise.all(answers), [
    'accepted',
    'stale: stale: a new block came 3.0 s ago',
    'accepted',
  ]);
});

test('shares are held while the pool is away, and leave in order with the same numbers when it is back', async () => {
  const edge = new Edge();
  const answers = [1, 2, 3, 4, 5].map((byte) => edge.submit(byte));
  await turn();
  edge.down();
  answers.push(edge.submit(6));
  edge.clock.pass(5_000);
  await turn();
  assert.equal(edge.pool.deliveries.length, 0);
  assert.deepEqual(edge.shares.range, { first: 1, next: 7 });
  edge.up();
  const sent = edge.pool.deliveries.flatMap(({ shares }) => shares);
  assert.deepEqual(
    sent.map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5, 6],
  );
  assert.ok(sent.every(({ age_ms }) => age_ms === 5_000));
  for (const { shares, answer } of edge.pool.deliveries) answer(shares.map(() => true));
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['accepted']));
  assert.deepEqual(edge.shares.range, { first: 7, next: 7 });
});

test('an answer on a connection that is gone counts no more', async () => {
  const edge = new Edge();
  const answer = edge.submit(1);
  await turn();
  const [old] = edge.pool.deliveries.splice(0);
  edge.down();
  old?.answer([{ reason: 'stale', message: 'too late' }]);
  await turn();
  edge.up();
  edge.pool.deliveries[0]?.answer([true]);
  assert.equal(await answer, 'accepted');
});

test('beyond its room an edge refuses, and says so', async () => {
  const edge = new Edge(3);
  edge.down();
  const held = [1, 2, 3].map((byte) => edge.submit(byte));
  assert.match(await edge.submit(4), /^not-recorded: .*holds all it has room for/);
  assert.deepEqual(edge.shares.held, { held: 3, underWay: 0 });
  edge.up();
  for (const { shares, answer } of edge.pool.deliveries) answer(shares.map(() => true));
  await Promise.all(held);
  assert.deepEqual(edge.shares.range, { first: 4, next: 4 }, 'what was refused has no number');
});

test('with the pool away for too long shares are refused, but a block is kept', async () => {
  const edge = new Edge();
  edge.down();
  const early = edge.submit(1);
  edge.clock.pass(120_001);
  assert.match(await edge.submit(2), /^not-recorded: .*away for too long/);
  const block = edge.submit(3, true);
  edge.up();
  const sent = edge.pool.deliveries.map(({ kind, shares }) => [kind, shares.map(({ sequence }) => sequence)]);
  assert.deepEqual(sent, [
    ['block', [2]],
    ['shares', [1]],
  ]);
  for (const { shares, answer } of edge.pool.deliveries) answer(shares.map(() => true));
  assert.deepEqual(await Promise.all([early, block]), ['accepted', 'accepted']);
});

test('a block does not wait for shares before it', async () => {
  const edge = new Edge();
  for (let byte = 1; byte <= 20; byte++) void edge.submit(byte);
  await turn();
  assert.equal(edge.pool.deliveries.length, 2);
  void edge.submit(30, true);
  await turn();
  assert.deepEqual(
    edge.pool.deliveries.at(-1)?.shares.map(({ sequence }) => sequence),
    [21],
  );
  assert.equal(edge.pool.deliveries.at(-1)?.kind, 'block');
});

test('a block that is not credited is delivered without a number', async () => {
  const edge = new Edge();
  const job = edge.jobs.current()?.at?.(0.5);
  assert.ok(job !== undefined);
  edge.shares.found(candidateOf(shareOf(1, job.jobId), job, false));
  await turn();
  assert.deepEqual(
    edge.pool.deliveries.map(({ kind, shares }) => [kind, shares[0]?.sequence, shares[0]?.difficulty]),
    [['block', null, 0.5]],
  );
});

test('an edge that stops waits for what is under way, and refuses what is left', async () => {
  const edge = new Edge();
  const first = edge.submit(1);
  await turn();
  const stopped = edge.shares.stop(60_000);
  assert.match(await edge.submit(2), /the edge is stopping/);
  edge.pool.deliveries[0]?.answer([true]);
  await stopped;
  assert.equal(await first, 'accepted');

  const other = new Edge();
  other.down();
  const left = other.submit(1);
  await other.shares.stop(60_000);
  assert.match(await left, /stopping, and does not know/);
});
