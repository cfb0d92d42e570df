import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawTx, Transaction as SignerTransaction } from '@scure/btc-signer';
import fc from 'fast-check';
import {
  bytesToHex,
  CodecError,
  displayHash,
  equalBytes,
  hexToBytes,
  reversed,
} from '../../protocol/bytes.ts';
import {
  baseSize,
  decodeTransaction,
  encodeTransaction,
  encodeWithoutWitness,
  hasWitness,
  isCoinbase,
  isNullOutPoint,
  NULL_TXID,
  outPointKey,
  type Transaction,
  totalSize,
  transactionWeight,
  txid,
  vsize,
  wtxid,
} from '../../protocol/transaction.ts';
import { arbitraryTransaction } from './arbitraries.ts';
import { readVectors } from './vectors.ts';

interface SignedCase {
  unsigned: string;
  signed: string;
  txid: string;
  wtxid: string;
  weight: number;
  vsize: number;
}

const { cases } = readVectors<{ cases: SignedCase[] }>('sighash-p2wpkh.json');

/** The same transaction as a new object, about which nothing is remembered. */
function forgetful(transaction: Transaction): Transaction {
  return { ...transaction };
}

test('every vector has its identifiers and sizes, decoded or rebuilt', () => {
  for (const { unsigned, signed, ...expected } of cases) {
    const decoded = decodeTransaction(hexToBytes(signed));
    for (const transaction of [decoded, forgetful(decoded)]) {
      assert.equal(displayHash(txid(transaction)), expected.txid);
      assert.equal(displayHash(wtxid(transaction)), expected.wtxid);
      assert.equal(transactionWeight(transaction), expected.weight);
      assert.equal(vsize(transaction), expected.vsize);
      assert.equal(bytesToHex(encodeTransaction(transaction)), signed);
      assert.equal(bytesToHex(encodeWithoutWitness(transaction)), unsigned);
    }
  }
});

test('decoding what was encoded gives the same transaction, in both forms', () => {
  fc.assert(
    fc.property(arbitraryTransaction, (transaction) => {
      const bytes = encodeTransaction(transaction);
      assert.deepEqual(decodeTransaction(bytes), transaction);
      assert.equal(bytes.length, totalSize(transaction));
      assert.equal(bytes[4] === 0, hasWitness(transaction));
    }),
  );
});

test('what decoding remembers is what the transaction itself gives', () => {
  fc.assert(
    fc.property(arbitraryTransaction, (original) => {
      const decoded = decodeTransaction(encodeTransaction(original));
      const fresh = forgetful(decoded);
      assert.deepEqual(txid(decoded), txid(fresh));
      assert.deepEqual(wtxid(decoded), wtxid(fresh));
      assert.equal(baseSize(decoded), baseSize(fresh));
      assert.equal(totalSize(decoded), totalSize(fresh));
      assert.equal(baseSize(decoded), encodeWithoutWitness(decoded).length);
      assert.equal(hasWitness(decoded), !equalBytes(txid(decoded), wtxid(decoded)));
    }),
  );
});

test('encodings agree with an independent library, both ways', () => {
  fc.assert(
    fc.property(arbitraryTransaction, (transaction) => {
      const marked = hasWitness(transaction);
      const raw = {
        version: transaction.version | 0,
        segwitFlag: marked,
        inputs: transaction.inputs.map(({ previous, scriptSig, sequence }) => ({
          txid: reversed(previous.txid),
          index: previous.index,
          finalScriptSig: scriptSig,
          sequence,
        })),
        outputs: transaction.outputs.map(({ value, script }) => ({ amount: value, script })),
        witnesses: marked ? transaction.inputs.map(({ witness }) => [...witness]) : undefined,
        lockTime: transaction.lockTime,
      };
      const bytes = encodeTransaction(transaction);
      assert.equal(bytesToHex(RawTx.encode(raw)), bytesToHex(bytes));
      assert.deepEqual(RawTx.decode(bytes).inputs, raw.inputs);
      assert.deepEqual(RawTx.decode(bytes).witnesses, raw.witnesses);
    }),
  );
});

test('identifiers and weights agree with an independent library', () => {
  for (const { signed } of cases) {
    const other = SignerTransaction.fromRaw(hexToBytes(signed), {
      disableScriptCheck: true,
      allowUnknownOutputs: true,
    });
    const ours = decodeTransaction(hexToBytes(signed));
    assert.equal(displayHash(txid(ours)), other.id);
    assert.equal(transactionWeight(ours), other.weight);
    assert.equal(vsize(ours), other.vsize);
  }
});

