import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { describe, test } from 'node:test';
import { Orphanage } from '../../../node/mempool/orphanage.ts';
import { RecentKeys } from '../../../node/mempool/recent-keys.ts';
import { RecentRejects } from '../../../node/mempool/recent-rejects.ts';
import { type IntakeResult, TransactionIntake } from '../../../node/mempool/transaction-intake.ts';
import { COIN } from '../../../protocol/amount.ts';
import { type Transaction, txid, wtxid } from '../../../protocol/transaction.ts';
import { alice, bob, carol, outputOf, pay, payOn } from '../payment-kit.ts';
import { blockOf, idOf, idsOf, mempoolKit, SILENT, withBadSignature } from './mempool-kit.ts';

const PEER = 7;
const OTHER = 8;

function setUp() {
  const kit = mempoolKit();
  const { admission, mempool, clock, chain, follower } = kit;
  const orphans = new Orphanage(clock);
  const rejects = new RecentRejects();
  const intake = new TransactionIntake({ admission, orphans, rejects, log: SILENT });
  mempool.listen(intake);
  const tried = new EventEmitter();
  intake.onOrphan((peer, transaction, result) => tried.emit('tried', peer, idOf(transaction), result));
  const nextTried = () => once(tried, 'tried') as Promise<[number, string, IntakeResult]>;
  const connect = (...transactions: Transaction[]) => {
    chain.connect(...transactions);
    const block = blockOf(...transactions);
    follower.blockConnected(block);
    intake.blockConnected(block);
  };
  return { ...kit, orphans, rejects, intake, nextTried, connect };
}

