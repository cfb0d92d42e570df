import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBlock } from '../../protocol/block.ts';
import { equalBytes, hexToBytes } from '../../protocol/bytes.ts';
import { hash160 } from '../../protocol/hash.ts';
import { p2wpkhProgram } from '../../protocol/script.ts';
import { sighash, sighashMidstate } from '../../protocol/sighash.ts';
import { decodeDer, isLowS, type Verify } from '../../protocol/signature.ts';
import { verify as nobleVerify } from '../../protocol/verify.ts';
import { nativeVerify } from '../../protocol/verify-native.ts';
import { readRaw, readVectors } from './vectors.ts';

interface Spend {
  signature: Uint8Array;
  digest: Uint8Array;
  publicKey: Uint8Array;
}

/** What every P2WPKH input of the block asks a verifier. */
function spendsOf(name: string): Spend[] {
  const prevouts = readVectors<[value: number, script: string][]>(`blocks/${name}.prevouts.json`);
  const spends: Spend[] = [];
  let next = 0;
  for (const transaction of decodeBlock(readRaw(`blocks/${name}.raw`)).transactions.slice(1)) {
    const midstate = sighashMidstate(transaction);
    transaction.inputs.forEach((input, index) => {
      const [value, script] = prevouts[next++]!;
      const program = p2wpkhProgram(hexToBytes(script));
      if (program === undefined) return;
      const [der, publicKey] = input.witness as [Uint8Array, Uint8Array];
      assert.ok(equalBytes(hash160(publicKey), program));
      const signature = decodeDer(der.subarray(0, -1))!;
      assert.ok(isLowS(signature));
      const digest = sighash(transaction, index, program, BigInt(value), der.at(-1)!, midstate);
      spends.push({ signature, digest, publicKey });
    });
  }
  assert.equal(next, prevouts.length);
  return spends;
}

const countValid = (spends: Spend[], verify: Verify) =>
  spends.filter(({ signature, digest, publicKey }) => verify(signature, digest, publicKey)).length;

const spends = spendsOf('block928816');

test('block 928816 spends 8,629 P2WPKH coins', () => {
  assert.equal(spends.length, 8629);
});

test('the native verifier finds every one of its signatures valid', {
  skip: nativeVerify === undefined && 'the optional secp256k1 addon does not load here',
}, () => {
  assert.equal(countValid(spends, nativeVerify!), 8629);
});

test('the reference verifier finds a sample of them valid', () => {
  const sample = spends.filter((_, index) => index % 200 === 0);
  assert.equal(sample.length, 44);
  assert.equal(countValid(sample, nobleVerify), 44);
});

test('none is valid for the digest of its neighbour', {
  skip: nativeVerify === undefined && 'the optional secp256k1 addon does not load here',
}, () => {
  const shifted = spends.slice(1, 1000).map((spend, index) => ({ ...spend, digest: spends[index]!.digest }));
  assert.equal(countValid(shifted, nativeVerify!), 0);
});
