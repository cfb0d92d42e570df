import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MinerEvent } from '../../../miner/event.ts';
import type { Hit, Work } from '../../../miner/hashing/work.ts';
import { createFailoverSource } from '../../../miner/source/failover-source.ts';
import type { SourceListener, WorkSource } from '../../../miner/source/work-source.ts';

const PROBLEM = { code: 'unreachable', text: 'gone' } as const;
const FAR = 3_600_000;

/** A source that does what a test tells it. */
class FakeSource implements WorkSource {
  readonly listener: SourceListener;
  readonly hits: Hit[] = [];
  readonly calls: string[] = [];
  release = (): void => {};

  constructor(listener: SourceListener) {
    this.listener = listener;
  }

  start(): void {
    this.calls.push('start');
  }

  submit(hit: Hit): void {
    this.hits.push(hit);
  }

  stop(): Promise<void> {
    this.calls.push('stop');
    return new Promise((resolve) => {
      this.release = resolve;
    });
  }

  /** An attempt fails, and the next one is far away. */
  fail(): void {
    this.listener.onEvent({ type: 'disconnected', problem: PROBLEM, retryInMs: FAR });
  }
}

function several(count: number) {
  const opened: FakeSource[][] = Array.from({ length: count }, () => []);
  const works: (Work | undefined)[] = [];
  const settled: number[] = [];
  const events: MinerEvent[] = [];
  let nowMs = 0;
  const places = opened.map((sources, i) => ({
    pool: `pool-${i}`,
    user: 'me',
    open: (listener: SourceListener) => {
      const source = new FakeSource(listener);
      sources.push(source);
      return source;
    },
  }));
  const source = createFailoverSource(
    places,
    { nowMs: () => nowMs },
    {
      onWork: (work) => works.push(work),
      onRest: () => works.push(undefined),
      onSettled: (thread) => settled.push(thread),
      onEvent: (event) => events.push(event),
    },
  );
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { source, opened, works, settled, events, pass };
}

// Only their serials matter here.
const work = (serial: number): Work => ({ serial }) as Work;
const hit = (serial: number): Hit => ({ serial, thread: 3 }) as Hit;

describe('several sources as one', () => {
  test('open the first alone, and nothing before the start', () => {
    const { source, opened } = several(2);
    assert.deepEqual(opened, [[], []]);
    source.start();
    assert.deepEqual(
      opened.map((sources) => sources.map(({ calls }) => calls)),
      [[['start']], []],
    );
    void source.stop();
  });

  test('hand work, hits and what becomes of them to where they belong', () => {
    const { source, opened, works, settled } = several(2);
    source.start();
    const [[first]] = opened as [[FakeSource], [FakeSource]];
    first.fail();
    const second = opened[1]![0]!;
    second.listener.onWork(work(1));
    first.listener.onWork(work(2));
    source.submit(hit(1));
    source.submit(hit(2));
    second.listener.onSettled(5);
    assert.deepEqual([first.hits, second.hits], [[hit(2)], [hit(1)]]);
    assert.deepEqual([works, settled], [[work(1), work(2)], [5]]);
    void source.stop();
  });

  test('open a source anew after it was let go', async () => {
    const { source, opened, events, pass } = several(2);
    source.start();
    const first = opened[0]![0]!;
    first.fail();
    const second = opened[1]![0]!;
    second.listener.onWork(work(1));
    first.listener.onWork(work(2));
    pass(FAR);
    first.listener.onWork(work(3));
    assert.deepEqual(second.calls, ['start', 'stop']);
    second.release();
    await Promise.resolve();
    first.listener.onWork(undefined);
    first.fail();
    await new Promise(setImmediate);
    first.fail();
    assert.equal(opened[1]!.length, 2);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'pool' ? [event.pool] : [])),
      ['pool-1', 'pool-0'],
    );
    void source.stop();
  });

  test('stop when the last of them has', async () => {
    const { source, opened, works, events } = several(2);
    source.start();
    opened[0]![0]!.fail();
    opened[1]![0]!.listener.onWork(work(1));
    let isStopped = false;
    const stopped = source.stop().then(() => {
      isStopped = true;
    });
    assert.equal(works.at(-1), undefined);
    opened[0]![0]!.release();
    await new Promise(setImmediate);
    assert.equal(isStopped, false);
    opened[1]![0]!.release();
    await stopped;
    assert.equal(events.at(-1)?.type, 'stopped');
  });
});
