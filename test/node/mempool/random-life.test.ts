/** Whatever transactions, blocks and reorganisations come, the mempool stays what it should be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RETURNING } from '../../../node/mempool/admission.ts';
import type { MempoolEntry } from '../../../node/mempool/entry.ts';
import { MAX_FAMILY_VSIZE } from '../../../node/mempool/policy.ts';
import { COIN } from '../../../protocol/amount.ts';
import type { Transaction } from '../../../protocol/transaction.ts';
import { alice, outputOf, type Spendable } from '../payment-kit.ts';
import { auditMempool } from './mempool-audit.ts';
import { blockOf, type MempoolKit, mempoolKit, reasonOf } from './mempool-kit.ts';

/** A small mempool is full after some ten transactions. */
const MAX_BYTES = 18_000;
const OUTPUTS = 3;

/** A payment with a witness of the usual size that nobody checks here. */
function draft(coins: readonly Spendable[], fee: bigint, outputs = OUTPUTS): Transaction {
  const value = coins.reduce((sum, coin) => sum + coin.value, 0n) - fee;
  const share = value / BigInt(outputs);
  return {
    version: 2,
    inputs: coins.map(({ txid, index }) => ({
      previous: { txid, index },
      scriptSig: new Uint8Array(),
      sequence: 0xffff_ffff,
      witness: [new Uint8Array(71), new Uint8Array(33)],
    })),
    outputs: Array.from({ length: outputs }, (_, index) => ({
      value: index === 0 ? value - share * BigInt(outputs - 1) : share,
      script: alice.script,
    })),
    lockTime: 0,
  };
}

class RandomLife {
  readonly kit: MempoolKit = mempoolKit({ maxBytes: MAX_BYTES });
  readonly #coins: Spendable[];
  /** Blocks of the branch that may be taken back, newest last. */
  readonly #blocks: Transaction[][] = [];
  readonly outcomes = new Set<string>();

  constructor() {
    this.#coins = Array.from({ length: 6 }, () => this.kit.chain.fund(alice, COIN));
  }

  /** Spends some coins, confirmed or made by the mempool, spent already or not. */
  async pay(picks: readonly number[], fee: number): Promise<void> {
    const { mempool, admission, verified } = this.kit;
    const made = [...mempool.entries()].flatMap(({ transaction }) =>
      transaction.outputs.map((_, index) => outputOf(transaction, index, alice)),
    );
    const all = [...this.#coins, ...made];
    const coins = new Set(picks.map((pick) => all[pick % all.length]!));
    const payment = draft([...coins], BigInt(fee));
    verified.add(payment);
    const feesBefore = mempool.totalFees;
    const removedBefore = this.kit.removed.length;
    const verdict = await admission.accept(payment);
    const removed = this.kit.removed.slice(removedBefore);
    this.outcomes.add(reasonOf(verdict) ?? (removed.length > 0 ? removed[0]![1] : 'accepted'));
    const isReplacement = removed.some(([, reason]) => reason === 'replaced');
    const wasEvicted = removed.some(([, reason]) => reason === 'evicted');
    if (isReplacement && !wasEvicted) assert.ok(mempool.totalFees > feesBefore, 'a replacement lowers fees');
    if ('rejected' in verdict && !wasEvicted) assert.equal(mempool.totalFees, feesBefore);
  }

  /** A block with some entries and all they depend on. */
  mine(picks: readonly number[]): void {
    const { mempool, chain, follower } = this.kit;
    const entries = [...mempool.entries()];
    const chosen = new Set<MempoolEntry>();
    for (const pick of picks) {
      const entry = entries[pick % Math.max(1, entries.length)];
      if (entry) for (const each of familyOf(entry)) chosen.add(each);
    }
    const transactions = [...chosen]
      .sort((a, b) => a.ancestors.count - b.ancestors.count)
      .map(({ transaction }) => transaction);
    chain.connect(...transactions);
    follower.blockConnected(blockOf(...transactions));
    this.#blocks.push(transactions);
  }

  /** The newest blocks leave; one that holds nothing takes their place. */
  async reorganise(depth: number): Promise<void> {
    const { chain, follower } = this.kit;
    for (let count = 0; count < depth; count++) {
      const transactions = this.#blocks.pop();
      if (transactions === undefined) break;
      chain.disconnect(...transactions);
      follower.blockDisconnected(blockOf(...transactions));
    }
    await follower.settle();
  }

  wait(hours: number): void {
    this.kit.clock.seconds += hours * 3_600;
    this.kit.capacity.enforce();
  }

  audit(): void {
    const { mempool, capacity } = this.kit;
    auditMempool(mempool);
    assert.ok(mempool.usage <= capacity.maxBytes, 'the limit is exceeded');
    for (const { ancestors, descendants } of mempool.entries()) {
      assert.ok(ancestors.vsize <= MAX_FAMILY_VSIZE && descendants.vsize <= MAX_FAMILY_VSIZE);
    }
  }
}

function familyOf(entry: MempoolEntry): MempoolEntry[] {
  return [...[...entry.parents].flatMap(familyOf), entry];
}

type Action = ['pay', number[], number] | ['mine', number[]] | ['reorganise', number] | ['wait', number];

const picks = (most: number) => fc.array(fc.nat(10_000), { minLength: 1, maxLength: most });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.tuple(fc.constant('pay' as const), picks(3), fc.integer({ min: 100, max: 20_000 })),
  },
  { weight: 2, arbitrary: fc.tuple(fc.constant('mine' as const), picks(5)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('reorganise' as const), fc.integer({ min: 1, max: 4 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('wait' as const), fc.integer({ min: 1, max: 30 })) },
);

async function live(life: RandomLife, step: Action): Promise<void> {
  if (step[0] === 'pay') await life.pay(step[1], step[2]);
  else if (step[0] === 'mine') life.mine(step[1]);
  else if (step[0] === 'reorganise') await life.reorganise(step[1]);
  else life.wait(step[1]);
}

test('sums, families and limits hold after any payments, replacements, blocks, reorganisations and time', async () => {
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 80 }), async (actions) => {
      const life = new RandomLife();
      for (const step of actions) {
        await live(life, step);
        life.audit();
      }
      for (const outcome of life.outcomes) outcomes.add(outcome);
    }),
    { numRuns: 60 },
  );
  // What these lives must have seen for the test to mean anything.
  for (const outcome of [
    'accepted',
    'replaced',
    'evicted',
    'insufficient fee',
    'bad-txns-spends-conflicting-tx',
  ]) {
    assert.ok(outcomes.has(outcome), `never seen: ${outcome}; seen: ${[...outcomes].join(', ')}`);
  }
});

