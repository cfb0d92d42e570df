import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createBase58check } from '@scure/base';
import { verify } from '#verify';
import { BITCOIN_FORMATS, decodeAddress } from '../../protocol/address.ts';
import { bytesToHex, CodecError, displayHash } from '../../protocol/bytes.ts';
import {
  type GenericVerdict,
  genericMessageHash,
  parseGenericSignature,
  signGenericMessage,
  toSign,
  toSpend,
  verifyGenericMessage,
} from '../../protocol/generic-signed-message.ts';
import { hash160, sha256 } from '../../protocol/hash.ts';
import { p2wpkhScript } from '../../protocol/script.ts';
import { publicKeyOf, signInput } from '../../protocol/signature.ts';
import { encodeTransaction, txid, witnessCodec } from '../../protocol/transaction.ts';
import { readVectors } from './vectors.ts';

interface SignedMessage {
  readonly message: string;
  readonly private_keys: string[];
  readonly address: string;
  readonly type: string;
  readonly bip322_signatures: string[];
  readonly lock_time?: number;
  readonly sequence?: number;
}

interface WrongMessage {
  readonly description: string;
  readonly message: string;
  readonly address: string;
  readonly signature: string;
}

interface Basic {
  readonly tx_hashes: {
    message: string;
    address: string;
    message_hash: string;
    to_spend_tx_hash: string;
    to_sign_tx_hash: string;
  }[];
  readonly simple: SignedMessage[];
  readonly error: WrongMessage[];
}

interface Generated {
  readonly simple: SignedMessage[];
  readonly full: SignedMessage[];
  readonly proof_of_funds: SignedMessage[];
  readonly error: WrongMessage[];
}

const BASIC = readVectors<Basic>('messages/bip322-basic.json');
const GENERATED = readVectors<Generated>('messages/bip322-generated.json');
const base58check = createBase58check(sha256);

const scriptOf = (address: string) => decodeAddress(address, BITCOIN_FORMATS.main).script;

function verdict(message: string, address: string, signature: string): GenericVerdict {
  const script = scriptOf(address);
  return verifyGenericMessage(message, script, parseGenericSignature(signature, message, script), verify);
}

/** Private key, compressed, in WIF. */
const keyOf = (wif: string) => base58check.decode(wif).slice(1, 33);

describe('the two transactions of a message (BIP 322)', () => {
  for (const vector of BASIC.tx_hashes) {
    test(JSON.stringify(vector.message), () => {
      const { message } = vector;
      const script = scriptOf(vector.address);
      assert.equal(bytesToHex(genericMessageHash(message)), vector.message_hash);
      assert.equal(displayHash(txid(toSpend(message, script))), vector.to_spend_tx_hash);
      assert.equal(displayHash(txid(toSign(message, script))), vector.to_sign_tx_hash);
    });
  }
});

/** One key or a Taproot key; all others need a script to be run. */
const CHECKED = new Set(['p2wpkh', 'p2tr', 'p2pkh', 'p2sh-p2wpkh']);

describe('signatures of BIP 322', () => {
  const signatures = [...BASIC.simple, ...GENERATED.simple, ...GENERATED.full];
  for (const { message, address, type, bip322_signatures, ...expected } of signatures) {
    for (const signature of bip322_signatures) {
      const { lock_time: lockTime = 0, sequence = 0 } = expected;
      const state = CHECKED.has(type) ? 'valid' : 'inconclusive';
      test(`${signature.slice(0, 3)} of ${type}, ${JSON.stringify(message)}: ${state}`, () => {
        const found = verdict(message, address, signature);
        if (state === 'valid') assert.deepEqual(found, { state, lockTime, sequence });
        else assert.equal(found.state, state);
      });
      test(`${signature.slice(0, 3)} of ${type} is none of another message`, () => {
        assert.notEqual(verdict(`${message}!`, address, signature).state, 'valid');
      });
    }
  }

  test('what is no signature is never valid, and what cannot be read is said to be that', () => {
    for (const { description, message, address, signature } of [...BASIC.error, ...GENERATED.error]) {
      try {
        assert.notEqual(verdict(message, address, signature).state, 'valid', description);
      } catch (error) {
        assert.ok(error instanceof CodecError, description);
      }
    }
  });

  test('a proof of funds is not taken for a signature', () => {
    for (const {
      message,
      address,
      bip322_signatures: [signature = ''],
    } of GENERATED.proof_of_funds) {
      assert.throws(() => verdict(message, address, signature), /proof of funds/);
    }
  });
});

