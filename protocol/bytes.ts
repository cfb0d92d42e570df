import type { Hash } from './units.ts';

/** Text or bytes that are no valid encoding of what they should hold. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
}

const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

const NOT_HEX = 0xff;
const NIBBLE_OF_CHARACTER = new Uint8Array(128).fill(NOT_HEX);
for (let nibble = 0; nibble < 16; nibble++) {
  const digit = nibble.toString(16);
  NIBBLE_OF_CHARACTER[digit.charCodeAt(0)] = nibble;
  NIBBLE_OF_CHARACTER[digit.toUpperCase().charCodeAt(0)] = nibble;
}

/** Above this many bytes a string built piece by piece is slower than decoding a buffer of digits. */
const LARGE_BYTES = 512;
const ASCII = new TextDecoder('latin1');

/** Lower-case hexadecimal digits of `bytes`. */
export function bytesToHex(bytes: Uint8Array): string {
  if (bytes.length > LARGE_BYTES) return largeBytesToHex(bytes);
  let hex = '';
  for (const byte of bytes) hex += HEX_OF_BYTE[byte];
  return hex;
}

function largeBytesToHex(bytes: Uint8Array): string {
  const digits = new Uint8Array(bytes.length * 2);
  let at = 0;
  for (const byte of bytes) {
    digits[at++] = hexCharacter(byte >> 4);
    digits[at++] = hexCharacter(byte & 15);
  }
  return ASCII.decode(digits);
}

function hexCharacter(nibble: number): number {
  return nibble < 10 ? 48 + nibble : 87 + nibble;
}

/**
 * The bytes that `hex` spells; either case, no prefix, no separators.
 * @throws CodecError on an odd number of digits or any other character
 */
export function hexToBytes(hex: string): Uint8Array {
  if (hex.length % 2 !== 0) throw new CodecError(`hex has an odd number of digits (${hex.length})`);
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    const high = NIBBLE_OF_CHARACTER[hex.charCodeAt(2 * index)] ?? NOT_HEX;
    const low = NIBBLE_OF_CHARACTER[hex.charCodeAt(2 * index + 1)] ?? NOT_HEX;
    if (high === NOT_HEX || low === NOT_HEX) {
      const at = high === NOT_HEX ? 2 * index : 2 * index + 1;
      throw new CodecError(`hex holds ${JSON.stringify(hex[at])} at position ${at}`);
    }
    bytes[index] = (high << 4) | low;
  }
  return bytes;
}

/** One array that holds all `parts` in order. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether both arrays hold the same bytes. Not constant-time: for public data only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

/** A copy of `bytes` in the opposite order. */
export function reversed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes).reverse();
}

/** The hash as people read it: reversed, 64 hexadecimal digits. */
export function displayHash(hash: Hash): string {
  let hex = '';
  for (let index = hash.length - 1; index >= 0; index--) hex += HEX_OF_BYTE[hash[index] ?? 0];
  return hex;
}

/**
 * The hash, in internal byte order, that `hex` shows.
 * @throws CodecError unless `hex` is exactly 64 hexadecimal digits
 */
export function parseDisplayHash(hex: string): Hash {
  if (hex.length !== 64) throw new CodecError(`a hash has 64 hexadecimal digits, not ${hex.length}`);
  return hexToBytes(hex).reverse();
}

/** A key for maps: equal hashes give equal strings. Internal byte order, not for display. */
export function hashKey(hash: Hash): string {
  return bytesToHex(hash);
}
