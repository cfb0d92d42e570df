import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FeeEstimator } from '../../../node/mempool/fee-estimator.ts';
import { type MempoolRows, MempoolStore } from '../../../node/mempool/mempool-store.ts';
import type { MempoolChange, MempoolRow, PriorityRow } from '../../../node/storage/mempool-table.ts';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash, hashKey } from '../../../protocol/bytes.ts';
import { encodeTransaction, type Transaction, txid } from '../../../protocol/transaction.ts';
import { createLogger } from '../../../service/log.ts';
import { alice, bob, carol, outputOf, payOn } from '../payment-kit.ts';
import { FakeChain } from './fake-chain.ts';
import { mempoolKit } from './mempool-kit.ts';

/** A table in memory that can fail. */
class FakeRows implements MempoolRows {
  readonly file = 'nowhere';
  readonly rows = new Map<string, MempoolRow>();
  readonly priorities = new Map<string, PriorityRow>();
  estimates: string | undefined;
  saves = 0;
  failures = 0;

  async load(): Promise<MempoolRow[]> {
    return [...this.rows.values()];
  }

  async loadPriorities(): Promise<PriorityRow[]> {
    return [...this.priorities.values()];
  }

  async loadEstimates(): Promise<string | undefined> {
    return this.estimates;
  }

  async saveEstimates(learned: string): Promise<void> {
    this.estimates = learned;
  }

  async save({ written, removed, priorities }: MempoolChange): Promise<void> {
    if (this.failures > 0) {
      this.failures--;
      throw new Error('disk full');
    }
    this.saves++;
    for (const id of removed) this.rows.delete(displayHash(id));
    for (const row of written) this.rows.set(displayHash(row.txid), row);
    for (const row of priorities) {
      if (row.delta === 0) this.priorities.delete(displayHash(row.txid));
      else this.priorities.set(displayHash(row.txid), row);
    }
  }
}

const log = createLogger({ name: 'test', level: 'silent' });

/** A minute before the clock of these tests. */
const ENTERED = 1_800_000_040;
const NOTHING: MempoolChange = { written: [], removed: [], priorities: [] };

function setUp(chain = new FakeChain(), rows = new FakeRows()) {
  const { mempool, admission, enter } = mempoolKit({ chain });
  const estimator = new FeeEstimator(chain.tip.height);
  mempool.listen(estimator);
  const store = new MempoolStore({ rows, estimator, log });
  return { estimator, enter, chain, rows, mempool, admission, store };
}

function rowOf(transaction: Transaction): MempoolRow {
  return {
    txid: txid(transaction),
    raw: encodeTransaction(transaction),
    addedSeconds: ENTERED,
    addedHeight: 3,
  };
}

const idOf = (transaction: Transaction) => displayHash(txid(transaction));

