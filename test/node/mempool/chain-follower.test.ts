import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import type { Transaction } from '../../../protocol/transaction.ts';
import { alice, bob, carol, outputOf, payOn } from '../payment-kit.ts';
import { blockOf, idOf, idsOf, mempoolKit } from './mempool-kit.ts';

const sorted = (...transactions: Transaction[]) => transactions.map(idOf).sort();

describe('the mempool after a block', () => {
  test('loses what is confirmed and keeps what depends on it', async () => {
    const { chain, mempool, follower, removed, enter } = mempoolKit();
    const first = payOn(chain.fund(alice, COIN), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    await enter(first, second);
    follower.blockConnected(blockOf(first));
    assert.deepEqual(idsOf(mempool), sorted(second));
    assert.deepEqual([...[...mempool.entries()][0]!.parents], []);
    assert.deepEqual(removed, [[idOf(first), 'confirmed']]);
  });

  test('loses what spends a coin of the block, with all that depends on it', async () => {
    const { chain, mempool, follower, removed, enter } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const first = payOn(coin, bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    const other = payOn(chain.fund(alice, COIN), carol, 500n);
    await enter(first, second, other);
    follower.blockConnected(blockOf(payOn(coin, carol, 600n)));
    assert.deepEqual(idsOf(mempool), sorted(other));
    assert.deepEqual(
      new Map(removed),
      new Map([
        [idOf(first), 'conflict'],
        [idOf(second), 'conflict'],
      ]),
    );
  });
});

describe('the mempool after a reorganisation', () => {
  test('has the payments of the blocks that left, in families, and keeps their children', async () => {
    const { chain, mempool, follower, enter } = mempoolKit();
    const first = payOn(chain.fund(alice, COIN), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    chain.connect(second);
    const third = payOn(outputOf(second, 0, carol), alice, 500n);
    await enter(first, third);
    mempool.remove(mempool.entries().next().value!, 'confirmed');
    // The blocks that confirmed the first two leave, the newest first.
    follower.blockDisconnected(blockOf(second));
    chain.forget(outputOf(second, 0, carol));
    follower.blockDisconnected(blockOf(first));
    follower.blockConnected(blockOf());
    await follower.settle();
    assert.deepEqual(idsOf(mempool), sorted(first, second, third));
    const parents = [...mempool.entries()].map((entry) => [entry.parents.size, entry.children.size]);
    assert.deepEqual(parents.sort(), [
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
  });

  test('does not have what the new branch confirmed or made impossible', async () => {
    const { chain, mempool, follower } = mempoolKit();
    const coin = chain.fund(alice, COIN);
    const both = payOn(chain.fund(alice, COIN), bob, 500n);
    const spent = payOn(coin, bob, 500n);
    follower.blockDisconnected(blockOf(both, spent));
    const rival = payOn(coin, carol, 600n);
    chain.connect(both, rival);
    follower.blockConnected(blockOf(both, rival));
    await follower.settle();
    assert.deepEqual(idsOf(mempool), []);
  });

  test('loses what spends a coin that is gone, and what depends on it', async () => {
    const { chain, mempool, follower, removed, enter } = mempoolKit();
    const reward = chain.fund(alice, COIN);
    const first = payOn(reward, bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    await enter(first, second);
    follower.blockDisconnected(blockOf());
    chain.forget(reward);
    await follower.settle();
    assert.equal(mempool.size, 0);
    assert.deepEqual(new Set(removed.map(([, reason]) => reason)), new Set(['reorganisation']));
  });

  test('takes back what policy would not take anew', async () => {
    const { chain, mempool, follower } = mempoolKit();
    const free = payOn(chain.fund(alice, COIN), bob, 0n);
    follower.blockDisconnected(blockOf(free));
    await follower.settle();
    assert.deepEqual(idsOf(mempool), sorted(free));
  });

  test('takes new transactions only once the chain stands', async () => {
    const { chain, mempool, admission, follower } = mempoolKit();
    const first = payOn(chain.fund(alice, COIN), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    follower.blockDisconnected(blockOf(first));
    // Its parent is neither on the chain nor in the mempool at this moment.
    const accepted = admission.accept(second);
    await follower.settle();
    assert.ok('accepted' in (await accepted));
    assert.deepEqual(idsOf(mempool), sorted(first, second));
  });
});
