import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Point } from '@noble/secp256k1';
import fc from 'fast-check';
import { concatBytes, hexToBytes } from '../../protocol/bytes.ts';
import { publicKeyOf, signDigest, type Verify } from '../../protocol/signature.ts';
import * as noble from '../../protocol/verify.ts';
import * as native from '../../protocol/verify-native.ts';
import { childEnvironment } from '../service/child-environment.ts';
import { arbitraryBytes } from './arbitraries.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const VERIFIERS: [name: string, verify: Verify | undefined][] = [
  ['noble', noble.verify],
  ['native', native.nativeVerify],
];

function bytesOf(number: bigint): Uint8Array {
  return hexToBytes(number.toString(16).padStart(64, '0'));
}

interface Signed {
  signature: Uint8Array;
  digest: Uint8Array;
  publicKey: Uint8Array;
}

const good: Signed = (() => {
  const privateKey = new Uint8Array(32).fill(7);
  const digest = new Uint8Array(32).fill(9);
  return { signature: signDigest(digest, privateKey), digest, publicKey: publicKeyOf(privateKey) };
})();

const half = (part: 0 | 1) => good.signature.subarray(32 * part, 32 * part + 32);
const numberOf = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

/** Everything that must not verify, with a name for each. */
const BAD: Record<string, Partial<Signed>> = {
  'high s': { signature: concatBytes(half(0), bytesOf(ORDER - numberOf(half(1)))) },
  'r of zero': { signature: concatBytes(new Uint8Array(32), half(1)) },
  's of zero': { signature: concatBytes(half(0), new Uint8Array(32)) },
  'r and s of zero': { signature: new Uint8Array(64) },
  'r of the order': { signature: concatBytes(bytesOf(ORDER), half(1)) },
  's of the order': { signature: concatBytes(half(0), bytesOf(ORDER)) },
  'r above the order': { signature: concatBytes(bytesOf(ORDER + 1n), half(1)) },
  'r and s at their largest': { signature: new Uint8Array(64).fill(0xff) },
  'r and s exchanged': { signature: concatBytes(half(1), half(0)) },
  'a signature of 63 bytes': { signature: good.signature.subarray(0, 63) },
  'a signature of 65 bytes': { signature: concatBytes(good.signature, Uint8Array.of(0)) },
  'an empty signature': { signature: new Uint8Array(0) },
  'another digest': { digest: new Uint8Array(32).fill(8) },
  'a digest of zeros': { digest: new Uint8Array(32) },
  'a digest of 31 bytes': { digest: good.digest.subarray(1) },
  'a digest of 33 bytes': { digest: concatBytes(good.digest, Uint8Array.of(9)) },
  'an empty digest': { digest: new Uint8Array(0) },
  'the negated key': { publicKey: good.publicKey.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) },
  'an uncompressed key': { publicKey: Point.fromBytes(good.publicKey).toBytes(false) },
  'a hybrid key': {
    publicKey: Point.fromBytes(good.publicKey)
      .toBytes(false)
      .map((byte, at, key) => (at === 0 ? 6 + (key[64]! & 1) : byte)),
  },
  'a key with prefix 0': { publicKey: good.publicKey.map((byte, at) => (at === 0 ? 0 : byte)) },
  'a key with prefix 5': { publicKey: good.publicKey.map((byte, at) => (at === 0 ? 5 : byte)) },
  'a key without prefix': { publicKey: good.publicKey.subarray(1) },
  'a key of 34 bytes': { publicKey: concatBytes(good.publicKey, Uint8Array.of(0)) },
  'an empty key': { publicKey: new Uint8Array(0) },
  // x = 5 has no y on the curve: 5³ + 7 is no square.
  'a key that is not on the curve': { publicKey: concatBytes(Uint8Array.of(2), bytesOf(5n)) },
  'a key of x = 0': { publicKey: concatBytes(Uint8Array.of(2), new Uint8Array(32)) },
  'a key with x above the field': { publicKey: concatBytes(Uint8Array.of(2), new Uint8Array(32).fill(0xff)) },
};

for (const [name, verify] of VERIFIERS) {
  const options = { skip: verify === undefined && 'the optional secp256k1 addon does not load here' };

  test(`${name}: a good signature verifies`, options, () => {
    assert.equal(verify!(good.signature, good.digest, good.publicKey), true);
  });

  test(`${name}: whatever is wrong gives false and never throws`, options, () => {
    for (const [wrong, change] of Object.entries(BAD)) {
      const { signature, digest, publicKey } = { ...good, ...change };
      assert.equal(verify!(signature, digest, publicKey), false, wrong);
    }
  });

  test(`${name}: inputs are left as they were`, options, () => {
    const copies = [good.signature.slice(), good.digest.slice(), good.publicKey.slice()];
    verify!(good.signature, good.digest, good.publicKey);
    verify!({ ...good, ...BAD['high s'] }.signature, good.digest, good.publicKey);
    assert.deepEqual([good.signature, good.digest, good.publicKey], copies);
  });
}

test('both verifiers agree on generated signatures, good and changed', {
  skip: native.nativeVerify === undefined && 'the optional secp256k1 addon does not load here',
}, () => {
  const change = fc.record({ part: fc.nat(2), bit: fc.nat(33 * 8 - 1) });
  let valid = 0;
  fc.assert(
    fc.property(arbitraryBytes(31), arbitraryBytes(32), fc.option(change), (secret, digest, changed) => {
      const privateKey = concatBytes(Uint8Array.of(1), secret);
      const parts = [signDigest(digest, privateKey), digest.slice(), publicKeyOf(privateKey)] as const;
      if (changed !== null) {
        const part = parts[changed.part]!;
        const at = (changed.bit >> 3) % part.length;
        part[at] = part[at]! ^ (1 << (changed.bit & 7));
      }
      const answer = noble.verify(...parts);
      assert.equal(native.nativeVerify!(...parts), answer);
      assert.equal(answer, changed === null);
      if (answer) valid++;
    }),
    { numRuns: 60 },
  );
  assert.ok(valid > 0);
});

test('both verifiers agree on arbitrary bytes', {
  skip: native.nativeVerify === undefined && 'the optional secp256k1 addon does not load here',
}, () => {
  fc.assert(
    fc.property(
      arbitraryBytes(64),
      arbitraryBytes(32),
      arbitraryBytes(33),
      fc.constantFrom(2, 3),
      (signature, digest, key, prefix) => {
        key[0] = prefix;
        assert.equal(native.nativeVerify!(signature, digest, key), noble.verify(signature, digest, key));
      },
    ),
    { numRuns: 50 },
  );
});

test('the verifier in use says which one it is', () => {
  assert.equal(native.verifierName, native.nativeVerify === undefined ? 'noble' : 'native');
  assert.equal(native.verify, native.nativeVerify ?? noble.verify);
  assert.equal(noble.verifierName, 'noble');
});

test('without the addon the reference verifier takes its place', () => {
  const script = `
    import Module from 'node:module';
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (request, ...rest) => {
      if (request.startsWith('secp256k1')) throw new Error('not installed');
      return resolve(request, ...rest);
    };
    const native = await import('./protocol/verify-native.ts');
    const noble = await import('./protocol/verify.ts');
    console.log(native.verifierName, native.nativeVerify, native.verify === noble.verify);
  `;
  const root = new URL('../..', import.meta.url);
  const flags = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, flags, {
    cwd: root,
    env: childEnvironment(),
    encoding: 'utf8',
  });
  assert.equal(stdout, 'noble undefined true\n', stderr);
});
