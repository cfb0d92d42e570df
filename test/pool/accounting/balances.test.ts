import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addBalances, balanceOf, type CreditSum, NO_BALANCE } from '../../../pool/accounting/balances.ts';
import { BLOCK_STATES } from '../../../pool/accounting/block-state.ts';

function credit(changes: Partial<CreditSum>): CreditSum {
  return { blockState: 'confirmed', isDirect: false, payoutState: undefined, amount: 100n, ...changes };
}

test('what is confirmed is owed until a payout carries it, then in payout, then paid', () => {
  assert.deepEqual(balanceOf([credit({})]), { ...NO_BALANCE, confirmed: 100n, owed: 100n });
  const sending = balanceOf([credit({ payoutState: 'sending' })]);
  assert.deepEqual(sending, { ...NO_BALANCE, confirmed: 100n, inPayout: 100n });
  for (const payoutState of ['confirmed', 'settled'] as const) {
    const paid = balanceOf([credit({ payoutState })]);
    assert.deepEqual(paid, { ...NO_BALANCE, confirmed: 100n, paid: 100n });
  }
});

test('a block lost before its payout is not owed; one lost after it is the operator’s loss', () => {
  const before = balanceOf([credit({ blockState: 'orphaned' })]);
  assert.deepEqual(before, { ...NO_BALANCE, orphaned: 100n });
  const after = balanceOf([credit({ blockState: 'orphaned', payoutState: 'settled' })]);
  assert.deepEqual(after, { ...NO_BALANCE, paid: 100n, lostToOperator: 100n });
});

test('what a miner earns after a loss is owed in full: nothing is set off', () => {
  const lost = credit({ blockState: 'orphaned', payoutState: 'settled', amount: 70n });
  assert.equal(balanceOf([lost, credit({ amount: 30n })]).owed, 30n);
});

test('a solo block is paid by its coinbase, and never owed', () => {
  const direct = balanceOf([credit({ isDirect: true }), credit({ isDirect: true, blockState: 'immature' })]);
  assert.deepEqual(direct, { ...NO_BALANCE, confirmed: 100n, paid: 100n, immature: 100n });
});

const credits = fc.array(
  fc.record({
    blockState: fc.constantFrom(...BLOCK_STATES),
    isDirect: fc.boolean(),
    payoutState: fc.constantFrom(undefined, 'sending', 'confirmed', 'settled'),
    amount: fc.bigInt({ min: 0n, max: 1n << 60n }),
  }) satisfies fc.Arbitrary<CreditSum>,
);

test('nobody is ever below zero, and balances add up whatever the order', () => {
  fc.assert(
    fc.property(credits, credits, (some, others) => {
      const all = balanceOf([...some, ...others]);
      for (const amount of Object.values(all)) assert.ok(amount >= 0n);
      assert.deepEqual(all, addBalances(balanceOf(others), balanceOf(some)));
      assert.deepEqual(all, balanceOf([...others, ...some].toReversed()));
    }),
  );
});
