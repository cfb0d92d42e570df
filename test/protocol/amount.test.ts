import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  AmountError,
  amountToNumber,
  COIN,
  formatAmount,
  isMoney,
  MAX_MONEY,
  parseAmount,
} from '../../protocol/amount.ts';

const arbitraryAmount = fc.bigInt({ min: 0n, max: MAX_MONEY });

test('every amount survives being written and read, as text and as number', () => {
  fc.assert(
    fc.property(arbitraryAmount, (amount) => {
      assert.equal(parseAmount(formatAmount(amount)), amount);
      assert.equal(parseAmount(amountToNumber(amount)), amount);
      assert.equal(parseAmount(JSON.parse(JSON.stringify(amountToNumber(amount)))), amount);
    }),
  );
});

test('numbers are read by their decimal digits, never by multiplying a float', () => {
  const exact: [value: string | number, nits: bigint][] = [
    [0.1, 10_000_000n],
    [0.2, 20_000_000n],
    [0.29, 29_000_000n], // 0.29 * 1e8 is 28999999.999999996
    [1.1, 110_000_000n],
    [4.35, 435_000_000n],
    [1e-8, 1n], // String(1e-8) is "1e-8"
    [2.5e-7, 25n],
    ['0.00000001', 1n],
    ['1E-8', 1n],
    ['2.1e7', MAX_MONEY],
    [21e6, MAX_MONEY],
    ['20999999.99999999', MAX_MONEY - 1n],
    [20999999.99999999, MAX_MONEY - 1n],
    ['1.10000000000', 110_000_000n],
    ['0e99', 0n],
    ['-0', 0n],
    [-0, 0n],
    [0, 0n],
    [50, 50n * COIN],
  ];
  for (const [value, nits] of exact) assert.equal(parseAmount(value), nits, String(value));
});

test('a sum that floats get wrong is refused rather than rounded', () => {
  assert.throws(() => parseAmount(0.1 + 0.2), /"0.30000000000000004" has more than 8 decimals/);
});

test('what is no amount is refused with the reason', () => {
  const refused: [value: string | number, reason: RegExp][] = [
    [-1, /"-1" is negative/],
    ['-0.00000001', /is negative/],
    ['0.000000001', /more than 8 decimals/],
    [1e-9, /more than 8 decimals/],
    ['1e-300', /more than 8 decimals/],
    ['21000000.00000001', /is above 21000000/],
    [21e6 + 1, /is above 21000000/],
    [1e21, /is above 21000000/],
    ['1e999', /is above 21000000/],
    [Number.NaN, /"NaN" is not a decimal number/],
    [Number.POSITIVE_INFINITY, /"Infinity" is not a decimal number/],
  ];
  for (const [value, reason] of refused) {
    assert.throws(
      () => parseAmount(value),
      (error) => error instanceof AmountError && reason.test(error.message),
      String(value),
    );
  }
  for (const text of [
    '',
    ' ',
    '1 ',
    '+1',
    '.5',
    '1.',
    '1,5',
    '0x10',
    '01',
    '1e',
    '1e1000',
    'ten',
    '1_000',
    '١',
  ]) {
    assert.throws(() => parseAmount(text), /is not a decimal number/, JSON.stringify(text));
  }
  assert.throws(() => parseAmount('9'.repeat(1_000_000)), /^AmountError: amount "9{40}…" is not/);
});

test('an amount is shown with all eight decimals, of any size and either sign', () => {
  assert.equal(formatAmount(50n * COIN), '50.00000000');
  assert.equal(formatAmount(1n), '0.00000001');
  assert.equal(formatAmount(0n), '0.00000000');
  assert.equal(formatAmount(-1n), '-0.00000001');
  assert.equal(formatAmount(-123_456_789n), '-1.23456789');
  assert.equal(formatAmount(10n ** 20n), '1000000000000.00000000');
});

test('money lies between nothing and 21 million', () => {
  assert.ok(isMoney(0n) && isMoney(MAX_MONEY));
  assert.ok(!isMoney(-1n) && !isMoney(MAX_MONEY + 1n));
});