describe('the mempool on disk', () => {
  test('holds what entered and not what left again', async () => {
    const { chain, rows, mempool, admission, store } = setUp();
    mempool.listen(store);
    const payments = [alice, bob, carol].map((owner) => payOn(chain.fund(owner, COIN), bob, 500n));
    for (const payment of payments) await admission.accept(payment);
    const [first] = mempool.entries();
    mempool.remove(first!, 'confirmed');
    await store.flush();
    assert.deepEqual([...rows.rows.keys()].sort(), payments.slice(1).map(idOf).sort());
    assert.equal(rows.saves, 1);
    await store.close();
  });

  test('is written without being asked', async () => {
    const { chain, rows, mempool, admission, store } = setUp();
    mempool.listen(store);
    const written = new Promise<void>((resolve) => {
      const save = rows.save.bind(rows);
      rows.save = async (...change) => {
        await save(...change);
        resolve();
      };
    });
    await admission.accept(payOn(chain.fund(alice, COIN), bob, 500n));
    assert.equal(rows.rows.size, 0);
    await written;
    assert.equal(rows.rows.size, 1);
    await store.close();
  });

  test('loses nothing when a write fails', async () => {
    const { chain, rows, mempool, admission, store } = setUp();
    mempool.listen(store);
    const first = payOn(chain.fund(alice, COIN), bob, 500n);
    const second = payOn(chain.fund(alice, COIN), bob, 500n);
    await admission.accept(first);
    rows.failures = 1;
    await assert.rejects(store.flush(), /disk full/);
    await admission.accept(second);
    await store.close();
    assert.deepEqual([...rows.rows.keys()].sort(), [idOf(first), idOf(second)].sort());
  });

  test('comes back in any order, with the times it had', async () => {
    const { chain, rows, mempool, admission, store } = setUp();
    const first = payOn(chain.fund(alice, COIN), bob, 500n);
    const second = payOn(outputOf(first, 0, bob), carol, 500n);
    const third = payOn(outputOf(second, 0, carol), alice, 500n);
    await rows.save({ ...NOTHING, written: [third, second, first].map(rowOf) });
    await store.load(mempool, admission);
    assert.deepEqual(
      [...mempool.entries()].map((entry) => displayHash(entry.txid)),
      [first, second, third].map(idOf),
    );
    assert.deepEqual(
      [...mempool.entries()].map((entry) => [entry.addedSeconds, entry.addedHeight]),
      [
        [ENTERED, 3],
        [ENTERED, 3],
        [ENTERED, 3],
      ],
    );
  });

  test('comes back without what no longer fits, and forgets it', async () => {
    const { chain, rows, mempool, admission, store } = setUp();
    const coin = chain.fund(alice, COIN);
    const kept = payOn(chain.fund(bob, COIN), bob, 500n);
    const late = payOn(coin, bob, 500n);
    chain.connect(payOn(coin, carol, 900n));
    const damaged = { ...rowOf(payOn(chain.fund(bob, COIN), carol, 1n)), raw: Uint8Array.of(1, 2, 3) };
    await rows.save({ ...NOTHING, written: [rowOf(kept), rowOf(late), damaged] });
    await store.load(mempool, admission);
    assert.deepEqual(
      [...mempool.entries()].map((entry) => displayHash(entry.txid)),
      [idOf(kept)],
    );
    assert.deepEqual([...rows.rows.keys()], [idOf(kept)]);
  });

  test('comes back without what has waited too long meanwhile', async () => {
    const { chain, rows, mempool, admission, store } = setUp();
    const old = { ...rowOf(payOn(chain.fund(alice, COIN), bob, 500n)), addedSeconds: ENTERED - 72 * 3600 };
    await rows.save({ ...NOTHING, written: [old] });
    await store.load(mempool, admission);
    assert.equal(mempool.size, 0);
    assert.equal(rows.rows.size, 0);
  });
});

describe('what is kept beside the transactions', () => {
  test('priorities come back before the transactions they are for', async () => {
    const { chain, rows, mempool, store, enter } = setUp();
    mempool.listen(store);
    const payment = payOn(chain.fund(alice, COIN), bob, 500n);
    await enter(payment);
    mempool.prioritise(txid(payment), 1_000n);
    mempool.prioritise(txid(payment), 234n);
    const unseen = new Uint8Array(32).fill(3);
    mempool.prioritise(unseen, -7n);
    await store.close();
    const again = setUp(chain, rows);
    await again.store.load(again.mempool, again.admission);
    assert.equal([...again.mempool.entries()][0]?.modifiedFee, 1_734n);
    assert.equal(again.mempool.delta(hashKey(unseen)), -7n);
    again.mempool.listen(again.store);
    again.mempool.forgetPriority(unseen);
    await again.store.close();
    assert.deepEqual([...rows.priorities.keys()], [idOf(payment)]);
  });

  test('what was learned about fees comes back; what cannot be read is learned anew', async () => {
    const { rows, store } = setUp();
    await store.close();
    assert.ok(rows.estimates);
    const again = setUp(new FakeChain(), rows);
    await again.store.load(again.mempool, again.admission);
    rows.estimates = '{"lastHeight":"high"}';
    const damaged = setUp(new FakeChain(), rows);
    await damaged.store.load(damaged.mempool, damaged.admission);
    assert.deepEqual(damaged.estimator.estimate(6, 'economical'), { rate: undefined, blocks: 0 });
    await Promise.all([again.store.close(), damaged.store.close()]);
  });
});
