import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Transaction as SignerTransaction } from '@scure/btc-signer';
import fc from 'fast-check';
import { bytesToHex, hexToBytes, reversed } from '../../protocol/bytes.ts';
import { CodecError } from '../../protocol/codec.ts';
import { hash160, sha256d } from '../../protocol/hash.ts';
import { p2wpkhProgram, p2wpkhScript } from '../../protocol/script.ts';
import {
  isDefinedSighash,
  preimageCodec,
  sighash,
  sighashMidstate,
  sighashPreimage,
} from '../../protocol/sighash.ts';
import { publicKeyOf, signInput } from '../../protocol/signature.ts';
import { decodeTransaction, encodeTransaction, type Transaction } from '../../protocol/transaction.ts';
import { arbitraryBytes, arbitraryHash } from './arbitraries.ts';
import { readVectors } from './vectors.ts';

interface InputCase {
  script: string;
  value: string;
  publicKey: string;
  privateKey: string;
  sighashType: number;
  sighash: string;
}
interface SignedCase {
  unsigned: string;
  signed: string;
  inputs: InputCase[];
}
interface DigestCase {
  unsigned: string;
  input: number;
  outputs: number;
  script: string;
  value: string;
  sighashType: number;
  sighash: string;
}

const { cases, digestOnly } = readVectors<{ cases: SignedCase[]; digestOnly: { cases: DigestCase[] } }>(
  'sighash-p2wpkh.json',
);

const SIX_TYPES = [0x01, 0x02, 0x03, 0x81, 0x82, 0x83];

test('the native P2WPKH example of the BIP has its digest and signature', () => {
  const transaction = decodeTransaction(
    hexToBytes(
      '0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffffef51e1b8' +
        '04cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a914' +
        '8280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f016' +
        '7faa815988ac11000000',
    ),
  );
  const privateKey = hexToBytes('619c335025c7f4012e556c2a58b2506e30b8511b53ade95ea316fd8c3286feb9');
  const publicKey = publicKeyOf(privateKey);
  assert.equal(bytesToHex(hash160(publicKey)), '1d0f172a0ecb48aee1be1f2687d2963ae33f71a1');
  assert.equal(
    bytesToHex(sighash(transaction, 1, hash160(publicKey), 600_000_000n, 1)),
    'c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670',
  );
  const [signature] = signInput(transaction, 1, privateKey, 600_000_000n);
  assert.equal(
    bytesToHex(signature),
    '304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f33' +
      '58f51928d43c212a8caed02de67eebee01',
  );
});

test('every vector has its digests, with the shared hashes given or not', () => {
  const seen = new Set<number>();
  for (const { unsigned, inputs } of cases) {
    const transaction = decodeTransaction(hexToBytes(unsigned));
    const midstate = sighashMidstate(transaction);
    inputs.forEach((input, index) => {
      const program = p2wpkhProgram(hexToBytes(input.script))!;
      const value = BigInt(input.value);
      seen.add(input.sighashType);
      for (const given of [undefined, midstate]) {
        const digest = sighash(transaction, index, program, value, input.sighashType, given);
        assert.equal(bytesToHex(digest), input.sighash);
      }
    });
  }
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    SIX_TYPES,
  );
});

test('SIGHASH_SINGLE covers the output beside it, and none where there is none', () => {
  const beyond = digestOnly.cases.filter(({ input, outputs }) => input >= outputs);
  assert.ok(beyond.length > 0 && beyond.length < digestOnly.cases.length);
  for (const { unsigned, input, script, value, sighashType, ...expected } of digestOnly.cases) {
    const transaction = decodeTransaction(hexToBytes(unsigned));
    const program = p2wpkhProgram(hexToBytes(script))!;
    const digest = sighash(transaction, input, program, BigInt(value), sighashType);
    assert.equal(bytesToHex(digest), expected.sighash);
  }
});

test('signing a vector again gives the very same bytes', () => {
  for (const { unsigned, signed, inputs } of cases) {
    const transaction = decodeTransaction(hexToBytes(unsigned));
    const resigned: Transaction = {
      ...transaction,
      inputs: transaction.inputs.map((input, index) => {
        const { privateKey, publicKey, value, sighashType } = inputs[index]!;
        const witness = signInput(transaction, index, hexToBytes(privateKey), BigInt(value), sighashType);
        assert.equal(bytesToHex(witness[1]), publicKey);
        return { ...input, witness };
      }),
    };
    assert.equal(bytesToHex(encodeTransaction(resigned)), signed);
  }
});