describe('a transaction from a peer', () => {
  test('enters, and is known from then on', async () => {
    const { chain, intake, mempool } = setUp();
    const payment = payOn(chain.fund(alice, COIN), bob, 500n);
    const result = await intake.take(payment, PEER);
    assert.equal(result.outcome, 'accepted');
    assert.deepEqual(await intake.take(payment, OTHER), { outcome: 'known' });
    assert.equal(mempool.size, 1);
  });

  test('waits for its parents, whose ids are told, and enters after them', async () => {
    const { chain, intake, orphans, mempool, nextTried } = setUp();
    const parents = [bob, carol].map((owner) => payOn(chain.fund(alice, COIN), owner, 500n));
    const child = pay(
      [outputOf(parents[0]!, 0, bob), outputOf(parents[1]!, 0, carol)],
      [{ value: COIN, script: alice.script }],
    );
    const grandchild = payOn(outputOf(child, 0, alice), carol, 500n);
    assert.deepEqual(await intake.take(grandchild, OTHER), { outcome: 'orphan', parents: [txid(child)] });
    assert.deepEqual(await intake.take(child, PEER), { outcome: 'orphan', parents: parents.map(txid) });
    assert.deepEqual(await intake.take(child, OTHER), { outcome: 'known' });
    assert.ok(orphans.has(wtxid(child)));
    await intake.take(parents[0]!, PEER);
    assert.equal(orphans.size, 2);
    const first = nextTried();
    await intake.take(parents[1]!, PEER);
    const [peer, id, result] = await first;
    assert.deepEqual([peer, id, result.outcome], [PEER, idOf(child), 'accepted']);
    const [lastPeer, lastId] = mempool.size === 4 ? [OTHER, idOf(grandchild)] : await nextTried();
    assert.deepEqual([lastPeer, lastId], [OTHER, idOf(grandchild)]);
    assert.deepEqual(idsOf(mempool), [...parents, child, grandchild].map(idOf).sort());
    assert.equal(orphans.size, 0);
  });

  test('enters when its parent is mined, or comes from elsewhere', async () => {
    const { chain, intake, mempool, enter, nextTried, connect } = setUp();
    const mined = payOn(chain.fund(alice, COIN), bob, 500n);
    const sent = payOn(chain.fund(alice, COIN), bob, 500n);
    const children = [mined, sent].map((parent) => payOn(outputOf(parent, 0, bob), carol, 500n));
    for (const child of children) await intake.take(child, PEER);
    let tried = nextTried();
    connect(mined);
    await tried;
    tried = nextTried();
    await enter(sent);
    await tried;
    assert.deepEqual(idsOf(mempool), [sent, ...children].map(idOf).sort());
  });

  test('that turns out to be wrong once its parents are there is the fault of whoever sent it', async () => {
    const { chain, intake, nextTried } = setUp();
    const parent = payOn(chain.fund(alice, COIN), bob, 500n);
    await intake.take(withBadSignature(payOn(outputOf(parent, 0, bob), carol, 500n)), OTHER);
    const tried = nextTried();
    await intake.take(parent, PEER);
    const [peer, , result] = await tried;
    assert.equal(peer, OTHER);
    assert.ok(result.outcome === 'refused');
    assert.equal(result.error.action, 'ban');
  });

  test('is not looked at twice when it was refused, until there is a new tip', async () => {
    const { chain, intake, rejects, connect } = setUp();
    const { height } = chain.tip;
    const young = chain.fund(alice, COIN, { coinbase: true, height: height + 1 - 99 });
    const early = payOn(young, bob, 500n);
    const refused = await intake.take(early, PEER);
    assert.ok(refused.outcome === 'refused');
    assert.equal(refused.error.code, 'bad-txns-premature-spend-of-coinbase');
    assert.ok(rejects.has(wtxid(early)));
    assert.deepEqual(await intake.take(early, OTHER), { outcome: 'known' });
    connect();
    assert.equal((await intake.take(early, OTHER)).outcome, 'accepted');
  });

  test('is not kept out by somebody else’s copy with a wrong witness', async () => {
    const { chain, intake } = setUp();
    const payment = payOn(chain.fund(alice, COIN), bob, 500n);
    assert.equal((await intake.take(withBadSignature(payment), OTHER)).outcome, 'refused');
    assert.equal((await intake.take(payment, PEER)).outcome, 'accepted');
  });

  test('that spends a spent coin or an output that never was is no orphan', async () => {
    const { chain, intake, orphans, connect } = setUp();
    const coin = chain.fund(alice, COIN);
    const mined = payOn(coin, bob, 500n);
    connect(mined);
    const late = payOn(outputOf(mined, 0, bob), carol, 500n);
    connect(late);
    const twice = payOn(outputOf(mined, 0, bob), alice, 900n);
    const waiting = payOn(chain.fund(alice, COIN), bob, 500n);
    await intake.take(waiting, PEER);
    const beyond = payOn({ ...outputOf(waiting, 0, bob), index: 1 }, carol, 500n);
    for (const transaction of [twice, beyond]) {
      const result = await intake.take(transaction, PEER);
      assert.ok(result.outcome === 'refused');
      assert.equal(result.error.code, 'bad-txns-inputs-missingorspent');
    }
    assert.equal(orphans.size, 0);
    assert.deepEqual(await intake.take(late, PEER), { outcome: 'known' });
  });

  test('that waits is dropped when a block spends its coin', async () => {
    const { chain, intake, orphans, connect } = setUp();
    const coin = chain.fund(alice, COIN);
    const parent = payOn(chain.fund(bob, COIN), bob, 500n);
    const orphan = pay([coin, outputOf(parent, 0, bob)], [{ value: COIN, script: carol.script }]);
    await intake.take(orphan, PEER);
    assert.equal(orphans.size, 1);
    connect(payOn(coin, carol, 700n));
    assert.equal(orphans.size, 0);
  });
});

describe('a bounded memory of keys', () => {
  test('forgets the oldest, never the last so many', () => {
    const keys = new RecentKeys(100);
    for (let key = 0; key < 1_000; key++) {
      keys.add(String(key));
      for (let back = 0; back < Math.min(100, key + 1); back++) assert.ok(keys.has(String(key - back)));
    }
    const remembered = Array.from({ length: 1_000 }, (_, key) => keys.has(String(key))).filter(Boolean);
    assert.ok(remembered.length <= 202);
    keys.clear();
    assert.ok(!keys.has('999'));
  });
});
