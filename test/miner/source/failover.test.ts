import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { PATIENCE_MS, PROBATION_MS } from '../../../miner/source/failover.ts';
import { FailoverScript } from '../../kit/failover-script.ts';

const FOUND = { type: 'share-found', shareDifficulty: 9, hash: '00', isBlock: true } as const;

/** Two pools, the first of which has failed; the second is mined for. */
function atSecond(): FailoverScript {
  const script = new FailoverScript(2).start();
  script.fail(0);
  script.fail(0);
  script.give(1);
  script.takeReports();
  return script;
}

describe('of several pools', () => {
  test('only the first is asked while it has work', () => {
    const script = new FailoverScript(3).start();
    script.give(0);
    script.pass(3_600_000);
    assert.deepEqual([...script.running], [0]);
    assert.equal(script.inUse, 0);
    assert.equal(script.failover.deadlineMs, undefined);
  });

  test('the next is asked when the first has given no work for ten seconds', () => {
    const script = new FailoverScript(2).start();
    script.pass(PATIENCE_MS - 1);
    assert.deepEqual([...script.running], [0]);
    script.pass(1);
    assert.deepEqual([...script.running], [0, 1]);
  });

  test('the next is asked after two attempts that failed', () => {
    const script = new FailoverScript(2).start();
    script.fail(0);
    assert.deepEqual([...script.running], [0]);
    script.fail(0);
    assert.deepEqual([...script.running], [0, 1]);
  });

  test('the next is asked at once when the first will not be tried again in time', () => {
    const script = new FailoverScript(2).start();
    script.fail(0, 60_000);
    assert.deepEqual([...script.running], [0, 1]);
  });

  test('each is given its time, and all are tried on when the last has failed', () => {
    const script = new FailoverScript(3).start();
    script.pass(PATIENCE_MS);
    script.pass(PATIENCE_MS - 1);
    assert.deepEqual([...script.running], [0, 1]);
    script.pass(1);
    assert.deepEqual([...script.running], [0, 1, 2]);
    for (let i = 0; i < 5; i++) for (const place of [0, 1, 2]) script.fail(place);
    script.pass(3_600_000);
    assert.deepEqual([...script.running], [0, 1, 2]);
    script.give(2);
    assert.equal(script.inUse, 2);
  });

  test('a pool that loses its connection may try twice before the next is asked', () => {
    const script = new FailoverScript(2).start();
    script.give(0);
    script.lose(0);
    assert.equal(script.work, undefined);
    script.fail(0);
    assert.deepEqual([...script.running], [0]);
    script.fail(0);
    assert.deepEqual([...script.running], [0, 1]);
  });

  test('a more preferred one that has work again takes over at once', () => {
    const script = atSecond();
    assert.equal(script.inUse, 1);
    script.pass(3_600_000);
    script.give(0);
    assert.equal(script.inUse, 0);
    assert.deepEqual(script.takeReports(), [{ type: 'pool', pool: 'pool-0', user: 'user-0' }]);
  });

  test('the one that was replaced is let go once the other has proven itself', () => {
    const script = atSecond();
    script.give(0);
    script.pass(PROBATION_MS - 1);
    assert.deepEqual([...script.running], [0, 1]);
    script.pass(1);
    assert.deepEqual([[...script.running], [...script.leaving]], [[0], [1]]);
    script.end(1);
    script.lose(0);
    script.pass(PATIENCE_MS);
    assert.deepEqual([...script.running], [0, 1], 'and may be asked again');
  });

  test('one that owes the answer to a share is let go once it has come, or it would be lost: a block perhaps', () => {
    const script = atSecond();
    const isBlock = true;
    script.do({ type: 'report', place: 1, event: FOUND });
    script.lose(1);
    script.give(0);
    script.pass(20 * PROBATION_MS);
    assert.deepEqual([...script.running], [0, 1]);
    assert.equal(script.failover.deadlineMs, undefined, 'and is waited for without looking');
    const accepted = { type: 'share-accepted', difficulty: 9, isBlock, latencyMs: 5 } as const;
    script.do({ type: 'report', place: 1, event: accepted });
    assert.deepEqual([...script.running], [0]);
  });

  test('one that was let go is asked again, though one after it still waits for an answer', () => {
    const script = new FailoverScript(3).start();
    for (const place of [0, 0, 1, 1]) script.fail(place);
    script.give(2);
    script.do({ type: 'report', place: 2, event: FOUND });
    script.give(0);
    script.pass(PROBATION_MS);
    script.end(1);
    assert.deepEqual([...script.running].sort(), [0, 2]);
    script.lose(0);
    assert.equal(script.inUse, 2);
    assert.deepEqual([...script.running].sort(), [0, 1, 2], 'it is preferred to the one in use');
    script.lose(2);
    script.give(0);
    script.pass(PROBATION_MS);
    script.end(1);
    script.lose(0);
    assert.deepEqual([...script.running].sort(), [0, 2]);
    script.pass(PATIENCE_MS);
    assert.deepEqual([...script.running].sort(), [0, 1, 2]);
  });

  test('one that comes and goes costs no work: the other is still there, with its newest', () => {
    const script = atSecond();
    for (let i = 0; i < 5; i++) {
      script.give(0);
      script.pass(5_000);
      const newest = script.give(1);
      assert.equal(script.inUse, 0);
      script.lose(0);
      assert.equal(script.work, newest);
      script.pass(5_000);
    }
  });

  test('the job of one that takes over with work it had before is told again, and no other', () => {
    const job = (jobId: string, difficulty: number) =>
      ({ type: 'job', jobId, clean: true, difficulty, networkDifficulty: 100 }) as const;
    const script = atSecond();
    script.do({ type: 'report', place: 1, event: job('b', 8) });
    script.give(0);
    assert.equal(script.takeReports().at(-1)?.type, 'pool', 'its job is told by itself');
    script.do({ type: 'report', place: 0, event: job('a', 1) });
    script.takeReports();
    script.lose(0);
    assert.deepEqual(script.takeReports().slice(0, 2), [
      { type: 'pool', pool: 'pool-1', user: 'user-1' },
      job('b', 8),
    ]);
    script.give(0);
    assert.deepEqual(script.takeReports(), [{ type: 'pool', pool: 'pool-0', user: 'user-0' }]);
  });

  test('work of one that is not in use does not reach the threads', () => {
    const script = new FailoverScript(2).start();
    script.pass(PATIENCE_MS);
    const first = script.give(0);
    script.give(1);
    assert.equal(script.work, first);
  });

  test('one that is still stopping is not begun a second time before it has stopped', () => {
    const script = atSecond();
    script.give(0);
    script.pass(PROBATION_MS);
    script.lose(0);
    script.pass(10 * PATIENCE_MS);
    assert.deepEqual([...script.running], [0]);
    script.end(1);
    assert.deepEqual([...script.running], [0, 1]);
  });
});

