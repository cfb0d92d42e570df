/** What a mempool must say of itself, worked out anew from its transactions alone. */
import assert from 'node:assert/strict';
import { ancestorsOf, descendantsOf, type MempoolEntry, rate } from '../../../node/mempool/entry.ts';
import type { Mempool } from '../../../node/mempool/mempool.ts';
import { hashKey } from '../../../protocol/bytes.ts';
import { outPointKey, type Transaction, txid, vsize } from '../../../protocol/transaction.ts';

/** Compares every sum, link, count, index and order of the mempool with a naive recomputation. */
export function auditMempool(mempool: Mempool): void {
  const entries = [...mempool.entries()];
  const byKey = new Map(entries.map((entry) => [hashKey(txid(entry.transaction)), entry]));
  const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
  assert.equal(mempool.size, entries.length);
  assert.equal(mempool.totalFees, sum(entries.map(({ fee }) => fee)));
  assert.equal(
    mempool.totalVsize,
    entries.reduce((total, { transaction }) => total + vsize(transaction), 0),
  );
  assert.equal(
    mempool.usage,
    entries.reduce((total, { memory }) => total + memory, 0),
  );
  const spenders = new Map<string, MempoolEntry>();
  for (const entry of entries) {
    const key = hashKey(txid(entry.transaction));
    assert.equal(mempool.get(key), entry);
    assert.equal(entry.modifiedFee, entry.fee + mempool.delta(key));
    for (const { previous } of entry.transaction.inputs) {
      const outPoint = outPointKey(previous);
      assert.ok(!spenders.has(outPoint), 'two entries spend the same coin');
      spenders.set(outPoint, entry);
      assert.equal(mempool.spender(outPoint), entry);
    }
    const parents = parentsOf(entry.transaction, byKey);
    assert.deepEqual(new Set(entry.parents), parents);
    for (const parent of parents) assert.ok(parent.children.has(entry));
    for (const child of entry.children) assert.ok(parentsOf(child.transaction, byKey).has(entry));
  }
  for (const entry of entries) {
    for (const [totals, family] of [
      [entry.ancestors, ancestorsOf([entry])],
      [entry.descendants, descendantsOf([entry])],
    ] as const) {
      assert.equal(totals.count, family.size);
      assert.equal(totals.fees, sum([...family].map(({ modifiedFee }) => modifiedFee)));
      assert.equal(
        totals.vsize,
        [...family].reduce((total, each) => total + each.vsize, 0),
      );
    }
  }
  auditOrders(mempool, entries);
}

/** The first entry of both rankings, and the whole order of mining. */
function auditOrders(mempool: Mempool, entries: readonly MempoolEntry[]): void {
  const miningRate = (entry: MempoolEntry) =>
    Math.min(rate(entry.modifiedFee, entry.vsize), rate(entry.ancestors.fees, entry.ancestors.vsize));
  const order = mempool.miningOrder();
  const inOrder: MempoolEntry[] = [];
  for (let next = order.take(); next; next = order.take()) inOrder.push(next);
  const expected = [...entries].sort((a, b) => miningRate(b) - miningRate(a) || a.arrival - b.arrival);
  assert.deepEqual(
    inOrder.map(({ arrival }) => arrival),
    expected.map(({ arrival }) => arrival),
  );
  const evictionRate = (entry: MempoolEntry) =>
    Math.max(rate(entry.modifiedFee, entry.vsize), rate(entry.descendants.fees, entry.descendants.vsize));
  const least = [...entries].sort((a, b) => evictionRate(a) - evictionRate(b) || b.arrival - a.arrival)[0];
  assert.equal(mempool.leastPaying, least);
}

function parentsOf({ inputs }: Transaction, byKey: ReadonlyMap<string, MempoolEntry>): Set<MempoolEntry> {
  const parents = new Set<MempoolEntry>();
  for (const { previous } of inputs) {
    const parent = byKey.get(hashKey(previous.txid));
    if (parent) parents.add(parent);
  }
  return parents;
}
