import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ancestorsOf, candidateOf, type MempoolEntry } from '../../../node/mempool/entry.ts';
import { Mempool } from '../../../node/mempool/mempool.ts';
import type { Transaction } from '../../../protocol/transaction.ts';
import { alice } from '../payment-kit.ts';
import { auditMempool } from './mempool-audit.ts';

const OUTPUTS = 4;

/** A transaction that spends these outpoints; `mark` makes it different from others that spend the same. */
function spending(previous: readonly { txid: Uint8Array; index: number }[], mark: number): Transaction {
  return {
    version: 2,
    inputs: previous.map((each) => ({
      previous: each,
      scriptSig: new Uint8Array(),
      sequence: 0xffff_ffff,
      witness: [],
    })),
    outputs: Array.from({ length: OUTPUTS }, () => ({ value: BigInt(1_000 + mark), script: alice.script })),
    lockTime: 0,
  };
}

/** Does at random what admission, blocks, reorganisations and eviction do to a mempool. */
class RandomLife {
  readonly mempool = new Mempool();
  /** Everything that was ever in, to come back in any order. */
  readonly #gone: MempoolEntry[] = [];
  #made = 0;

  /** Spends free outputs of some entries, or a new coin. */
  add(picks: readonly number[], fee: number): void {
    const entries = [...this.mempool.entries()];
    const spends: { txid: Uint8Array; index: number; key?: string }[] = [];
    for (const pick of picks) {
      const parent = entries[pick % Math.max(1, entries.length)];
      const index = Array.from({ length: OUTPUTS }, (_, at) => at).find(
        (at) =>
          parent &&
          !this.mempool.spender(`${parent.key}:${at}`) &&
          !spends.some((each) => each.key === parent.key && each.index === at),
      );
      if (parent && index !== undefined) spends.push({ txid: parent.txid, index, key: parent.key });
    }
    if (spends.length === 0) {
      const txid = new Uint8Array(32);
      new DataView(txid.buffer).setUint32(0, ++this.#made);
      spends.push({ txid, index: 0 });
    }
    this.mempool.add(candidateOf(spending(spends, ++this.#made), [], BigInt(fee)), 0, 0);
  }

  /** Removes the ancestors of an entry and itself, oldest first, and leaves what depends on them: a block. */
  confirm(pick: number): void {
    const entry = this.#pick(pick);
    if (!entry) return;
    const path = [...ancestorsOf([entry])].sort((a, b) => a.ancestors.count - b.ancestors.count);
    for (const each of path) {
      this.#gone.push(each);
      this.mempool.remove(each, 'confirmed');
    }
  }

  /** Removes one entry from the middle of its family. */
  drop(pick: number): void {
    const entry = this.#pick(pick);
    if (!entry) return;
    this.#gone.push(entry);
    this.mempool.remove(entry, 'reorganisation');
  }

  evict(pick: number): void {
    const entry = this.#pick(pick);
    if (entry) this.mempool.removeWithDescendants(entry, 'evicted');
  }

  /** One that was there comes back, its children before it where they stayed. */
  comeBack(pick: number): void {
    const [back] = this.#gone.splice(pick % Math.max(1, this.#gone.length), 1);
    if (!back || this.mempool.get(back.key)) return;
    if (back.spends.some((outPoint) => this.mempool.spender(outPoint))) return;
    this.mempool.add(candidateOf(back.transaction, [], back.fee), 0, 0);
  }

  prioritise(pick: number, by: number): void {
    const entry = this.#pick(pick);
    if (entry) this.mempool.prioritise(entry.txid, BigInt(by));
  }

  #pick(pick: number): MempoolEntry | undefined {
    return [...this.mempool.entries()][pick % Math.max(1, this.mempool.size)];
  }
}

type Action =
  | ['add', number[], number]
  | ['confirm' | 'drop' | 'comeBack' | 'evict', number]
  | ['prioritise', number, number];

const step: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(
      fc.constant('add' as const),
      fc.array(fc.nat(1_000), { maxLength: 4 }),
      fc.integer({ min: 0, max: 9_000 }),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constantFrom('confirm' as const, 'drop' as const, 'comeBack' as const),
      fc.nat(1_000),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('evict' as const), fc.nat(1_000)) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant('prioritise' as const),
      fc.nat(1_000),
      fc.integer({ min: -9_000, max: 9_000 }),
    ),
  },
);

function live(life: RandomLife, [kind, ...details]: Action): void {
  if (kind === 'add') life.add(...(details as [number[], number]));
  else if (kind === 'prioritise') life.prioritise(...(details as [number, number]));
  else life[kind](...(details as [number]));
}

describe('the mempool', () => {
  test('knows its sums, families, spent coins and orders after whatever came, left and came back', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (actions) => {
        const life = new RandomLife();
        for (const action of actions) {
          live(life, action);
          auditMempool(life.mempool);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('refuses what would break it: a transaction twice, a coin spent twice', () => {
    const mempool = new Mempool();
    const coin = { txid: new Uint8Array(32).fill(1), index: 0 };
    const first = candidateOf(spending([coin], 1), [], 1n);
    mempool.add(first, 0, 0);
    assert.throws(() => mempool.add(first, 0, 0), /in the mempool already/);
    assert.throws(() => mempool.add(candidateOf(spending([coin], 2), [], 1n), 0, 0), /spends a coin/);
    auditMempool(mempool);
  });

  test('counts a sequence up with every entry that comes or goes, and changes with priorities too', () => {
    const mempool = new Mempool();
    const coin = { txid: new Uint8Array(32).fill(1), index: 0 };
    const entry = mempool.add(candidateOf(spending([coin], 1), [], 1n), 0, 0);
    mempool.prioritise(entry.txid, 5n);
    assert.deepEqual([mempool.sequence, mempool.changes], [1, 2]);
    mempool.remove(entry, 'expired');
    assert.deepEqual([mempool.sequence, mempool.changes], [2, 3]);
    assert.equal(mempool.delta(entry.key), 5n, 'a priority outlives its transaction');
    mempool.forgetPriority(entry.txid);
    assert.equal(mempool.delta(entry.key), 0n);
  });
});
