import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../pool/clock.ts';
import { refillDay, refillRecent } from '../../../pool/statistics/refill.ts';
import { type DurableShare, Statistics } from '../../../pool/statistics/statistics.ts';
import { WorkerDirectory } from '../../../pool/statistics/worker-directory.ts';
import { difficultyOfHash } from '../../../protocol/work.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const NOW_MS = 1_800_000_000_000;

class SetClock implements Clock {
  ms = 0;
  wallMs(): number {
    return NOW_MS + this.ms;
  }
  steadyMs(): number {
    return this.ms;
  }
}

function share(changes: Partial<DurableShare> = {}): DurableShare {
  return {
    sequence: 1,
    worker: { address: 'alice', name: 'rig' },
    jobId: '1',
    tip: new Uint8Array(32),
    tipHeight: 5,
    bits: 0x1d00ffff,
    difficulty: 2,
    weight: 2n * 2n ** 32n,
    hash: hashOf(5),
    timeMs: NOW_MS,
    late: false,
    ...changes,
  };
}

/** A hash whose highest byte that is not zero is the sixth: smaller numbers are better shares. */
function hashOf(number: number): Uint8Array {
  const hash = new Uint8Array(32);
  hash[26] = number;
  return hash;
}

test('a pool’s rate is its work over the time that it covers; a rate over less than ten seconds is unknown', () => {
  const clock = new SetClock();
  const statistics = new Statistics(clock);
  statistics.countBatch([share(), share({ sequence: 2 })]);
  clock.ms = 9_999;
  assert.deepEqual(statistics.hashRates()[0], {
    window_seconds: 60,
    covered_seconds: 10,
    hashes_per_second: null,
  });
  clock.ms = 40_000;
  const rates = statistics.hashRates();
  assert.deepEqual(
    rates.map(({ window_seconds: window }) => window),
    [60, 300, 3_600, 86_400],
  );
  for (const rate of rates) {
    assert.equal(rate.covered_seconds, 40);
    assert.equal(rate.hashes_per_second, (4 * 2 ** 32) / 40);
  }
});

test('a worker’s first share starts its clock and is not in its rate', () => {
  const clock = new SetClock();
  const statistics = new Statistics(clock);
  statistics.countBatch([share()]);
  clock.ms = 20_000;
  statistics.countBatch([share({ sequence: 2 })]);
  const [tally] = statistics.workers.list('alice');
  assert.equal(tally?.rates(20_000)[0]?.hashes_per_second, (2 * 2 ** 32) / 20);
  assert.equal(tally?.accepted, 2);
});

test('accepted, late and refused shares are counted for the pool and for the worker, by reason', () => {
  const statistics = new Statistics(new SetClock());
  const told: unknown[] = [];
  statistics.listen((worker, reason, message) => told.push([worker?.name, reason, message]));
  const worker = { address: 'alice', name: 'rig' };
  statistics.countRejected('duplicate', worker, 'before its first share');
  statistics.countBatch([share(), share({ sequence: 2, late: true })]);
  statistics.countRejected('stale', worker, 'stale: 3 s ago');
  statistics.countRejected('stale', undefined);
  const tally = statistics.workers.find(worker);
  assert.deepEqual([statistics.accepted, statistics.late], [2, 1]);
  assert.deepEqual([statistics.rejected.stale, statistics.rejected.duplicate], [2, 1]);
  assert.deepEqual([tally?.accepted, tally?.late, tally?.rejected], [2, 1, { stale: 1 }]);
  assert.deepEqual(told, [
    ['rig', 'duplicate', 'before its first share'],
    ['rig', 'stale', 'stale: 3 s ago'],
    [undefined, 'stale', 'stale'],
  ]);
});

test('the best share is the one with the smallest hash, of the pool and of each worker', () => {
  const statistics = new Statistics(new SetClock());
  const bob = { address: 'bob', name: '' };
  statistics.countBatch([
    share({ hash: hashOf(9) }),
    share({ hash: hashOf(3) }),
    share({ hash: hashOf(7), worker: bob }),
  ]);
  assert.equal(statistics.best?.worker.address, 'alice');
  assert.equal(
    statistics.workers.find({ address: 'alice', name: 'rig' })?.bestShare,
    difficultyOfHash(hashOf(3)),
  );
  assert.equal(statistics.workers.find(bob)?.bestShare, difficultyOfHash(hashOf(7)));
});

