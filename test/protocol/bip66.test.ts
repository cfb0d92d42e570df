import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex, concatBytes, hexToBytes } from '../../protocol/bytes.ts';
import { decodeDer, encodeDer } from '../../protocol/signature.ts';
import { arbitraryBytes } from './arbitraries.ts';

/** IsValidSignatureEncoding of BIP 66, written as the BIP writes it; `sig` ends with a hash type. */
function isValidSignatureEncoding(sig: Uint8Array): boolean {
  const at = (index: number): number => sig[index]!;
  if (sig.length < 9) return false;
  if (sig.length > 73) return false;
  if (at(0) !== 0x30) return false;
  if (at(1) !== sig.length - 3) return false;
  const lenR = at(3);
  if (5 + lenR >= sig.length) return false;
  const lenS = at(5 + lenR);
  if (lenR + lenS + 7 !== sig.length) return false;
  if (at(2) !== 0x02) return false;
  if (lenR === 0) return false;
  if (at(4) & 0x80) return false;
  if (lenR > 1 && at(4) === 0x00 && !(at(5) & 0x80)) return false;
  if (at(lenR + 4) !== 0x02) return false;
  if (lenS === 0) return false;
  if (at(lenR + 6) & 0x80) return false;
  if (lenS > 1 && at(lenR + 6) === 0x00 && !(at(lenR + 7) & 0x80)) return false;
  return true;
}

/** Whether a valid encoding holds an integer of more than 256 bits, which no signature can. */
function isOversized(der: Uint8Array): boolean {
  const lenR = der[3]!;
  const r = der.subarray(4, 4 + lenR);
  const s = der.subarray(6 + lenR);
  return [r, s].some((integer) => integer.length - (integer[0] === 0 ? 1 : 0) > 32);
}

function agreesWithBip(der: Uint8Array): void {
  const valid = isValidSignatureEncoding(concatBytes(der, Uint8Array.of(1)));
  const expected = valid && !isOversized(der);
  const compact = decodeDer(der);
  assert.equal(compact !== undefined, expected, bytesToHex(der));
  // There is one encoding only.
  if (compact !== undefined) assert.deepEqual(encodeDer(compact), der);
}

/** Compact signatures whose r and s often start with zeros or a set top bit, where encodings differ. */
const arbitraryHalf = fc
  .tuple(fc.nat(32), arbitraryBytes(32))
  .map(([zeros, bytes]) => bytes.map((byte, index) => (index < zeros ? 0 : byte)));
const arbitraryCompact = fc.tuple(arbitraryHalf, arbitraryHalf).map(([r, s]) => concatBytes(r, s));

test('every signature has an encoding that BIP 66 accepts and that reads back', () => {
  fc.assert(
    fc.property(arbitraryCompact, (compact) => {
      const der = encodeDer(compact);
      assert.ok(isValidSignatureEncoding(concatBytes(der, Uint8Array.of(1))));
      assert.deepEqual(decodeDer(der), compact);
    }),
  );
});

test('an encoding is accepted exactly where BIP 66 accepts it', () => {
  const change = fc.tuple(fc.nat(80), fc.oneof(fc.nat(255), fc.constantFrom(0, 2, 0x30, 0x80, 0x20, 0x21)));
  const changes = fc.array(change, { maxLength: 3 });
  fc.assert(
    fc.property(arbitraryCompact, changes, fc.nat(3), (compact, changed, cut) => {
      const der = encodeDer(compact);
      for (const [at, byte] of changed) if (at < der.length) der[at] = byte;
      agreesWithBip(der.slice(0, der.length - cut));
      agreesWithBip(der);
    }),
    { numRuns: 2000 },
  );
});

test('wrongly encoded integers are refused, each for its own reason', () => {
  const refused: [reason: string, hex: string][] = [
    ['empty', ''],
    ['too short', '3004020100'],
    ['no sequence', '3106020101020101'],
    ['wrong total length', '3007020101020101'],
    ['r is no integer', '3006030101020101'],
    ['s is no integer', '3006020101030101'],
    ['r of length 0', '30060200020201ff'],
    ['s of length 0', '30060202010102 00'.replace(' ', '')],
    ['r is negative', '3006020181020101'],
    ['s is negative', '3006020101020181'],
    ['r is padded', '300702020001020101'],
    ['s is padded', '300702010102020001'],
    ['r runs over the end', '3006020501020101'],
    ['s runs over the end', '3006020101020201'],
    ['trailing byte', '300602010102010100'],
    ['long form of a length', '308106020101020101'],
    ['r of 33 significant bytes', `3026022101${'00'.repeat(32)}020101`],
  ];
  for (const [reason, hex] of refused) assert.equal(decodeDer(hexToBytes(hex)), undefined, reason);
  assert.deepEqual(decodeDer(hexToBytes('3006020101020101'))?.[31], 1);
});
