import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transactionWeight } from '../../../protocol/transaction.ts';
import { feeFor, formatFeeRate, parseFeeRate, paymentWeight } from '../../../wallet/payments/fee.ts';
import { buildPayment } from '../../../wallet/payments/payment.ts';
import { WalletError } from '../../../wallet/wallet-error.ts';

test('a fee rate is read from its digits, to a thousandth of a nit', () => {
  assert.equal(parseFeeRate('1'), 1_000n);
  assert.equal(parseFeeRate('1.5'), 1_500n);
  assert.equal(parseFeeRate('12.345'), 12_345n);
  assert.equal(parseFeeRate('10000'), 10_000_000n);
  for (const text of ['1', '1.5', '12.345', '10000']) assert.equal(formatFeeRate(parseFeeRate(text)), text);
});

test('a fee rate of another form or size is refused, with what is allowed', () => {
  for (const text of [
    '',
    '0',
    '0.999',
    '-1',
    '1e3',
    '1.2345',
    '10000.001',
    'NaN',
    'Infinity',
    '0x10',
    ' 1',
    '1,5',
  ]) {
    assert.throws(
      () => parseFeeRate(text),
      (error) =>
        error instanceof WalletError && error.code === 'bad-fee-rate' && /1 to 10000/.test(error.message),
      text,
    );
  }
});

test('a fee is rounded up', () => {
  assert.equal(feeFor(141, 1_000n), 141n);
  assert.equal(feeFor(141, 1_001n), 142n);
  assert.equal(feeFor(1, 1_500n), 2n);
});

test('the predicted weight is that of a transaction with the longest signatures', () => {
  const witness = [new Uint8Array(72), new Uint8Array(33)];
  for (const inputs of [1, 2, 252, 253]) {
    for (const outputs of [1, 2, 252, 253]) {
      const coins = Array.from({ length: inputs }, () => ({
        outPoint: { txid: new Uint8Array(32), index: 0 },
        value: 1n,
        script: new Uint8Array(22),
      }));
      const to = Array.from({ length: outputs }, (_, n) => ({
        value: 1n,
        script: new Uint8Array(n % 2 ? 22 : 34),
      }));
      const unsigned = buildPayment({ coins, outputs: to });
      const signed = { ...unsigned, inputs: unsigned.inputs.map((input) => ({ ...input, witness })) };
      assert.equal(
        paymentWeight(
          inputs,
          to.map(({ script }) => script.length),
        ),
        transactionWeight(signed),
      );
    }
  }
});
