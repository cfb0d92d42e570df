import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_MONEY } from '../../../protocol/amount.ts';
import { MAX_PAYMENT_WEIGHT, paymentWeight } from '../../../wallet/payments/fee.ts';
import { affordable, inTransactions, MAX_PAYEES } from '../../../wallet/services/payment-parts.ts';

const debts = fc.array(
  fc.record({ address: fc.stringMatching(/^[a-z]{1,4}$/), amount: fc.bigInt({ min: 1n, max: MAX_MONEY }) }),
);

test('a full transaction has room for 250 coins and its change within 400,000 weight units', () => {
  const scripts = new Array<number>(MAX_PAYEES + 1).fill(22);
  assert.ok(paymentWeight(250, scripts) <= MAX_PAYMENT_WEIGHT);
  assert.ok(MAX_PAYEES > 2_000);
});

test('parts hold everybody once, in order, within the limits of size and amount', () => {
  fc.assert(
    fc.property(debts, fc.integer({ min: 1, max: 5 }), (due, most) => {
      const parts = inTransactions(due, most);
      assert.deepEqual(parts.flat(), due);
      for (const part of parts) {
        assert.ok(part.length >= 1 && part.length <= most);
        const total = part.reduce((sum, { amount }) => sum + amount, 0n);
        assert.ok(total <= MAX_MONEY || part.length === 1);
      }
    }),
  );
});

test('money that is short pays those who have waited longest', () => {
  const due = [10n, 20n, 5n].map((amount) => ({ address: String(amount), amount }));
  assert.deepEqual(affordable(due, 30n), due.slice(0, 2));
  assert.deepEqual(affordable(due, 34n), due.slice(0, 2));
  assert.deepEqual(affordable(due, 9n), []);
});
