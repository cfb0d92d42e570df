import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wireJobOf } from '../../../pool/edge/edge-job.ts';
import { RemoteJobs } from '../../../pool/edge/remote-jobs.ts';
import type { WireJob } from '../../../pool/edge/wire.ts';
import { newTip } from '../../../pool/jobs/tip.ts';
import { ManualClock, poolJob, someTemplate } from '../../kit/session-kit.ts';

const MAX_OFFLINE_MS = 120_000;
const TTL_MS = 90_000;

/** The jobs of an edge, with what its miners were told. */
class Edge {
  readonly clock = new ManualClock(1_795_132_800_000);
  readonly told: string[] = [];
  readonly jobs: RemoteJobs;

  constructor(maxOfflineMs = MAX_OFFLINE_MS) {
    this.jobs = new RemoteJobs({ clock: this.clock, firstSequence: 0x100, maxOfflineMs });
    this.jobs.listen({
      onJob: (job, clean) => this.told.push(`${job?.jobId} ${clean ? 'clean' : 'further'}`),
      onNotice: (text) => this.told.push(text),
    });
  }

  takeTold(): string[] {
    return this.told.splice(0);
  }

  /** Lets seconds pass one by one, as the edge's timer does. */
  pass(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      this.clock.pass(1_000);
      this.jobs.tick();
    }
  }
}

function wireJob(id: number, tip = 7, height = 1_000): WireJob {
  const previous = new Uint8Array(32).fill(tip);
  return wireJobOf(poolJob(id, someTemplate({ previous, height }), newTip(previous, height - 1)), 1_000_000);
}

test('miners get the jobs of the pool under ids of the edge, clean when there is a new block', () => {
  const edge = new Edge();
  assert.equal(edge.jobs.current(), undefined);
  edge.jobs.onUp(wireJob(1), TTL_MS);
  edge.jobs.onJob(wireJob(2), false);
  edge.jobs.onJob(wireJob(3, 8, 1_001), true);
  assert.deepEqual(edge.takeTold(), ['100 clean', '101 further', '102 clean']);
  assert.deepEqual(edge.jobs.originOf('101'), { job: '2', variant: 0x101 });
  assert.equal(edge.jobs.current()?.jobId, '102');
  assert.notEqual(edge.jobs.find('100')?.tip.retiredMs, undefined);
});

test('a fresh job is made of the last one without asking the pool, with work of its own', () => {
  const edge = new Edge();
  edge.jobs.onUp(wireJob(1), TTL_MS);
  const [first, second] = [edge.jobs.current(), edge.jobs.fresh()];
  assert.equal(second?.jobId, '101');
  assert.deepEqual(edge.jobs.originOf('101'), { job: '1', variant: 0x101 });
  assert.notDeepEqual(first?.at?.(1).coinbase1, second.at?.(1).coinbase1);
  assert.equal(edge.jobs.current()?.jobId, '100', 'who comes now gets what all others have');
});

test('miners at one difficulty share a job and its bytes; each difficulty has its own', () => {
  const edge = new Edge();
  edge.jobs.onUp(wireJob(1), TTL_MS);
  const job = edge.jobs.current();
  assert.equal(job?.at?.(0.5), job?.at?.(0.5));
  assert.equal(job?.at?.(0.5).lines.clean, job?.at?.(0.5).lines.clean);
  assert.notDeepEqual(job?.at?.(0.5).lines.clean, job?.at?.(0.25).lines.clean);
});

test('jobs are forgotten some time after their block was replaced', () => {
  const edge = new Edge();
  edge.jobs.onUp(wireJob(1), TTL_MS);
  edge.jobs.onJob(wireJob(2, 8), true);
  edge.clock.pass(TTL_MS + 1);
  edge.jobs.onJob(wireJob(3, 8), false);
  assert.equal(edge.jobs.find('100'), undefined);
  assert.notEqual(edge.jobs.find('101'), undefined);
});

test('while the pool is away the last job goes on, is made new in time, and ends', () => {
  const edge = new Edge();
  edge.jobs.onUp(wireJob(1), TTL_MS);
  edge.takeTold();
  edge.jobs.onDown();
  edge.pass(2);
  assert.deepEqual(edge.takeTold(), [], 'nobody is told of a moment');
  edge.pass(117);
  const told = edge.takeTold();
  assert.match(told[0] ?? '', /away\. Work goes on for 120 s/);
  assert.deepEqual(told.slice(1), ['101 further', '102 further', '103 further']);
  assert.equal(edge.jobs.isPaused, false);
  edge.pass(60);
  assert.deepEqual(edge.takeTold(), [
    'The pool behind this edge is still away: shares are not taken until it is back.',
  ]);
  assert.equal(edge.jobs.current(), undefined);
  assert.equal(edge.jobs.fresh(), undefined);
  assert.notEqual(edge.jobs.find('103'), undefined, 'what was found in time is still known');
  edge.jobs.onUp(wireJob(1), TTL_MS);
  assert.deepEqual(edge.takeTold(), ['104 further', 'The pool is back.']);
});

test('a connection that breaks for a moment does not disturb miners who have the job already', () => {
  const edge = new Edge();
  edge.jobs.onUp(wireJob(1), TTL_MS);
  edge.takeTold();
  edge.jobs.onDown();
  edge.clock.pass(500);
  edge.jobs.onUp(wireJob(1), TTL_MS);
  assert.deepEqual(edge.takeTold(), []);
  edge.jobs.onDown();
  edge.jobs.onUp(wireJob(2, 9), TTL_MS);
  assert.deepEqual(edge.takeTold(), ['101 clean']);
});

test('an edge that may not work offline has no work as soon as the pool is away', () => {
  const edge = new Edge(0);
  edge.jobs.onUp(wireJob(1), TTL_MS);
  edge.jobs.onDown();
  assert.equal(edge.jobs.current(), undefined);
});
