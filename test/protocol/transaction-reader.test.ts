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

  it('keeps a copy: bytes that change later change nothing', () => {
    const [transaction] = fc.sample(arbitraryTransaction, 1) as [Transaction];
    const bytes = encodeTransaction(transaction);
    const decoded = decodeTransaction(bytes);
    bytes.fill(0xee);
    assert.deepEqual(decoded, transaction);
    assert.deepEqual(txid(decoded), txid(transaction));
  });
});
