import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { candidateOf, type MempoolEntry } from '../../../node/mempool/entry.ts';
import { Mempool } from '../../../node/mempool/mempool.ts';
import { selectForBlock } from '../../../node/mempool/selection.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { bob } from '../payment-kit.ts';

const ROOMY = { weight: 4_000_000, sigopsCost: 80_000 };

/** A mempool of made-up transactions: each spends the first outputs of its parents, or a coin of its own. */
class Scene {
  readonly mempool = new Mempool();
  #coins = 0;

  add(fee: bigint, parents: readonly MempoolEntry[] = []): MempoolEntry {
    const spends = parents.map((parent) => ({
      txid: parent.txid,
      index: parent.transaction.outputs.findIndex(
        (_, index) => ![...parent.children].some((child) => spendsOutput(child, parent, index)),
      ),
    }));
    if (spends.length === 0) {
      const made = new Uint8Array(32);
      new DataView(made.buffer).setUint32(0, ++this.#coins);
      spends.push({ txid: made, index: 0 });
    }
    const transaction: Transaction = {
      version: 2,
      inputs: spends.map((previous) => ({ previous, scriptSig: new Uint8Array(), sequence: 0, witness: [] })),
      outputs: Array.from({ length: 8 }, () => ({ value: 1_000n, script: bob.script })),
      lockTime: 0,
    };
    return this.mempool.add(candidateOf(transaction, [], fee), 0, 0);
  }

  select(room = ROOMY): MempoolEntry[] {
    return selectForBlock(this.mempool, room);
  }
}

function spendsOutput({ transaction }: MempoolEntry, parent: MempoolEntry, index: number): boolean {
  const spent = txid(parent.transaction);
  return transaction.inputs.some(
    ({ previous }) => previous.index === index && Buffer.compare(previous.txid, spent) === 0,
  );
}

describe('selection for a block', () => {
  test('takes what pays more per weight first', () => {
    const scene = new Scene();
    const low = scene.add(1_000n);
    const high = scene.add(3_000n);
    const middle = scene.add(2_000n);
    assert.deepEqual(scene.select(), [high, middle, low]);
  });

  test('keeps the order of arrival between equal rates', () => {
    const scene = new Scene();
    const entries = [scene.add(500n), scene.add(500n), scene.add(500n)];
    assert.deepEqual(scene.select(), entries);
  });

  test('puts a parent before its child, however little it pays', () => {
    const scene = new Scene();
    const parent = scene.add(100n);
    const other = scene.add(4_000n);
    const child = scene.add(20_000n, [parent]);
    assert.deepEqual(scene.select(), [parent, child, other]);
  });

  test('lets a child lift its parent only as far as both together pay', () => {
    const scene = new Scene();
    const parent = scene.add(100n);
    const other = scene.add(3_000n);
    const child = scene.add(4_000n, [parent]);
    assert.deepEqual(scene.select(), [other, parent, child]);
  });

  test('ranks a child anew once another one has brought their parent in', () => {
    const scene = new Scene();
    const parent = scene.add(100n);
    const rich = scene.add(20_000n, [parent]);
    const other = scene.add(3_000n);
    const sibling = scene.add(4_000n, [parent]);
    assert.deepEqual(scene.select(), [parent, rich, sibling, other]);
  });

  test('passes over what does not fit and goes on with what does', () => {
    const scene = new Scene();
    const parents = [scene.add(9_000n), scene.add(9_000n)];
    const child = scene.add(50_000n, parents);
    const single = scene.add(100n);
    assert.ok(child.weight > single.weight);
    const weight = 2 * single.weight + single.weight;
    assert.deepEqual(scene.select({ ...ROOMY, weight }), [...parents, single]);
  });

  test('keeps within the signature operations of a block', () => {
    const scene = new Scene();
    const entries = [scene.add(3n), scene.add(2n), scene.add(1n)];
    assert.deepEqual(scene.select({ ...ROOMY, sigopsCost: 2 }), entries.slice(0, 2));
  });

  test('handles a chain far longer than policy admits, as a reorganisation may bring back', () => {
    const scene = new Scene();
    const chain = [scene.add(10n)];
    for (let fee = 11n; fee < 400n; fee++) chain.push(scene.add(fee, [chain.at(-1)!]));
    assert.deepEqual(scene.select(), chain);
  });

  test('never places a child before a parent, never overfills, and takes all when there is room', () => {
    const shape = fc.array(
      fc.record({ fee: fc.bigInt(1n, 50_000n), parents: fc.array(fc.nat(20), { maxLength: 3 }) }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(shape, fc.integer({ min: 0, max: 40_000 }), (transactions, weight) => {
        const scene = new Scene();
        const entries: MempoolEntry[] = [];
        for (const { fee, parents } of transactions) {
          const chosen = new Set(
            parents.map((back) => entries.at(-1 - back)).filter((entry) => entry !== undefined),
          );
          const open = [...chosen].filter((parent) => parent.children.size < 8);
          entries.push(scene.add(fee, open));
        }
        const selected = scene.select({ ...ROOMY, weight });
        const placed = new Set<MempoolEntry>();
        let used = 0;
        for (const entry of selected) {
          for (const parent of entry.parents) assert.ok(placed.has(parent));
          placed.add(entry);
          used += entry.weight;
        }
        assert.ok(used <= weight);
        assert.equal(scene.select().length, entries.length);
      }),
      { numRuns: 200 },
    );
  });
});
