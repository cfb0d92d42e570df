import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Transaction as ReferenceTransaction } from '@scure/btc-signer';
import fc from 'fast-check';
import { bytesToHex, CodecError, concatBytes, hexToBytes } from '../../protocol/bytes.ts';
import { varint } from '../../protocol/codec.ts';
import {
  decodePsbt,
  encodePsbt,
  MAX_PSBT_BYTES,
  newPsbt,
  PSBT_MAGIC,
  type Psbt,
} from '../../protocol/psbt.ts';
import { MAX_PSBT_RECORDS, type PsbtRecord, recordKey } from '../../protocol/psbt-map.ts';
import { decodeTransaction, txid } from '../../protocol/transaction.ts';
import { readVectors } from './vectors.ts';

interface Case {
  readonly case: string;
  readonly hex: string;
}

const BIP174 = readVectors<{
  invalid: Case[];
  valid: Case[];
  failsSignerChecks: Case[];
  roles: Record<string, string>;
}>('psbt/bip174.json');
const BIP370 = readVectors<{ invalid: Case[] }>('psbt/bip370.json');

describe('invalid PSBTs of BIP 174', () => {
  for (const { case: name, hex } of BIP174.invalid) {
    it(name, () => {
      assert.throws(() => decodePsbt(hexToBytes(hex)), CodecError);
    });
  }
});

describe('PSBTs with fields or the number of version 2 are invalid as version 0 (BIP 370)', () => {
  for (const { case: name, hex } of BIP370.invalid) {
    it(name, () => {
      assert.throws(() => decodePsbt(hexToBytes(hex)), /version 2/);
    });
  }
});

describe('valid PSBTs of BIP 174', () => {
  for (const { case: name, hex } of [...BIP174.valid, ...BIP174.failsSignerChecks]) {
    it(name, () => {
      const psbt = decodePsbt(hexToBytes(hex));
      const encoded = encodePsbt(psbt);
      assert.equal(encoded.length, hex.length / 2, 'nothing is lost or added');
      assert.deepEqual(encodePsbt(decodePsbt(encoded)), encoded);
    });
  }

  for (const [name, hex] of Object.entries(BIP174.roles)) {
    // The one is a transaction; in the other the signatures stand in the order in which they were made.
    if (name === 'extracted' || name === 'combined') continue;
    it(`the example "${name}" is written as it was read`, () => {
      assert.equal(bytesToHex(encodePsbt(decodePsbt(hexToBytes(hex)))), hex);
    });
  }

  it('the creator makes the PSBT that the BIP shows', () => {
    const { created = '', extracted = '' } = BIP174.roles;
    const { inputs, ...rest } = decodeTransaction(hexToBytes(extracted));
    const unsigned = {
      ...rest,
      inputs: inputs.map((input) => ({ ...input, scriptSig: new Uint8Array(), witness: [] })),
    };
    assert.equal(bytesToHex(encodePsbt(newPsbt(unsigned))), created);
  });

  it('fields are read for what they are', () => {
    const { withSighash = '' } = BIP174.roles;
    const { inputs, outputs, unsigned } = decodePsbt(hexToBytes(withSighash));
    assert.deepEqual(
      inputs.map(({ sighashType, origins }) => ({ sighashType, paths: origins.map(({ path }) => path) })),
      [
        {
          sighashType: 1,
          paths: [
            [0x80000000, 0x80000000, 0x80000000],
            [0x80000000, 0x80000000, 0x80000001],
          ],
        },
        {
          sighashType: 1,
          paths: [
            [0x80000000, 0x80000000, 0x80000003],
            [0x80000000, 0x80000000, 0x80000002],
          ],
        },
      ],
    );
    assert.deepEqual(
      [...new Set(inputs.flatMap(({ origins }) => origins.map((o) => o.fingerprint)))],
      ['d90c6a4f'],
    );
    assert.equal(inputs[0]?.nonWitnessUtxo?.outputs[0]?.value, 50_000_000n);
    assert.equal(inputs[1]?.witnessUtxo?.value, 200_000_000n);
    assert.equal(bytesToHex(inputs[1]?.redeemScript ?? new Uint8Array()).slice(0, 8), '00208c23');
    assert.equal(unsigned.outputs.length, outputs.length);
    assert.deepEqual(outputs[1]?.origins[0]?.path, [0x80000000, 0x80000000, 0x80000005]);
  });
});

const VALID = BIP174.roles.withSighash ?? '';

/** A PSBT whose maps are written as they are, whatever they hold. */
function written(psbt: Psbt, change: { input?: PsbtRecord[]; global?: PsbtRecord[] }): Uint8Array {
  const plain = encodePsbt(newPsbt(psbt.unsigned));
  const globalEnd = plain.length - psbt.inputs.length - psbt.outputs.length - 1;
  const [, ...otherMaps] = plain.subarray(globalEnd);
  return concatBytes(
    plain.subarray(0, globalEnd),
    ...(change.global ?? []).map(recordBytes),
    Uint8Array.of(0),
    ...(change.input ?? []).map(recordBytes),
    Uint8Array.from(otherMaps),
  );
}

function recordBytes(record: PsbtRecord): Uint8Array {
  const key = recordKey(record);
  const { value } = record;
  return concatBytes(varint.encode(key.length), key, varint.encode(value.length), value);
}