describe('a node that rests between two blocks', () => {
  test('keeps the threads, though another one has work', () => {
    const script = atSecond();
    script.give(0);
    const { length } = script.reports;
    script.rest(0, 15_000);
    assert.equal(script.work, undefined);
    script.give(1);
    script.pass(15_000 + PATIENCE_MS - 1);
    assert.equal(script.work, undefined);
    const next = script.give(0);
    assert.equal(script.work, next);
    assert.equal(script.reports.length, length, 'nothing was to be told');
  });

  test('loses them when its rest is long over', () => {
    const script = atSecond();
    script.give(0);
    script.rest(0, 15_000);
    const other = script.give(1);
    script.pass(15_000 + PATIENCE_MS);
    assert.equal(script.work, other);
    assert.equal(script.inUse, 1);
  });

  test('loses them when it goes away meanwhile', () => {
    const script = atSecond();
    script.give(0);
    script.rest(0, 15_000);
    const other = script.give(1);
    script.lose(0);
    assert.equal(script.work, other);
  });

  test('is waited for before the next one is begun at all', () => {
    const script = new FailoverScript(2).start();
    script.give(0);
    script.rest(0, 15_000);
    script.pass(15_000 + PATIENCE_MS - 1);
    assert.deepEqual([...script.running], [0]);
    script.pass(1);
    assert.deepEqual([...script.running], [0, 1]);
  });

  test('takes the threads from nobody', () => {
    const script = atSecond();
    const other = script.give(1);
    script.rest(0, 15_000);
    script.pass(1_000);
    assert.equal(script.work, other);
    assert.equal(script.inUse, 1);
  });
});

describe('a hit', () => {
  test('goes to the pool whose work it is of, though another is in use by now', () => {
    const script = new FailoverScript(2).start();
    script.fail(0);
    script.fail(0);
    const lesser = script.give(1);
    const preferred = script.give(0);
    script.hit(lesser);
    script.hit(preferred);
    assert.deepEqual(
      script.submitted.map(({ place, hit }) => [place, hit.serial]),
      [
        [1, lesser.serial],
        [0, preferred.serial],
      ],
    );
  });

  test('for a pool that was let go is discarded, and its thread told', () => {
    const script = atSecond();
    const lesser = script.work!;
    script.give(0);
    script.pass(PROBATION_MS);
    script.end(1);
    script.takeReports();
    script.hit(lesser);
    assert.deepEqual([script.submitted, script.settled], [[], 1]);
    assert.deepEqual(script.takeReports(), [{ type: 'share-discarded' }]);
  });

  test('of no work of ours is discarded', () => {
    const script = new FailoverScript(1).start();
    script.hit({ ...script.give(0), serial: 99 });
    assert.equal(script.settled, 1);
  });
});

