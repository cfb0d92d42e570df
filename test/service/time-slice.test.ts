import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inSlices, SharedSlice, TimeSlice } from '../../service/time-slice.ts';

/** Holds the event loop until a slice of time is certainly over. */
function useUp(slice: Pick<TimeSlice, 'isUsedUp'>): void {
  while (!slice.isUsedUp);
}

describe('work in slices of time', () => {
  it('lets others have their turn when a slice is used up', async () => {
    const slice = new TimeSlice();
    useUp(slice);
    let turns = 0;
    setImmediate(() => (turns += 1));
    await slice.renew();
    assert.equal(turns, 1);
  });

  it('runs a generator to its end, in its order, and gives what it returns', async () => {
    const order: string[] = [];
    function* work(): Generator<undefined, string, undefined> {
      for (let step = 0; step < 3; step++) {
        useUp(new TimeSlice());
        order.push(`step ${step}`);
        yield;
      }
      return 'done';
    }
    setImmediate(() => order.push('another'));
    assert.equal(await inSlices(work()), 'done');
    assert.deepEqual(order, ['step 0', 'another', 'step 1', 'step 2']);
  });

  it('gives many who share a slice one turn of the event loop after the other, in their order', async () => {
    const slice = new SharedSlice();
    const done: string[] = [];
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      if (done.length < 6) setImmediate(turn);
    };
    setImmediate(turn);
    const worker = async (name: string): Promise<void> => {
      for (let piece = 0; piece < 2; piece++) {
        while (slice.isUsedUp) await slice.renew();
        useUp(slice);
        done.push(name);
        await undefined;
      }
    };
    await Promise.all([worker('a'), worker('b'), worker('c')]);
    assert.deepEqual(done, ['a', 'b', 'c', 'a', 'b', 'c']);
    assert.ok(turns >= 5, `${turns} turns`);
  });

  it('passes on what the work throws', async () => {
    // biome-ignore lint/correctness/useYield: it throws before it could
    function* work(): Generator<undefined, never, undefined> {
      throw new RangeError('no');
    }
    await assert.rejects(inSlices(work()), RangeError);
  });
});