test('the round counts shares behind its block, whichever of the two is heard of first', () => {
  const statistics = new Statistics(new SetClock());
  const { round } = statistics;
  const weight = 2n * 2n ** 32n;
  statistics.countBatch([share({ sequence: 1 }), share({ sequence: 2 })]);
  assert.deepEqual([round.shares, round.weight, round.startedMs], [2, 2n * weight, undefined]);
  statistics.countBatch([share({ sequence: 3 }), share({ sequence: 5 })]);
  round.begin(4, NOW_MS);
  assert.deepEqual([round.shares, round.weight, round.startedMs], [1, weight, NOW_MS], 'share 5 is not lost');
  statistics.countBatch([share({ sequence: 4 }), share({ sequence: 6 })]);
  assert.deepEqual([round.shares, round.weight], [2, 2n * weight], 'share 4 belongs to the block');
  round.begin(4, NOW_MS + 1);
  assert.equal(round.startedMs, NOW_MS, 'news of a block that is known already changes nothing');
  statistics.countBatch([share({ sequence: 7, worker: { address: 'bob', name: '' }, weight: 6n * weight })]);
  assert.deepEqual([round.shareOf('alice'), round.shareOf('bob'), round.shareOf('carol')], [0.25, 0.75, 0]);
});

test('after a restart the round goes on with what the ledger holds of it', () => {
  const { round } = new Statistics(new SetClock());
  assert.equal(round.shareOf('carol'), undefined, 'of no work nobody did any part');
  round.resume(6, NOW_MS, [{ address: 'carol', shares: 3, weight: 3n }]);
  round.count({ sequence: 7, worker: { address: 'bob' }, weight: 1n });
  assert.deepEqual([round.shares, round.weight, round.shareOf('carol')], [4, 4n, 0.75]);
});

test('a restart leaves no hole: rates and the history of a day come back from the ledger', async () => {
  const clock = new SetClock();
  const statistics = new Statistics(clock);
  const minute = Math.floor(NOW_MS / MINUTE_MS) * MINUTE_MS;
  const weight = 60n * 2n ** 32n;
  const asked: [number, number, number][] = [];
  await refillAll(statistics, {
    ofPool: async () =>
      [2, 30, 600].map((ago) => ({ minuteMs: minute - ago * MINUTE_MS, accepted: 6, late: 0, weight })),
    inSteps: async ({ sinceMs, untilMs, stepMinutes }) => {
      asked.push([sinceMs, untilMs, stepMinutes]);
      return stepMinutes === 1
        ? [
            {
              worker: { address: 'alice', name: 'rig' },
              startMs: minute - 2 * MINUTE_MS,
              accepted: 6,
              weight: 600,
            },
          ]
        : [];
    },
  });
  const rates = statistics.hashRates();
  const sum = (index: number) =>
    Math.round(((rates[index]?.hashes_per_second ?? 0) * (rates[index]?.covered_seconds ?? 0)) / 2 ** 32);
  assert.equal(sum(0), 0);
  assert.equal(sum(1), 60);
  assert.equal(sum(2), 120);
  assert.equal(sum(3), 180);
  const hourly = statistics.workers.find({ address: 'alice', name: 'rig' })?.workOfHour(0);
  assert.equal(Math.round(hourly ?? 0), 600);
  const history = statistics.history.last(60, 1, NOW_MS + 1_000);
  assert.deepEqual(
    history.filter(({ accepted }) => accepted === 6).map(({ startMs }) => startMs),
    [minute - 30 * MINUTE_MS, minute - 2 * MINUTE_MS],
  );
  assert.equal(history[0]?.accepted, undefined, 'nothing is known of a minute that is in no ledger');
  assert.equal(history.at(-1)?.accepted, 0, 'of the running minute it is known');
  const [first] = asked;
  assert.ok(first !== undefined);
  // Together the questions cover the day once, without a gap and without asking for anything twice.
  const ranges = asked.toSorted((a, b) => a[0] - b[0]);
  for (const [index, [, until]] of ranges.slice(0, -1).entries()) assert.equal(until, ranges[index + 1]?.[0]);
  assert.ok((ranges[0]?.[0] ?? 0) <= NOW_MS - 23.5 * HOUR_MS);
  assert.ok((ranges.at(-1)?.[1] ?? 0) > NOW_MS);
});

async function refillAll(statistics: Statistics, past: Parameters<typeof refillDay>[1]): Promise<void> {
  await refillRecent(statistics, past, NOW_MS);
  await refillDay(statistics, past, NOW_MS);
}

test('workers are bounded: those that were silent for longest make room, and a day of silence is forgotten', () => {
  const directory = new WorkerDirectory(10);
  for (let index = 0; index < 25; index++) {
    directory.of({ address: `a${index % 3}`, name: String(index) }, 0, index);
    assert.ok(directory.size <= 10);
  }
  assert.ok(directory.find({ address: 'a0', name: '24' }), 'the newest is there');
  assert.equal(directory.find({ address: 'a0', name: '0' }), undefined);
  assert.equal(directory.list().length, directory.size);
  directory.forgetIdle(24 + 25 * HOUR_MS);
  assert.deepEqual([directory.size, directory.addresses], [0, 0]);
});