test('payments sent at once end as if they had been sent one after the other', async () => {
  const shape = fc.array(fc.tuple(picks(3), fc.integer({ min: 100, max: 20_000 })), {
    minLength: 2,
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(shape, async (payments) => {
      const kits = [mempoolKit({ maxBytes: MAX_BYTES }), mempoolKit({ maxBytes: MAX_BYTES })] as const;
      const coins = kits.map(({ chain }) => Array.from({ length: 4 }, () => chain.fund(alice, COIN)))[0]!;
      const made: Spendable[] = [...coins];
      const transactions = payments.map(([chosen, fee], index) => {
        const spent = [...new Set(chosen.map((pick) => made[pick % made.length]!))];
        const payment = draft(spent, BigInt(fee));
        // Each fourth has a wrong signature.
        if (index % 4 !== 3) for (const { verified } of kits) verified.add(payment);
        for (let output = 0; output < OUTPUTS; output++) made.push(outputOf(payment, output, alice));
        return payment;
      });
      const together = await Promise.all(transactions.map((each) => kits[0].admission.accept(each)));
      const apart: typeof together = [];
      for (const each of transactions) apart.push(await kits[1].admission.accept(each));
      assert.deepEqual(together.map(reasonOf), apart.map(reasonOf));
      assert.deepEqual(
        [...kits[0].mempool.entries()].map(({ key }) => key),
        [...kits[1].mempool.entries()].map(({ key }) => key),
      );
      auditMempool(kits[0].mempool);
    }),
    { numRuns: 150 },
  );
});

test('a chain of payments far longer than policy admits comes back from blocks that leave', async () => {
  const { chain, admission, mempool } = mempoolKit();
  let coin = chain.fund(alice, COIN);
  const transactions = Array.from({ length: 300 }, () => {
    const payment = draft([coin], 500n, 1);
    coin = outputOf(payment, 0, alice);
    return { transaction: payment };
  });
  const verdicts = await admission.readmit(transactions, RETURNING);
  assert.ok(verdicts.every((verdict) => 'accepted' in verdict));
  auditMempool(mempool);
  for (const entry of [...mempool.entries()].reverse()) mempool.remove(entry, 'expired');
  assert.deepEqual([mempool.size, mempool.usage, mempool.totalFees], [0, 0, 0n]);
});
