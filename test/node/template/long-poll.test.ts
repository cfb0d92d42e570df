import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { LongPoll, longPollId } from '../../../node/long-poll.ts';
import { candidateOf } from '../../../node/mempool/entry.ts';
import { Mempool } from '../../../node/mempool/mempool.ts';
import { TemplateSource } from '../../../node/template.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { alice, bob, payOn } from '../payment-kit.ts';

const { dev } = PROFILES;

function setUp() {
  const chain = {
    profile: dev,
    tip: { hash: new Uint8Array(32).fill(1), height: 41, medianTime: 1_799_999_950 },
    nextBits: (time: number) => (time > 1_800_000_200 ? 0x1f00ffff : 0x1e00ffff),
  };
  const clock = { seconds: 1_800_000_005, nowSeconds: () => clock.seconds };
  const mempool = new Mempool();
  const templates = new TemplateSource({ chain, mempool, clock });
  const longPoll = new LongPoll(templates);
  mempool.listen({ added: () => longPoll.changed(), removed: () => longPoll.changed() });
  let coins = 0;
  const pay = (fee: bigint) => {
    const coin = { txid: new Uint8Array(32).fill(++coins), index: 0, value: 1_000_000n, owner: alice };
    mempool.add(candidateOf(payOn(coin, bob, fee), [], fee), 0, 0);
  };
  const never = new AbortController().signal;
  /** Starts to wait from the present work on; `ended()` says whether it is over by now. */
  const wait = (id = longPollId(templates.current(), templates.moment()), signal = never) => {
    let done = false;
    const promise = longPoll.wait(id, signal).then(() => {
      done = true;
    });
    const ended = async () => {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      return done;
    };
    return { promise, ended };
  };
  return { chain, clock, mempool, templates, longPoll, pay, wait };
}

describe('the long poll', () => {
  test('ends at once on a new tip', async () => {
    const { chain, longPoll, wait } = setUp();
    const { promise, ended } = wait();
    assert.equal(await ended(), false);
    chain.tip = { ...chain.tip, hash: new Uint8Array(32).fill(2), height: 42 };
    longPoll.changed();
    await promise;
  });

  test('ends at once when fees grow by a tenth, and not before', async () => {
    const { pay, wait } = setUp();
    const first = wait();
    pay(10_000n);
    await first.promise;
    const second = wait();
    pay(900n);
    assert.equal(await second.ended(), false);
    pay(100n);
    await second.promise;
  });

  test('ends when the clock changes the bits', async (t) => {
    mock.timers.enable({ apis: ['setInterval'] });
    t.after(() => mock.timers.reset());
    const { clock, wait } = setUp();
    const { promise, ended } = wait();
    mock.timers.tick(1_000);
    assert.equal(await ended(), false);
    clock.seconds = 1_800_000_201;
    mock.timers.tick(1_000);
    await promise;
  });

  test('answers at once to work of another tip, other bits or another making', async () => {
    const { templates, clock, wait } = setUp();
    const id = longPollId(templates.current(), templates.moment());
    clock.seconds = 1_800_000_201;
    await wait(id).promise;
    await wait('f'.repeat(72)).promise;
    await wait('not one of ours').promise;
  });

  test('ends when whoever waits has gone', async () => {
    const { wait } = setUp();
    const gone = new AbortController();
    const { promise, ended } = wait(undefined, gone.signal);
    assert.equal(await ended(), false);
    gone.abort();
    await promise;
    await wait(undefined, AbortSignal.abort()).promise;
  });

  test('wakes all who wait', async () => {
    const { pay, wait } = setUp();
    const waiting = [wait(), wait(), wait()];
    pay(10_000n);
    await Promise.all(waiting.map(({ promise }) => promise));
  });
});
