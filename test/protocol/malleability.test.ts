import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodecError, equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import { hash160 } from '../../protocol/hash.ts';
import { p2wpkhProgram } from '../../protocol/script.ts';
import { isDefinedSighash, sighash } from '../../protocol/sighash.ts';
import { decodeDer, encodeDer, isCompressedKey, isLowS } from '../../protocol/signature.ts';
import { decodeTransaction, type Transaction, txid } from '../../protocol/transaction.ts';
import { verify as nobleVerify } from '../../protocol/verify.ts';
import { nativeVerify } from '../../protocol/verify-native.ts';
import { readVectors } from './vectors.ts';

interface Coin {
  script: string;
  value: string;
  sighashType: number;
}
interface SignedCase {
  signed: string;
  inputs: Coin[];
}

const { cases } = readVectors<{ cases: SignedCase[] }>('sighash-p2wpkh.json');
const verify = nativeVerify ?? nobleVerify;

/** Whether every input spends its coin: the whole of what the chain asks of a P2WPKH spend. */
function isSigned(transaction: Transaction, coins: readonly Coin[]): boolean {
  if (transaction.inputs.length !== coins.length) return false;
  return coins.every(({ script, value }, index) => {
    const { scriptSig, witness } = transaction.inputs[index]!;
    const [signature, publicKey] = witness;
    if (scriptSig.length > 0 || witness.length !== 2 || !isCompressedKey(publicKey!)) return false;
    const program = p2wpkhProgram(hexToBytes(script))!;
    const compact = decodeDer(signature!.subarray(0, -1));
    const type = signature!.at(-1)!;
    if (compact === undefined || !isLowS(compact) || !isDefinedSighash(type)) return false;
    if (!equalBytes(hash160(publicKey!), program)) return false;
    return verify(compact, sighash(transaction, index, program, BigInt(value), type), publicKey!);
  });
}

/** What each single-bit change of the bytes decodes to; undefined where it does not. */
function* flipped(bytes: Uint8Array): Generator<Transaction | undefined> {
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const copy = bytes.slice();
    copy[bit >> 3] = copy[bit >> 3]! ^ (1 << (bit & 7));
    try {
      yield decodeTransaction(copy);
    } catch (error) {
      assert.ok(error instanceof CodecError, String(error));
      yield undefined;
    }
  }
}

function shortest(count: number): SignedCase[] {
  return [...cases].sort((a, b) => a.signed.length - b.signed.length).slice(0, count);
}

const slow = nativeVerify === undefined && 'thousands of signatures: only with the optional secp256k1 addon';

test('one flipped bit makes a signed transaction invalid or another one', { skip: slow }, () => {
  for (const { signed, inputs } of shortest(4)) {
    const bytes = hexToBytes(signed);
    const original = decodeTransaction(bytes);
    assert.ok(isSigned(original, inputs));
    for (const changed of flipped(bytes)) {
      if (changed === undefined) continue;
      const same = equalBytes(txid(changed), txid(original));
      assert.ok(!(same && isSigned(changed, inputs)));
    }
  }
});

test('one flipped bit invalidates a transaction whose signatures cover all of it', { skip: slow }, () => {
  const whole = cases.filter(({ inputs }) => inputs.every(({ sighashType }) => sighashType === 1));
  assert.ok(whole.length > 0);
  for (const { signed, inputs } of whole) {
    for (const changed of flipped(hexToBytes(signed))) {
      assert.ok(changed === undefined || !isSigned(changed, inputs));
    }
  }
});

test('the other s of a signature would verify by the plain equation, and is refused', () => {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const { signed, inputs } = cases[0]!;
  const transaction = decodeTransaction(hexToBytes(signed));
  const malleated = transaction.inputs.map((input) => {
    const [signature, publicKey] = input.witness as [Uint8Array, Uint8Array];
    const compact = decodeDer(signature.subarray(0, -1))!;
    const s = BigInt(`0x${Buffer.from(compact.subarray(32)).toString('hex')}`);
    compact.set(hexToBytes((order - s).toString(16).padStart(64, '0')), 32);
    return { ...input, witness: [Uint8Array.of(...encodeDer(compact), signature.at(-1)!), publicKey] };
  });
  const twin = { ...transaction, inputs: malleated };
  assert.deepEqual(txid(twin), txid(transaction));
  assert.ok(isSigned(transaction, inputs));
  assert.ok(!isSigned(twin, inputs));
});