test('digests of all six types agree with an independent library', () => {
  for (const { unsigned, inputs } of cases.slice(0, 8)) {
    const transaction = decodeTransaction(hexToBytes(unsigned));
    const other = SignerTransaction.fromRaw(hexToBytes(unsigned), {
      disableScriptCheck: true,
      allowUnknownOutputs: true,
    });
    inputs.forEach(({ script, value }, index) => {
      const program = p2wpkhProgram(hexToBytes(script))!;
      const scriptCode = Uint8Array.of(0x76, 0xa9, 20, ...program, 0x88, 0xac);
      for (const type of SIX_TYPES) {
        const digest = sighash(transaction, index, program, BigInt(value), type);
        assert.equal(
          bytesToHex(digest),
          bytesToHex(other.preimageWitnessV0(index, scriptCode, type, BigInt(value))),
        );
      }
    });
  }
});

test('whole transactions come out signed as an independent library signs them', () => {
  const coin = fc.record({
    txid: arbitraryHash,
    index: fc.nat(1000),
    sequence: fc.constantFrom(0xffff_ffff, 0xffff_fffd, 0),
    value: fc.bigInt({ min: 1_000n, max: 10n ** 15n }),
    secret: arbitraryBytes(31),
    type: fc.constantFrom(...SIX_TYPES),
  });
  const coins = fc.uniqueArray(coin, { minLength: 1, maxLength: 4, selector: ({ txid }) => txid.join() });
  fc.assert(
    fc.property(coins, fc.integer({ min: 4, max: 6 }), fc.nat(0xffff_ffff), (spent, outputs, lockTime) => {
      const keys = spent.map(({ secret }) => Uint8Array.of(1, ...secret));
      const scripts = keys.map((key) => p2wpkhScript(hash160(publicKeyOf(key))));
      const payments = Array.from({ length: outputs }, () => ({ value: 100n, script: scripts[0]! }));

      const other = new SignerTransaction({ version: 2, lockTime });
      spent.forEach(({ txid, index, sequence, value, type }, at) => {
        const witnessUtxo = { script: scripts[at]!, amount: value };
        other.addInput({ txid: reversed(txid), index, sequence, witnessUtxo, sighashType: type });
      });
      for (const { value, script } of payments) other.addOutput({ script, amount: value });
      keys.forEach((key, at) => {
        other.signIdx(key, at, [spent[at]!.type]);
      });
      other.finalize();

      const unsigned: Transaction = {
        version: 2,
        inputs: spent.map(({ txid, index, sequence }) => {
          return { previous: { txid, index }, scriptSig: new Uint8Array(0), sequence, witness: [] };
        }),
        outputs: payments,
        lockTime,
      };
      const inputs = unsigned.inputs.map((input, at) => {
        const { value, type } = spent[at]!;
        return { ...input, witness: signInput(unsigned, at, keys[at]!, value, type) };
      });
      assert.equal(bytesToHex(encodeTransaction({ ...unsigned, inputs })), bytesToHex(other.extract()));
    }),
    { numRuns: 15 },
  );
});

test('six hash types are defined, no others', () => {
  const defined = Array.from({ length: 256 }, (_, type) => type).filter(isDefinedSighash);
  assert.deepEqual(defined, SIX_TYPES);
  assert.ok(!isDefinedSighash(0x101) && !isDefinedSighash(-1));
});

test('the shared hashes are taken as given, not computed again', () => {
  const transaction = decodeTransaction(hexToBytes(cases[0]!.unsigned));
  const program = new Uint8Array(20);
  const midstate = { ...sighashMidstate(transaction), outputsHash: sha256d(new Uint8Array(1)) };
  assert.notDeepEqual(
    sighash(transaction, 0, program, 1n, 1, midstate),
    sighash(transaction, 0, program, 1n, 1),
  );
});

test('an input that is not there and a program of the wrong length are refused', () => {
  const transaction = decodeTransaction(hexToBytes(cases[0]!.unsigned));
  assert.throws(() => sighash(transaction, 99, new Uint8Array(20), 1n, 1), CodecError);
  assert.throws(() => sighash(transaction, 0, new Uint8Array(32), 1n, 1), CodecError);
});

test('the preimage is what its declaration says, part by part, and the digest is its hash', () => {
  for (const { unsigned, input, script, value, sighashType, sighash: expected } of digestOnly.cases) {
    const transaction = decodeTransaction(hexToBytes(unsigned));
    const keyHash = p2wpkhProgram(hexToBytes(script));
    assert.ok(keyHash !== undefined);
    const preimage = sighashPreimage(transaction, input, keyHash, BigInt(value), sighashType);
    const parts = preimageCodec.decode(preimage);
    assert.deepEqual(preimageCodec.encode(parts), preimage);
    assert.equal(bytesToHex(sha256d(preimage)), expected);
    assert.equal(parts.version, transaction.version);
    assert.deepEqual(parts.previous, transaction.inputs[input]?.previous);
    assert.deepEqual(parts.scriptCode.slice(3, 23), keyHash);
    assert.equal(parts.value, BigInt(value));
    assert.equal(parts.sequence, transaction.inputs[input]?.sequence);
    assert.equal(parts.lockTime, transaction.lockTime);
    assert.equal(parts.type, sighashType);
  }
});
