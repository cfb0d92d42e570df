import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { getPublicKey, hashes, sign } from '@noble/secp256k1';
import { concatBytes } from './bytes.ts';
import { hash160 } from './hash.ts';
import { SIGHASH_ALL, type SighashMidstate, sighash } from './sighash.ts';
import type { Transaction } from './transaction.ts';
import type { Hash, Nits } from './units.ts';

/**
 * Whether `signature` (64 bytes, r and s big-endian) is a valid low-S ECDSA signature of `digest` (32 bytes)
 * by `publicKey` (33 bytes, compressed). Anything malformed gives false; it never throws.
 */
export type Verify = (signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array) => boolean;

// Deterministic nonces (RFC 6979) are made with these; the library brings no hash of its own.
hashes.hmacSha256 = (key, message) => hmac(nobleSha256, key, message);
hashes.sha256 = nobleSha256;

/** Half the order of secp256k1, rounded down: s above it is "high" (BIP 62 rule 5, BIP 146). */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const HALF_ORDER_BYTES = Uint8Array.from({ length: 32 }, (_, index) =>
  Number((HALF_ORDER >> BigInt(8 * (31 - index))) & 0xffn),
);

const DER_SEQUENCE = 0x30;
const DER_INTEGER = 0x02;

/**
 * The compact form of a strictly DER-encoded signature (BIP 66), without the hash type that follows it in a
 * witness. Undefined where BIP 66 refuses the encoding, and where r or s exceeds 256 bits, which no
 * signature can.
 */
export function decodeDer(der: Uint8Array): Uint8Array | undefined {
  if (der.length < 8 || der.length > 72) return undefined;
  if (der[0] !== DER_SEQUENCE || der[1] !== der.length - 2) return undefined;
  const startOfS = 4 + (der[3] ?? 0);
  const end = startOfS + 2 + (der[startOfS + 1] ?? 0);
  if (end !== der.length) return undefined;
  const compact = new Uint8Array(64);
  if (!readInteger(der, 2, startOfS, compact, 32)) return undefined;
  if (!readInteger(der, startOfS, end, compact, 64)) return undefined;
  return compact;
}

/**
 * Reads the DER integer whose tag, length and digits stand from `start` to `end`, and writes it so that it
 * ends at `intoEnd`. False where BIP 66 refuses it or it has more than 32 bytes.
 */
function readInteger(
  der: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  intoEnd: number,
): boolean {
  let first = start + 2;
  if (der[start] !== DER_INTEGER || first >= end) return false;
  if ((der[first] ?? 0) >= 0x80) return false; // negative
  if (der[first] === 0 && end - first > 1) {
    first++;
    if ((der[first] ?? 0) < 0x80) return false; // padded with a zero that is not needed
  }
  if (end - first > 32) return false;
  for (let at = first; at < end; at++) into[intoEnd - end + at] = der[at] ?? 0;
  return true;
}

/** The strict DER encoding (BIP 66) of a compact signature. */
export function encodeDer(compact: Uint8Array): Uint8Array {
  const r = derInteger(compact.subarray(0, 32));
  const s = derInteger(compact.subarray(32, 64));
  return concatBytes(Uint8Array.of(DER_SEQUENCE, r.length + s.length), r, s);
}

function derInteger(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < 31 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  const padding = (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return concatBytes(Uint8Array.of(DER_INTEGER, padding.length + digits.length, ...padding), digits);
}

/** Whether s is at most half the group order (BIP 146); the other of the two possible values is refused. */
export function isLowS(compact: Uint8Array): boolean {
  for (let index = 0; index < 32; index++) {
    const byte = compact[32 + index] ?? 0;
    const limit = HALF_ORDER_BYTES[index] ?? 0;
    if (byte !== limit) return byte < limit;
  }
  return true;
}

/** Whether `bytes` look like a compressed public key: 33 bytes that start with 2 or 3. */
export function isCompressedKey(bytes: Uint8Array): boolean {
  return bytes.length === 33 && (bytes[0] === 2 || bytes[0] === 3);
}

/** The compressed public key, 33 bytes, of a private key of 32. Throws on zero or a key ≥ the group order. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  return getPublicKey(privateKey, true);
}

/** A deterministic low-S signature (RFC 6979) of a 32-byte digest, compact. Throws on an invalid key. */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  if (digest.length !== 32) throw new RangeError(`a digest has 32 bytes, not ${digest.length}`);
  return sign(digest, privateKey, { prehash: false, lowS: true, format: 'compact' });
}

/**
 * The witness that spends a P2WPKH coin of `value` at input `index`: signature with hash type, public key.
 * @param midstate sighashMidstate(transaction), given when several inputs are signed
 */
export function signInput(
  transaction: Transaction,
  index: number,
  privateKey: Uint8Array,
  value: Nits,
  type: number = SIGHASH_ALL,
  midstate?: SighashMidstate,
): [signature: Uint8Array, publicKey: Uint8Array] {
  const publicKey = publicKeyOf(privateKey);
  const digest: Hash = sighash(transaction, index, hash160(publicKey), value, type, midstate);
  const signature = encodeDer(signDigest(digest, privateKey));
  return [concatBytes(signature, Uint8Array.of(type)), publicKey];
}