describe('a message signed by a P2WPKH key', () => {
  const [, hello] = BASIC.simple;
  const wif = hello?.private_keys[0] ?? '';
  const key = keyOf(wif);
  const script = p2wpkhScript(hash160(publicKeyOf(key)));
  const encoded = (prefix: string, bytes: Uint8Array) => prefix + Buffer.from(bytes).toString('base64');

  test('is one of the signatures that the BIP shows: nonces are deterministic (RFC 6979)', () => {
    for (const { message, bip322_signatures, type } of BASIC.simple) {
      if (type !== 'p2wpkh') continue;
      assert.ok(bip322_signatures.includes(signGenericMessage(message, script, key)), message);
    }
  });

  test('is read without its prefix as well, as before version 1.0.0 of the BIP', () => {
    const signature = signGenericMessage('hi', script, key).slice(3);
    const parsed = parseGenericSignature(signature, 'hi', script);
    assert.equal(verifyGenericMessage('hi', script, parsed, verify).state, 'valid');
  });

  test('must have the hash type ALL', () => {
    const witness = signInput(toSign('hi', script), 0, key, 0n, 0x81);
    const parsed = parseGenericSignature(encoded('smp', witnessCodec.encode(witness)), 'hi', script);
    const found = verifyGenericMessage('hi', script, parsed, verify);
    assert.deepEqual(found, { state: 'invalid', reason: 'its hash type is 129, allowed is ALL (1)' });
  });

  test('in the full form must pay nobody, spend nothing else, and have a known version', () => {
    const bare = toSign('hi', script);
    const full = (change: Partial<typeof bare>) => {
      const unsigned = { ...bare, ...change };
      const witness = signInput(unsigned, 0, key, 0n);
      const inputs = unsigned.inputs.map((input, at) => (at === 0 ? { ...input, witness } : input));
      const text = encoded('ful', encodeTransaction({ ...unsigned, inputs }));
      return verifyGenericMessage('hi', script, parseGenericSignature(text, 'hi', script), verify);
    };
    const [input] = bare.inputs;
    const [output] = bare.outputs;
    assert.ok(input && output);
    assert.equal(full({}).state, 'valid');
    assert.deepEqual(full({ version: 2, lockTime: 7 }), { state: 'valid', lockTime: 7, sequence: 0 });
    assert.equal(full({ version: 3 }).state, 'inconclusive');
    assert.equal(full({ outputs: [{ ...output, value: 1n }] }).state, 'invalid');
    assert.equal(full({ outputs: [output, output] }).state, 'invalid');
    const other = { ...input, previous: { txid: new Uint8Array(32).fill(1), index: 0 } };
    assert.equal(full({ inputs: [input, other] }).state, 'invalid');
    assert.equal(full({ inputs: [other] }).state, 'invalid');
  });

  test('is none of an address whose key did not sign', () => {
    const stranger = p2wpkhScript(hash160(publicKeyOf(new Uint8Array(32).fill(7))));
    const witness = signInput(toSign('hi', stranger), 0, key, 0n);
    const parsed = parseGenericSignature(encoded('smp', witnessCodec.encode(witness)), 'hi', stranger);
    assert.deepEqual(verifyGenericMessage('hi', stranger, parsed, verify), {
      state: 'invalid',
      reason: 'Witness program hash mismatch',
    });
  });
});
