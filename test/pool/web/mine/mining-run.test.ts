import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine } from '../../../../miner/engine.ts';
import { Statistics } from '../../../../miner/figures/statistics.ts';
import { MiningRun } from '../../../../pool/web/mine/mining-run.ts';

/** Engines that start and stop when the test says so. */
class Bench {
  readonly states: string[] = [];
  readonly run: MiningRun<string>;
  readonly orders: string[] = [];
  stops = 0;
  nowMs = 0;
  #settle: ((outcome: Engine | Error) => void) | undefined;

  constructor() {
    this.run = new MiningRun<string>({
      startEngine: (order) => {
        this.orders.push(order);
        return new Promise((accept, reject) => {
          this.#settle = (outcome) => (outcome instanceof Error ? reject(outcome) : accept(outcome));
        });
      },
      onState: (state) => this.states.push(state.name),
    });
  }

  started(): void {
    const statistics = new Statistics({
      ...{ kernel: () => 'js', threads: 1, pool: 'here', user: 'me' },
      nowMs: () => this.nowMs,
    });
    this.#settle?.({
      stats: () => statistics.snapshot(),
      stop: async () => {
        this.stops += 1;
        // The last answer comes while it stops.
        statistics.observe({ type: 'share-accepted', difficulty: 1, isBlock: true, latencyMs: 1 });
      },
    });
  }

  failed(reason: string): void {
    this.#settle?.(new Error(reason));
  }
}

test('a run starts, runs, stops, and can be started again', async () => {
  const bench = new Bench();
  for (const order of ['first', 'second']) {
    const starting = bench.run.start(order);
    bench.started();
    await starting;
    await bench.run.stop();
  }
  assert.deepEqual(bench.orders, ['first', 'second']);
  const once = ['starting', 'running', 'stopping', 'off'];
  assert.deepEqual(bench.states, [...once, ...once]);
  assert.equal(bench.stops, 2);
});

test('the figures of a run that has stopped stand still, the last answers in them, until the next one starts', async () => {
  const bench = new Bench();
  const figures = () => bench.run.stats;
  assert.equal(figures(), undefined);
  const starting = bench.run.start('first');
  bench.started();
  await starting;
  bench.nowMs = 5_000;
  await bench.run.stop();
  bench.nowMs = 60_000;
  const last = figures();
  assert.deepEqual([last?.uptimeSeconds, last?.blocks, last?.shares.accepted], [5, 1, 1]);
  void bench.run.start('second');
  assert.equal(figures(), undefined);
});

test('stopped while it is starting, it ends as soon as it has started', async () => {
  const bench = new Bench();
  const starting = bench.run.start('order');
  await bench.run.stop();
  await bench.run.stop();
  assert.equal(bench.run.state.name, 'stopping');
  bench.started();
  await starting;
  assert.deepEqual(bench.states, ['starting', 'stopping', 'off']);
  assert.equal(bench.stops, 1);
});

test('one run at a time: a second start changes nothing', async () => {
  const bench = new Bench();
  const starting = bench.run.start('first');
  await bench.run.start('second');
  bench.started();
  await starting;
  await bench.run.start('third');
  assert.deepEqual(bench.orders, ['first']);
});

test('what keeps it from starting is told, and it can be tried again', async () => {
  const bench = new Bench();
  const starting = bench.run.start('first');
  bench.failed('no workers here');
  await starting;
  assert.deepEqual(bench.run.state, { name: 'failed', reason: 'no workers here' });
  await bench.run.stop();
  assert.equal(bench.run.state.name, 'failed');
  const again = bench.run.start('second');
  bench.started();
  await again;
  assert.equal(bench.run.state.name, 'running');
});

test('a failure after it was to be stopped is told too', async () => {
  const bench = new Bench();
  const starting = bench.run.start('order');
  await bench.run.stop();
  bench.failed('too late');
  await starting;
  assert.equal(bench.run.state.name, 'failed');
});