describe('what a PSBT must not hold', () => {
  const psbt = decodePsbt(hexToBytes(VALID));
  const record = (type: number, keyData: string, value: string): PsbtRecord => ({
    type,
    keyData: hexToBytes(keyData),
    value: hexToBytes(value),
  });
  const key = '02'.repeat(33);
  const cases: [string, { input?: PsbtRecord[]; global?: PsbtRecord[] }, RegExp][] = [
    ['a hash type of three bytes', { input: [record(3, '', '010000')] }, /input 0, hash type/],
    ['a witness with bytes behind it', { input: [record(8, '', '000000')] }, /input 0, final witness/],
    ['a path that breaks off', { input: [record(6, key, '000000000000')] }, /fingerprint and path/],
    ['a partial signature that is none', { input: [record(2, key, '3001')] }, /no DER signature/],
    [
      'a preimage that does not fit',
      { input: [record(0x0b, '00'.repeat(32), '01')] },
      /input 0, SHA256 preimage/,
    ],
    [
      'another previous transaction',
      { input: [record(0, '', BIP174.roles.extracted ?? '')] },
      /not the transaction/,
    ],
    ['a proprietary key without an identifier', { input: [record(0xfc, '05ab', '')] }, /proprietary record/],
    [
      'an extended key of another depth',
      { global: [record(1, `0488b21e03${'00'.repeat(73)}`, '00000000')] },
      /depth 3/,
    ],
    ['a version of its own', { global: [record(0xfb, '', '01000000')] }, /version 1 is not understood/],
    ['two hash types', { input: [record(3, '', '01000000'), record(3, '', '02000000')] }, /stands twice/],
  ];
  for (const [name, change, message] of cases) {
    it(name, () => {
      assert.throws(
        () => decodePsbt(written(psbt, change)),
        (error) => error instanceof CodecError && message.test(error.message),
      );
    });
  }

  it('bytes behind its last map', () => {
    assert.throws(() => decodePsbt(concatBytes(hexToBytes(VALID), Uint8Array.of(0))), /trailing/);
  });

  it('a type that is written longer than needed', () => {
    const bytes = written(psbt, { input: [record(0x20, 'fd0300', '00')] });
    const at = bytesToHex(bytes).indexOf('0420fd030001') / 2;
    const longer = Uint8Array.from(bytes);
    longer.set([0x04, 0xfd, 0x20, 0x00], at);
    assert.throws(() => decodePsbt(longer), CodecError);
  });

  it('more bytes or records than can be meant', () => {
    assert.throws(() => decodePsbt(new Uint8Array(MAX_PSBT_BYTES + 1)), /too large/);
    const many = Array.from({ length: MAX_PSBT_RECORDS }, (_, at) =>
      record(0x30, at.toString(16).padStart(6, '0'), ''),
    );
    assert.throws(() => decodePsbt(written(psbt, { input: many })), /more than 100000 records/);
  });
});

describe('any PSBT', () => {
  it('is read back as it was, with records of unknown types in every map', () => {
    const unknown = fc
      .uniqueArray(fc.uint8Array({ maxLength: 20 }), { maxLength: 4, selector: bytesToHex })
      .map((keys) => keys.map((keyData) => ({ type: 0x1234, keyData, value: Uint8Array.of(...keyData, 1) })));
    fc.assert(
      fc.property(unknown, unknown, unknown, fc.boolean(), (global, input, output, hasVersion) => {
        const plain = decodePsbt(hexToBytes(VALID));
        const psbt: Psbt = {
          ...plain,
          hasVersion,
          others: global,
          inputs: plain.inputs.map((one) => ({ ...one, others: input })),
          outputs: plain.outputs.map((one) => ({ ...one, others: output })),
        };
        const bytes = encodePsbt(psbt);
        const again = decodePsbt(bytes);
        assert.deepEqual(encodePsbt(again), bytes);
        assert.equal(again.others.length, global.length);
        assert.equal(again.inputs[1]?.others.length, input.length);
        assert.equal(again.hasVersion, hasVersion);
      }),
    );
  });

  it('reads the same in another implementation', () => {
    const ours = decodePsbt(hexToBytes(VALID));
    const theirs = ReferenceTransaction.fromPSBT(encodePsbt(ours));
    assert.equal(theirs.id, bytesToHex(Uint8Array.from(txid(ours.unsigned)).reverse()));
    assert.deepEqual(decodePsbt(theirs.toPSBT(0)), ours);
  });

  it('never brings anything but a PSBT or a CodecError out of damaged bytes', () => {
    const bytes = hexToBytes(VALID);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(bytes.length),
        fc.boolean(),
        (changes, end, cut) => {
          const damaged = Uint8Array.from(bytes);
          for (const [at, value] of changes) damaged[at] = value;
          try {
            const encoded = encodePsbt(decodePsbt(cut ? damaged.subarray(0, end) : damaged));
            assert.deepEqual(encodePsbt(decodePsbt(encoded)), encoded);
          } catch (error) {
            if (!(error instanceof CodecError)) throw error;
          }
        },
      ),
      { numRuns: 2_000 },
    );
    assert.throws(() => decodePsbt(PSBT_MAGIC), CodecError);
    assert.throws(() => decodePsbt(new Uint8Array()), CodecError);
  });
});
