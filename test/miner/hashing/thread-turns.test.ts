import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DutyCycle } from '../../../miner/hashing/duty-cycle.ts';
import { runTurns } from '../../../miner/hashing/thread-turns.ts';
import type { Work } from '../../../miner/hashing/work.ts';
import type { FromWorker, ToWorker, WorkerAssignment } from '../../../miner/hashing/worker-message.ts';
import { someJob } from '../../kit/stratum-job.ts';
import { VirtualTime } from '../../kit/virtual-time.ts';

const ALONE: WorkerAssignment = {
  thread: 0,
  threadCount: 1,
  cpuLimitPercent: 100,
  kernel: 'js',
  rememberedKernel: undefined,
  usedValues: 0,
};
/** Every hash is a hit. */
const EASIEST = 2n ** 256n - 1n;

function someWork(serial: number, changes: Partial<Work> = {}): Work {
  return {
    serial,
    job: someJob({ bits: serial }),
    extranonce1: new Uint8Array(4),
    extranonce2Size: 4,
    versionMask: 0,
    target: 0n,
    difficulty: 1,
    ...changes,
  };
}

/** A thread whose time passes only when it looks at the clock, by so much at every look. */
class Stage {
  readonly time = new VirtualTime();
  readonly said: FromWorker[] = [];
  readonly rests: number[] = [];
  isEnded = false;
  /** Between two looks: a slice takes one, from its start to its end. */
  msPerLook = 0.1;
  readonly tell: (message: ToWorker) => void;

  constructor(changes: Partial<WorkerAssignment> = {}) {
    this.tell = runTurns(
      { ...ALONE, ...changes },
      {
        say: (message) => this.said.push(message),
        end: () => {
          this.isEnded = true;
        },
        nowMs: () => {
          this.time.nowMs += this.msPerLook;
          return this.time.nowMs;
        },
        soon: (run) => void this.time.later(run, 0),
        later: (run, delayMs) => {
          this.rests.push(delayMs);
          return this.time.later(run, delayMs);
        },
      },
    );
  }

  all<T extends FromWorker['type']>(type: T): Extract<FromWorker, { type: T }>[] {
    return this.said.filter((message) => message.type === type) as Extract<FromWorker, { type: T }>[];
  }

  get hashes(): number {
    return this.all('progress').reduce((sum, { hashes }) => sum + hashes, 0);
  }
}

describe('a hashing thread', () => {
  test('is ready before it has work, and does nothing until then', () => {
    const stage = new Stage();
    assert.deepEqual(stage.said, [{ type: 'ready', kernel: 'js' }]);
    assert.equal(stage.time.pending, 0);
  });

  test('says that it took up a work, then what it finds for it', () => {
    const stage = new Stage();
    stage.tell({ type: 'work', work: someWork(7, { target: EASIEST }) });
    assert.deepEqual(stage.said[1], { type: 'took', serial: 7 });
    assert.equal(stage.said[2]?.type, 'hit');
    assert.ok(stage.all('hit').every(({ hit }) => hit.serial === 7));
  });

  test('tells its hashes about twice a second, and the rest when it stops', () => {
    const stage = new Stage();
    stage.msPerLook = 5;
    stage.tell({ type: 'work', work: someWork(1) });
    stage.time.pass(2_600);
    const reports = stage.all('progress').length;
    assert.ok(reports >= 4 && reports <= 6, `${reports} reports`);
    const before = stage.hashes;
    stage.tell({ type: 'stop' });
    assert.ok(stage.hashes > before);
  });

  test('lets messages in between two slices', () => {
    const stage = new Stage();
    stage.msPerLook = 5;
    stage.tell({ type: 'work', work: someWork(1) });
    stage.time.pass(30);
    assert.equal(stage.time.pending, 1);
    stage.tell({ type: 'work', work: someWork(2) });
    assert.deepEqual(stage.said.at(-1), { type: 'took', serial: 2 });
    assert.equal(stage.time.pending, 1, 'turns do not multiply');
  });

  test('waits when its hits are not dealt with, and goes on when they are', () => {
    const stage = new Stage();
    stage.tell({ type: 'work', work: someWork(1, { target: EASIEST }) });
    stage.time.pass(1_000);
    assert.equal(stage.all('hit').length, 32);
    assert.equal(stage.time.pending, 0);
    stage.tell({ type: 'settled', count: 16 });
    stage.time.pass(1_000);
    assert.equal(stage.all('hit').length, 48);
  });

  test('looks again when the time of the next header has come', () => {
    const threadCount = 2 ** 25;
    const stage = new Stage({ threadCount });
    stage.tell({ type: 'work', work: someWork(1, { extranonce2Size: 0 }) });
    stage.time.pass(500);
    assert.equal(stage.hashes, 2 ** 32 / threadCount);
    stage.time.pass(1_000);
    assert.equal(stage.hashes, (2 * 2 ** 32) / threadCount);
  });

  test('rests for its share of the time', () => {
    for (const percent of [10, 25, 50]) {
      const stage = new Stage({ cpuLimitPercent: percent });
      stage.msPerLook = 5;
      stage.tell({ type: 'work', work: someWork(1) });
      stage.time.pass(3_000);
      // From before a slice to after it there are three looks at the clock, of which a duty cycle believes a part, and
      // one more within each rest.
      const countedMs = Math.min(15, 2 * new DutyCycle(percent).sliceMs);
      const computedMs = countedMs * stage.rests.length;
      const restedMs = stage.rests.reduce((sum, delayMs) => sum + delayMs + 5, 0);
      const computed = (100 * computedMs) / (computedMs + restedMs);
      assert.ok(stage.rests.length > 10);
      assert.ok(Math.abs(computed - percent) < 1, `${computed} % of the time for ${percent}`);
    }
  });

  test('takes up new work at once while it rests, and rests on', () => {
    const stage = new Stage({ cpuLimitPercent: 1 });
    stage.msPerLook = 5;
    stage.tell({ type: 'work', work: someWork(1, { target: EASIEST }) });
    const hits = stage.all('hit').length;
    stage.time.pass(20);
    stage.tell({ type: 'work', work: someWork(2, { target: EASIEST }) });
    assert.deepEqual(stage.said.at(-1), { type: 'took', serial: 2 });
    stage.tell({ type: 'settled', count: 16 });
    assert.equal(stage.all('hit').length, hits);
    stage.time.pass(3_000);
    assert.equal(stage.all('hit').at(-1)?.hit.serial, 2);
  });

  test('ends with its last word, in the middle of whatever it does', () => {
    for (const cpuLimitPercent of [100, 1]) {
      for (const target of [0n, EASIEST]) {
        const stage = new Stage({ cpuLimitPercent });
        stage.tell({ type: 'work', work: someWork(1, { target }) });
        stage.tell({ type: 'stop' });
        assert.ok(stage.isEnded);
        assert.deepEqual(stage.said.at(-1), { type: 'stopped' });
        const count = stage.said.length;
        stage.tell({ type: 'work', work: someWork(2, { target }) });
        stage.time.pass(10_000);
        assert.equal(stage.said.length, count);
        assert.equal(stage.time.pending, 0);
      }
    }
  });

  test('tells how much of its lane is used, for whoever has to take its place', () => {
    const stage = new Stage({ usedValues: 100 });
    stage.tell({ type: 'work', work: someWork(1) });
    stage.tell({ type: 'work', work: someWork(2) });
    stage.tell({ type: 'stop' });
    assert.equal(stage.all('progress').at(-1)?.usedValues, 101);
    assert.equal(stage.all('hit').length, 0);
  });
});
