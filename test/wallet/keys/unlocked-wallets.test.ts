import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LockReason, UnlockedWallets } from '../../../wallet/keys/unlocked-wallets.ts';
import { HandClock } from '../../kit/hand-clock.ts';

const MINUTE_MS = 60_000;

class SomeWallet {
  closed = 0;
  async close(): Promise<void> {
    this.closed += 1;
  }
}

function held() {
  const clock = new HandClock();
  const locks: [string, LockReason][] = [];
  const wallets = new UnlockedWallets<SomeWallet>({
    clock,
    onLock: (id, reason) => locks.push([id, reason]),
  });
  return { clock, locks, wallets };
}

test('a wallet is open until its time without its owner is over, and then forgets its keys', () => {
  const { clock, locks, wallets } = held();
  const wallet = new SomeWallet();
  wallets.hold('a', wallet, 10 * MINUTE_MS);
  clock.pass(10 * MINUTE_MS - 1);
  assert.equal(wallets.get('a'), wallet);
  assert.equal(wallets.idleLeftMs('a'), 1);
  clock.pass(1);
  assert.equal(wallets.get('a'), undefined);
  assert.equal(wallet.closed, 1);
  assert.deepEqual(locks, [['a', 'idle']]);
});

test('what a page asks keeps nothing open, what a person does starts the time anew', () => {
  const { clock, wallets } = held();
  wallets.hold('asked', new SomeWallet(), 10 * MINUTE_MS);
  wallets.hold('used', new SomeWallet(), 10 * MINUTE_MS);
  for (let minute = 0; minute < 15; minute++) {
    clock.pass(MINUTE_MS);
    wallets.get('asked');
    wallets.touch('used');
  }
  assert.deepEqual(wallets.ids(), ['used']);
});

test('a sign of life that comes too late opens nothing again', () => {
  const { clock, wallets } = held();
  wallets.hold('a', new SomeWallet(), MINUTE_MS);
  clock.pass(MINUTE_MS);
  wallets.touch('a');
  assert.equal(wallets.get('a'), undefined);
});

test('setting the system clock back keeps nothing open', () => {
  const { clock, wallets } = held();
  wallets.hold('a', new SomeWallet(), MINUTE_MS);
  clock.jump(-365 * 24 * 60 * MINUTE_MS);
  assert.ok(wallets.get('a'));
  clock.pass(MINUTE_MS);
  assert.equal(wallets.get('a'), undefined);
});

test('the time that a machine sleeps counts, although its steady clock stands still', () => {
  const { clock, wallets, locks } = held();
  wallets.hold('a', new SomeWallet(), 10 * MINUTE_MS);
  clock.jump(8 * 60 * MINUTE_MS);
  assert.equal(wallets.get('a'), undefined);
  assert.deepEqual(locks, [['a', 'idle']]);
});

test('0 minutes mean never, and a new time counts from the last sign of its owner', () => {
  const { clock, wallets } = held();
  wallets.hold('a', new SomeWallet(), 0);
  clock.pass(10_000 * MINUTE_MS);
  assert.ok(wallets.get('a'));
  assert.equal(wallets.idleLeftMs('a'), undefined);
  wallets.touch('a');
  wallets.setIdle('a', 5 * MINUTE_MS);
  clock.pass(5 * MINUTE_MS);
  assert.equal(wallets.get('a'), undefined);
});

test('locking by hand, twice, and all at once', () => {
  const { locks, wallets } = held();
  const [a, b] = [new SomeWallet(), new SomeWallet()];
  wallets.hold('a', a, 0);
  wallets.hold('b', b, 0);
  wallets.lock('a');
  wallets.lock('a');
  wallets.lockAll();
  assert.deepEqual(locks, [
    ['a', 'asked'],
    ['b', 'ended'],
  ]);
  assert.deepEqual([a.closed, b.closed], [1, 1]);
  assert.deepEqual(wallets.ids(), []);
});

test('opening a wallet again closes the copy that was open', () => {
  const { wallets } = held();
  const [first, second] = [new SomeWallet(), new SomeWallet()];
  wallets.hold('a', first, 0);
  wallets.hold('a', second, 0);
  assert.equal(first.closed, 1);
  assert.equal(wallets.get('a'), second);
});
