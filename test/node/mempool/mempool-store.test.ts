import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type MempoolRows, MempoolStore } from '../../../node/mempool/mempool-store.ts';
import type { MempoolRow } from '../../../node/storage/mempool-table.ts';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { encodeTransaction, type Transaction, txid } from '../../../protocol/transaction.ts';
import type { Hash } from '../../../protocol/units.ts';
import { createLogger } from '../../../service/log.ts';
import { alice, bob, carol, outputOf, payOn } from '../payment-kit.ts';
import { FakeChain } from './fake-chain.ts';
import { mempoolKit } from './mempool-kit.ts';

/** A table in memory that can fail. */
class FakeRows implements MempoolRows {
  readonly rows = new Map<string, MempoolRow>();
  saves = 0;
  failures = 0;

  async load(): Promise<MempoolRow[]> {
    return [...this.rows.values()];
  }

  async save(written: readonly MempoolRow[], removed: readonly Hash[]): Promise<void> {
    if (this.failures > 0) {
      this.failures--;
      throw new Error('disk full');
    }
    this.saves++;
    for (const id of removed) this.rows.delete(displayHash(id));
    for (const row of written) this.rows.set(displayHash(row.txid), row);
  }
}

const log = createLogger({ name: 'test', level: 'silent' });

function setUp(chain = new FakeChain(), rows = new FakeRows()) {
  const { mempool, admission } = mempoolKit({ chain });
  const store = new MempoolStore({ rows, log });
  return { chain, rows, mempool, admission, store };
}

function rowOf(transaction: Transaction): MempoolRow {
  return { txid: txid(transaction), raw: encodeTransaction(transaction), addedSeconds: 7, addedHeight: 3 };
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
    await rows.save([third, second, first].map(rowOf), []);
    await store.load(mempool, admission);
    assert.deepEqual(
      [...mempool.entries()].map((entry) => displayHash(entry.txid)),
      [first, second, third].map(idOf),
    );
    assert.deepEqual(
      [...mempool.entries()].map((entry) => [entry.addedSeconds, entry.addedHeight]),
      [
        [7, 3],
        [7, 3],
        [7, 3],
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
    await rows.save([rowOf(kept), rowOf(late), damaged], []);
    await store.load(mempool, admission);
    assert.deepEqual(
      [...mempool.entries()].map((entry) => displayHash(entry.txid)),
      [idOf(kept)],
    );
    assert.deepEqual([...rows.rows.keys()], [idOf(kept)]);
  });
});