describe('what is told', () => {
  test('is everything while there is no work, from wherever', () => {
    const script = new FailoverScript(2).start();
    script.fail(0);
    script.fail(0);
    script.fail(1);
    assert.deepEqual(
      script.takeReports().map(({ type }) => type),
      ['connecting', 'disconnected', 'connecting', 'disconnected', 'connecting', 'disconnected'],
    );
  });

  test('of a pool that is not in use stands apart', () => {
    const script = atSecond();
    script.fail(0);
    const reports = script.takeReports();
    assert.deepEqual(
      reports.map((report) => [report.type, report.type === 'elsewhere' && report.event.type]),
      [
        ['elsewhere', 'connecting'],
        ['elsewhere', 'disconnected'],
      ],
    );
  });

  test('names the pool that has gone when another takes its place at once', () => {
    const script = atSecond();
    script.give(0);
    script.takeReports();
    script.lose(0);
    script.fail(0);
    assert.deepEqual(
      script.takeReports().map((report) => [report.type, 'pool' in report && report.pool]),
      [
        ['pool', 'pool-1'],
        ['pool-away', 'pool-0'],
        ['elsewhere', 'pool-0'],
        ['elsewhere', 'pool-0'],
        ['elsewhere', 'pool-0'],
      ],
    );
  });

  test('counts every share, of whichever pool', () => {
    const script = atSecond();
    const outcome = { type: 'share-accepted', difficulty: 1, isBlock: false, latencyMs: 1 } as const;
    script.do({ type: 'report', place: 0, event: outcome });
    assert.deepEqual(script.takeReports(), [outcome]);
  });
});

describe('stopping', () => {
  test('takes the work away first, and ends when every source has stopped', () => {
    const script = new FailoverScript(3).start();
    script.pass(PATIENCE_MS);
    script.give(1);
    const effects = script.do({ type: 'stop' });
    assert.deepEqual(
      effects.map(({ type }) => type),
      ['work', 'stop', 'stop'],
    );
    script.do({ type: 'report', place: 0, event: { type: 'stopped' } });
    script.end(0);
    assert.equal(script.isStopped, false);
    script.end(1);
    assert.equal(script.isStopped, true);
    assert.equal(script.reports.filter(({ type }) => type === 'stopped').length, 1);
  });

  test('begins nothing any more', () => {
    const script = new FailoverScript(2).start();
    script.do({ type: 'stop' });
    script.do({ type: 'stop' });
    script.give(0);
    script.pass(10 * PATIENCE_MS);
    assert.deepEqual([[...script.running], script.work], [[], undefined]);
    script.end(0);
    assert.equal(script.isStopped, true);
  });

  test('before the start is stopping too', () => {
    const script = new FailoverScript(2);
    script.do({ type: 'stop' });
    assert.equal(script.isStopped, true);
    script.start();
    assert.equal(script.running.size, 0);
  });
});

test('whatever happens: the threads are on the best work there is, every thread hears of its hit, all ends', () => {
  const place = fc.nat({ max: 3 });
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('give', 'lose', 'fail', 'end', 'hit', 'found', 'answered'), place }),
    fc.record({ do: fc.constant('pass'), place: fc.nat({ max: 20_000 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), (places, steps) => {
      const script = new FailoverScript(places).start();
      const offered = new Map<number, ReturnType<typeof script.give>>();
      const owed = new Set<number>();
      let hits = 0;
      function answer(index: number): void {
        owed.delete(index);
        script.do({ type: 'report', place: index, event: { type: 'share-unanswered', isBlock: true } });
      }
      for (const { do: what, place: value } of steps) {
        if (what === 'pass') script.pass(value);
        else if (what === 'end' && script.leaving.has(value)) script.end(value);
        else if (what === 'hit' && offered.has(value)) {
          script.hit(offered.get(value)!);
          hits += 1;
        } else if (!script.running.has(value)) continue;
        else if (what === 'give') offered.set(value, script.give(value));
        else if (what === 'lose') script.lose(value);
        else if (what === 'fail') script.fail(value);
        else if (what === 'answered' && owed.has(value)) answer(value);
        else if (what === 'found' && !owed.has(value)) {
          owed.add(value);
          script.do({ type: 'report', place: value, event: FOUND });
        }
        if (what === 'lose' || what === 'fail') offered.delete(value);
        if (what === 'fail') script.do({ type: 'work', place: value, work: undefined });
        for (const index of offered.keys()) if (!script.running.has(index)) offered.delete(index);
        for (const index of owed) assert.ok(script.running.has(index), 'none is stopped that owes an answer');
        const best = [...offered.keys()].sort((a, b) => a - b)[0];
        assert.equal(script.inUse, best);
        assert.equal(script.work, best === undefined ? undefined : offered.get(best));
        assert.equal(script.submitted.length + script.settled, hits);
        const due = script.failover.deadlineMs;
        assert.ok(due === undefined || due > script.nowMs, 'no deadline is missed');
      }
      for (const index of offered.keys()) script.lose(index);
      for (const index of script.leaving) script.end(index);
      script.pass((places + 1) * PATIENCE_MS);
      assert.equal(script.running.size, places, 'all are tried where none has work');
      script.do({ type: 'stop' });
      for (const index of script.leaving) script.end(index);
      assert.ok(script.isStopped && script.work === undefined);
    }),
    { numRuns: 500 },
  );
});
