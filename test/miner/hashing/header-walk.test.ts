import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type HeaderUnit, HeaderWalk } from '../../../miner/hashing/header-walk.ts';
import { headerOfWork, type Work } from '../../../miner/hashing/work.ts';
import { bytesToHex } from '../../../protocol/bytes.ts';
import { VERSION_ROLLING_MASK } from '../../../protocol/stratum.ts';
import { someJob } from '../../kit/stratum-job.ts';

const TIME = 1_795_132_800;

function someWork(changes: Partial<Work> = {}): Work {
  return {
    serial: 1,
    job: someJob(),
    extranonce1: Uint8Array.of(1, 2, 3, 4),
    extranonce2Size: 4,
    versionMask: 0,
    target: 0n,
    difficulty: 1,
    ...changes,
  };
}

function walkOf(thread = 0, threadCount = 1, usedValues = 0): HeaderWalk {
  return new HeaderWalk({ thread, threadCount, usedValues });
}

/** The next units, as many as there are before a time that is yet to come. */
function units(walk: HeaderWalk, count: number, latestTime = TIME): HeaderUnit[] {
  const found: HeaderUnit[] = [];
  while (found.length < count) {
    const unit = walk.next(latestTime);
    if (unit === undefined) break;
    found.push(unit);
  }
  return found;
}

/** Every header of any thread, by the nonces under it. */
class Searched {
  readonly #ranges = new Map<string, [start: number, end: number][]>();

  add(walk: HeaderWalk, work: Work, unit: HeaderUnit): void {
    const header = bytesToHex(headerOfWork(work, { ...unit, nonce: 0 }).subarray(0, 76));
    const { startNonce, nonceCount } = walk.nonces;
    const ranges = this.#ranges.get(header) ?? [];
    for (const [start, end] of ranges) {
      assert.ok(startNonce >= end || startNonce + nonceCount <= start, `${header} twice`);
    }
    this.#ranges.set(header, [...ranges, [startNonce, startNonce + nonceCount]]);
  }

  get size(): number {
    return this.#ranges.size;
  }
}

describe('the way through the headers of a work', () => {
  test('takes all versions, then the next extranonce2, and a later time last', () => {
    const walk = walkOf();
    walk.begin(someWork({ extranonce2Size: 1, versionMask: 0b11 << 13 }));
    const all = units(walk, 3 * 4 * 256, TIME + 1);
    assert.equal(all.length, 2 * 4 * 256);
    all.forEach(({ versionBits, extranonce2, ntime }, index) => {
      assert.equal(versionBits >>> 13, index % 4);
      assert.equal(extranonce2[0], Math.floor(index / 4) % 256);
      assert.equal(ntime, TIME + Math.floor(index / (4 * 256)));
    });
  });

  test('needs no other coinbase for hours where versions may be rolled', () => {
    const walk = walkOf();
    walk.begin(someWork({ versionMask: VERSION_ROLLING_MASK }));
    const all = units(walk, 2 ** 16);
    assert.equal(new Set(all.map((unit) => unit.versionBits)).size, 2 ** 16);
    assert.equal(walk.usedValues, 1);
  });

  test('waits for a later time where there is nothing else left, and goes on then', () => {
    const walk = walkOf();
    walk.begin(someWork({ extranonce2Size: 0 }));
    assert.equal(units(walk, 10).length, 1);
    assert.equal(walk.next(TIME), undefined);
    assert.equal(walk.next(TIME + 1)?.ntime, TIME + 1);
    assert.equal(walk.next(TIME + 1), undefined);
    assert.equal(walk.next(TIME + 9)?.ntime, TIME + 2);
  });

  test('never leaves the 32 bits of the time', () => {
    const walk = walkOf();
    walk.begin(someWork({ extranonce2Size: 0, job: someJob({ time: 0xffff_ffff }) }));
    assert.equal(walk.next(0xffff_ffff + 100)?.ntime, 0xffff_ffff);
    assert.equal(walk.next(0xffff_ffff + 100), undefined);
  });

  test('goes on where it stands when only the name or the difficulty of the job is new', () => {
    const walk = walkOf();
    assert.ok(walk.begin(someWork({ versionMask: 0b111 })));
    units(walk, 3);
    assert.equal(
      walk.begin(someWork({ versionMask: 0b111, job: someJob({ jobId: 'again' }), target: 7n })),
      false,
    );
    assert.equal(walk.next(TIME)?.versionBits, 3);
    assert.equal(walk.usedValues, 1);
  });

  test('begins anew for every other change', () => {
    const before = someWork({ versionMask: 0b111 });
    const changes: Partial<Work>[] = [
      { versionMask: 0b1111 },
      { extranonce1: Uint8Array.of(1, 2, 3, 5) },
      { extranonce2Size: 5 },
      { job: someJob({ time: TIME + 1 }) },
      { job: someJob({ version: 0x2000_0008 }) },
      { job: someJob({ bits: 0x1d00fffe }) },
      { job: someJob({ previousHash: new Uint8Array(32) }) },
      { job: someJob({ merkleBranch: [] }) },
    ];
    for (const change of changes) {
      const walk = walkOf();
      walk.begin(before);
      units(walk, 2);
      assert.ok(walk.begin({ ...before, ...change }), JSON.stringify(Object.keys(change)));
      assert.equal(walk.next(TIME + 1)?.versionBits, 0);
      assert.equal(walk.usedValues, 2);
    }
  });

  test('may begin with an earlier time than before, as pools that change their node do', () => {
    const walk = walkOf();
    walk.begin(someWork());
    units(walk, 3);
    const earlier = TIME - 20;
    walk.begin(someWork({ job: someJob({ time: earlier }) }));
    assert.equal(walk.next(earlier)?.ntime, earlier);
  });

  test('leaves out what a predecessor has used', () => {
    const walk = walkOf(1, 3, 5);
    walk.begin(someWork());
    const [unit] = units(walk, 1);
    assert.equal(bytesToHex(unit!.extranonce2), '00000010');
  });

  test('remembers the last coinbases, and no more than these', () => {
    const walk = walkOf();
    const begin = (bits: number): number | undefined => {
      walk.begin(someWork({ extranonce2Size: 0, job: someJob({ bits }) }));
      return walk.next(TIME)?.ntime;
    };
    for (let bits = 1; bits <= 40; bits++) assert.equal(begin(bits), TIME);
    assert.equal(begin(30), undefined, 'its only header was searched: it waits for a later time');
    assert.equal(begin(1), TIME, 'forgotten');
  });
});