test('the witness form with no witness in it is refused', () => {
  const { unsigned } = cases[0]!;
  const inputs = decodeTransaction(hexToBytes(unsigned)).inputs.length;
  const body = unsigned.slice(8, -8);
  const marked = `${unsigned.slice(0, 8)}0001${body}${'00'.repeat(inputs)}${unsigned.slice(-8)}`;
  assert.throws(() => decodeTransaction(hexToBytes(marked)), /superfluous witness record/);
});

test('a flag other than 1 is refused', () => {
  const { signed } = cases[0]!;
  for (const flag of ['02', '03', 'ff']) {
    const changed = signed.slice(0, 10) + flag + signed.slice(12);
    assert.throws(() => decodeTransaction(hexToBytes(changed)), /stands where 1 belongs \(at byte 6/);
  }
});

test('a transaction of nothing is an encoding, for the rules to refuse', () => {
  const nothing = decodeTransaction(hexToBytes('02000000000000000000'));
  assert.deepEqual(nothing, { version: 2, inputs: [], outputs: [], lockTime: 0 });
  assert.equal(bytesToHex(encodeTransaction(nothing)), '02000000000000000000');
});

test('outputs without inputs cannot be encoded: the bytes would read as another form', () => {
  const outputs = [{ value: 1n, script: new Uint8Array(0) }];
  assert.throws(() => encodeTransaction({ version: 2, inputs: [], outputs, lockTime: 0 }), CodecError);
});

test('a transaction that ends early or late is refused, wherever', () => {
  const bytes = hexToBytes(cases[0]!.signed);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeTransaction(bytes.subarray(0, length)), CodecError, String(length));
  }
  assert.throws(() => decodeTransaction(Uint8Array.of(...bytes, 0)), /1 trailing bytes/);
});

test('absurd counts are refused before memory is reserved for them', () => {
  const start = '02000000';
  const padding = '00'.repeat(10);
  const counts = ['fe00000001', 'feffffffff', 'ff0000000001000000', 'ffffffffffffff1f00'];
  for (const count of counts) {
    assert.throws(() => decodeTransaction(hexToBytes(start + count + padding)), /count \d+ (is above|needs)/);
  }
  // 24,000 inputs of at least 41 bytes each, with 10 bytes left.
  assert.throws(
    () => decodeTransaction(hexToBytes(`${start}fdc05d${padding}`)),
    /needs at least 984000 bytes/,
  );
});

test('any bytes are refused or read as the one encoding of what they give', () => {
  const bytes = hexToBytes(cases[1]!.signed);
  const mutated = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(mutated, (changes) => {
      const copy = bytes.slice();
      for (const [at, byte] of changes) copy[at] = byte;
      let transaction: Transaction;
      try {
        transaction = decodeTransaction(copy);
      } catch (error) {
        assert.ok(error instanceof CodecError, String(error));
        return;
      }
      assert.deepEqual(encodeTransaction(transaction), copy);
    }),
    { numRuns: 1000 },
  );
});

test('a coinbase has one input, and that one points at nothing', () => {
  const nowhere = { txid: NULL_TXID, index: 0xffff_ffff };
  const somewhere = { txid: new Uint8Array(32).fill(1), index: 0xffff_ffff };
  const input = (previous: typeof nowhere) => ({
    previous,
    scriptSig: new Uint8Array(2),
    sequence: 0,
    witness: [],
  });
  const spending = (...inputs: Transaction['inputs']): Transaction => ({
    version: 2,
    inputs,
    outputs: [],
    lockTime: 0,
  });
  assert.ok(isNullOutPoint(nowhere));
  assert.ok(!isNullOutPoint({ txid: NULL_TXID, index: 0 }));
  assert.ok(isCoinbase(spending(input(nowhere))));
  assert.ok(!isCoinbase(spending(input(somewhere))));
  assert.ok(!isCoinbase(spending(input(nowhere), input(nowhere))));
  assert.ok(!isCoinbase(spending()));
});

test('an out-point key tells out-points apart', () => {
  const a = { txid: Uint8Array.from({ length: 32 }, (_, index) => index), index: 7 };
  assert.equal(outPointKey(a), `${bytesToHex(a.txid)}:7`);
});
