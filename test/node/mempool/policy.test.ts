import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkStandard } from '../../../node/mempool/policy.ts';
import { RuleError } from '../../../protocol/rules.ts';
import type { TxOutput } from '../../../protocol/transaction.ts';
import { alice, bob, genesisFunds, type PaymentShape, pay } from '../payment-kit.ts';

const OP_RETURN = 0x6a;

function reasonOf(outputs: readonly TxOutput[], shape?: PaymentShape): string | undefined {
  try {
    checkStandard(pay([genesisFunds(alice)], outputs, shape));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RuleError);
    return error.code;
  }
}

const payment = { value: 1_000n, script: bob.script };
const data = (length: number, value = 0n): TxOutput => ({
  value,
  script: Uint8Array.of(OP_RETURN, 0x4c, length, ...new Uint8Array(length)),
});

describe('standard form', () => {
  test('takes P2WPKH outputs of version 1 and 2 transactions', () => {
    assert.equal(reasonOf([payment], { version: 1 }), undefined);
    assert.equal(reasonOf([payment], { version: 2 }), undefined);
  });

  test('refuses other versions', () => {
    assert.equal(reasonOf([payment], { version: 0 }), 'version');
    assert.equal(reasonOf([payment], { version: 3 }), 'version');
  });

  test('takes an output of 294 nits and calls one of 293 dust', () => {
    assert.equal(reasonOf([{ ...payment, value: 294n }]), undefined);
    assert.equal(reasonOf([{ ...payment, value: 293n }]), 'dust');
  });

  test('takes one OP_RETURN script of up to 83 bytes, and only one', () => {
    assert.equal(reasonOf([payment, data(80)]), undefined);
    assert.equal(reasonOf([payment, data(81)]), 'datacarrier');
    assert.equal(reasonOf([payment, data(1), data(1)]), 'multi-op-return');
  });

  test('refuses an OP_RETURN that burns coins or does more than push', () => {
    assert.equal(reasonOf([payment, data(10, 1n)]), 'scriptpubkey');
    assert.equal(
      reasonOf([payment, { value: 0n, script: Uint8Array.of(OP_RETURN, 0x51, 0x93) }]),
      'scriptpubkey',
    );
    assert.equal(
      reasonOf([payment, { value: 0n, script: Uint8Array.of(OP_RETURN, 0x05, 0x00) }]),
      'scriptpubkey',
    );
  });

  test('refuses outputs that nobody could ever spend on this chain', () => {
    const p2wsh = Uint8Array.of(0x00, 0x20, ...new Uint8Array(32));
    assert.equal(reasonOf([payment, { value: 10_000n, script: p2wsh }]), 'scriptpubkey');
    assert.equal(reasonOf([payment, { value: 10_000n, script: new Uint8Array() }]), 'scriptpubkey');
  });

  test('refuses a weight above 400,000', () => {
    // 124 weight units for each output more: 3,225 outputs are just too many.
    const outputs = (count: number) => Array.from({ length: count }, () => payment);
    assert.equal(reasonOf(outputs(3_220)), undefined);
    assert.equal(reasonOf(outputs(3_240)), 'tx-size');
  });
});