describe('no header comes twice', () => {
  /** What a pool sends next: a new job, or one of the last few again, with this or that changed. */
  const anyStep = fc.record({
    /** 0: a new coinbase; else how many coinbases to go back, and one more. */
    back: fc.nat({ max: 4 }),
    secondsLater: fc.integer({ min: -1, max: 3 }),
    mask: fc.constantFrom(undefined, 0, 0b1, 0b110, 0x8000_0001, VERSION_ROLLING_MASK),
    version: fc.constantFrom(0x2000_0000, 0x2000_0001, 0x3fff_e000),
    newExtranonce: fc.boolean(),
    /** Units that every thread takes, up to. */
    units: fc.nat({ max: 12 }),
    secondsPassed: fc.nat({ max: 5 }),
    fails: fc.nat({ max: 30 }),
  });

  function plays(
    threadCount: number,
    sizes: readonly number[],
    steps: readonly (typeof anyStep extends fc.Arbitrary<infer T> ? T : never)[],
  ): number {
    const walks = Array.from({ length: threadCount }, (_, thread) => walkOf(thread, threadCount));
    const searched = new Searched();
    let extranonce = 0;
    let mask = 0;
    let coinbase = 0;
    let time = TIME;
    steps.forEach((step, serial) => {
      if (step.back === 0) coinbase += 1;
      if (step.newExtranonce) extranonce += 1;
      mask = step.mask ?? mask;
      time += step.secondsLater;
      const coinbase1 = Uint8Array.of(Math.max(0, coinbase - Math.max(0, step.back - 1)));
      const work = someWork({
        serial,
        job: someJob({ coinbase1, time, version: step.version }),
        extranonce1: Uint8Array.of(0xee, extranonce),
        extranonce2Size: sizes[extranonce % sizes.length]!,
        versionMask: mask,
      });
      walks.forEach((walk, thread) => {
        walk.begin(work);
        for (let taken = (thread + step.units) % 13; taken > 0; taken--) {
          const unit = walk.next(work.job.time + step.secondsPassed);
          if (unit !== undefined) searched.add(walk, work, unit);
        }
      });
      time += step.secondsPassed;
      // A thread that is replaced begins after all that its predecessor can have used.
      if (step.fails < threadCount && work.extranonce2Size >= 4) {
        const used = walks[step.fails]!.usedValues + 2 ** 16;
        walks[step.fails] = walkOf(step.fails, threadCount, used);
      }
    });
    return searched.size;
  }

  const anySteps = fc.array(anyStep, { minLength: 1, maxLength: 25 });

  test('whatever a pool repeats and changes, over all threads', () => {
    let searched = 0;
    const anySizes = fc.array(fc.nat({ max: 16 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), anySizes, anySteps, (threadCount, sizes, steps) => {
        searched += plays(threadCount, sizes, steps);
      }),
      { numRuns: 60 },
    );
    assert.ok(searched > 1_000);
  });

  test('nor where there are few values of extranonce2, or a single one', () => {
    const anyThreads = fc.constantFrom(1, 2, 7, 64);
    fc.assert(
      fc.property(anyThreads, fc.constantFrom(0, 1), anySteps, (threadCount, size, steps) => {
        plays(threadCount, [size], steps);
      }),
      { numRuns: 60 },
    );
  });
});
