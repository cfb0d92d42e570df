import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CodecError } from '../../protocol/codec.ts';
import {
  decodeTransaction,
  encodeTransaction,
  hasWitness,
  originalForm,
  type Transaction,
  txid,
  witnessForm,
  wtxid,
} from '../../protocol/transaction.ts';
import { MAX_INPUTS, MAX_OUTPUTS } from '../../protocol/transaction-reader.ts';
import { arbitraryTransaction } from './arbitraries.ts';

/** A transaction as the declared formats read it. */
function declared(bytes: Uint8Array): Transaction {
  if (bytes[4] !== 0 || bytes[5] === 0) {
    const { inputs, ...rest } = originalForm.decode(bytes);
    return { ...rest, inputs: inputs.map((input) => ({ ...input, witness: [] })) };
  }
  const { marker, flag, witnesses, inputs, ...rest } = witnessForm.decode(bytes);
  assert.deepEqual([marker, flag], [0, 1]);
  const whole = { ...rest, inputs: inputs.map((input, at) => ({ ...input, witness: witnesses[at]! })) };
  if (!hasWitness(whole)) throw new CodecError('superfluous witness record');
  return whole;
}

function outcome(read: (bytes: Uint8Array) => Transaction, bytes: Uint8Array): Transaction | 'refused' {
  try {
    const { version, inputs, outputs, lockTime } = read(bytes);
    return { version, inputs, outputs, lockTime };
  } catch (error) {
    if (error instanceof CodecError) return 'refused';
    throw error;
  }
}

describe('the transaction reader written by hand', () => {
  it('reads what the declared formats read', () => {
    fc.assert(
      fc.property(arbitraryTransaction, (transaction) => {
        const bytes = encodeTransaction(transaction);
        const decoded = decodeTransaction(bytes);
        assert.deepEqual(decoded, declared(bytes));
        assert.deepEqual(encodeTransaction(decoded), bytes);
        assert.deepEqual([txid(decoded), wtxid(decoded)], [txid(transaction), wtxid(transaction)]);
      }),
    );
  });

  it('refuses what the declared formats refuse, and agrees on the rest', () => {
    const damage = fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), to: fc.nat(255) }), {
      minLength: 1,
      maxLength: 4,
    });
    const cut = fc.oneof(fc.constant(0), fc.nat(20));
    fc.assert(
      fc.property(arbitraryTransaction, damage, cut, (transaction, changes, missing) => {
        const bytes = encodeTransaction(transaction);
        for (const { at, to } of changes) bytes[Math.floor(at * (bytes.length - 1))] = to;
        const damaged = bytes.subarray(0, Math.max(0, bytes.length - missing));
        assert.deepEqual(outcome(decodeTransaction, damaged), outcome(declared, damaged));
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads no more inputs, outputs and witness items than a valid transaction can have', () => {
    const input = {
      previous: { txid: new Uint8Array(32), index: 0 },
      scriptSig: new Uint8Array(0),
      sequence: 0,
    };
    const output = { value: 0n, script: new Uint8Array(0) };
    const one = { version: 1, inputs: [{ ...input, witness: [] }], outputs: [output], lockTime: 0 };
    const items = (count: number): Uint8Array[] => Array.from({ length: count }, () => Uint8Array.of(1));
    const most: Transaction[] = [
      { ...one, inputs: Array.from({ length: MAX_INPUTS }, () => ({ ...input, witness: items(2) })) },
      { ...one, outputs: Array.from({ length: MAX_OUTPUTS }, () => output) },
    ];
    for (const transaction of most) {
      assert.equal(
        decodeTransaction(encodeTransaction(transaction)).outputs.length,
        transaction.outputs.length,
      );
    }
    const flood = { ...one, inputs: Array.from({ length: 3 }, () => ({ ...input, witness: items(40_000) })) };
    assert.throws(() => decodeTransaction(encodeTransaction(flood)), /more than 100000 witness items/);
    const many = Uint8Array.of(1, 0, 0, 0, 0xfe, 0, 0, 2, 0, ...new Uint8Array(200));
    assert.throws(() => decodeTransaction(many), /count 131072 is above 24390/);
  });

  it('keeps a copy: bytes that change later change nothing', () => {
    const [transaction] = fc.sample(arbitraryTransaction, 1) as [Transaction];
    const bytes = encodeTransaction(transaction);
    const decoded = decodeTransaction(bytes);
    bytes.fill(0xee);
    assert.deepEqual(decoded, transaction);
    assert.deepEqual(txid(decoded), txid(transaction));
  });
});
