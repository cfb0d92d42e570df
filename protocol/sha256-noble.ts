import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import type { Hash } from './units.ts';

/** SHA-256 (FIPS 180-4) of `data`, 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return nobleSha256(data);
}

/** SHA-256 of the SHA-256 of `data`, 32 bytes: every identifier of the chain. */
export function sha256d(data: Uint8Array): Hash {
  return nobleSha256(nobleSha256(data));
}
