import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reducer, runReducer } from '../../../miner/source/reducer-loop.ts';

type Event = 'tick' | 'first' | 'second';

test('an event that an effect gives rise to is handled after the effects beside it', () => {
  const done: string[] = [];
  const reducer: Reducer<Event, string> = {
    deadlineMs: undefined,
    handle: (event) => (event === 'first' ? ['a', 'b'] : [`${event} handled`]),
  };
  const dispatch = runReducer<Event, string>(reducer, {
    tick: 'tick',
    carryOut: (effect) => {
      done.push(effect);
      if (effect === 'a') dispatch('second');
    },
    nowMs: () => 0,
  });
  dispatch('first');
  assert.deepEqual(done, ['a', 'b', 'second handled']);
});

test('a tick comes when the deadline has come, never before', async () => {
  let deadlineMs: number | undefined;
  const ticks: number[] = [];
  const ticked = new Promise<void>((resolve) => {
    const reducer: Reducer<Event, never> = {
      get deadlineMs() {
        return deadlineMs;
      },
      handle: (event, nowMs) => {
        deadlineMs = event === 'first' ? nowMs + 12.5 : undefined;
        if (event === 'tick') {
          ticks.push(nowMs - startMs);
          resolve();
        }
        return [];
      },
    };
    const startMs = performance.now();
    runReducer<Event, never>(reducer, { tick: 'tick', carryOut: () => {}, nowMs: () => performance.now() })(
      'first',
    );
  });
  await ticked;
  assert.ok(ticks.length === 1 && ticks[0]! >= 12.5);
});

test('an effect that throws leaves the loop usable', () => {
  const done: string[] = [];
  const reducer: Reducer<Event, Event> = { deadlineMs: undefined, handle: (event) => [event] };
  const dispatch = runReducer<Event, Event>(reducer, {
    tick: 'tick',
    carryOut: (effect) => {
      if (effect === 'first') throw new Error('no');
      done.push(effect);
    },
    nowMs: () => 0,
  });
  assert.throws(() => dispatch('first'), /no/);
  dispatch('second');
  assert.deepEqual(done, ['second']);
});
