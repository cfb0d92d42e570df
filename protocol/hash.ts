import { ripemd160 as nobleRipemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '#sha256';

export { sha256, sha256d } from '#sha256';

/** RIPEMD-160 of `data`, 20 bytes. */
export function ripemd160(data: Uint8Array): Uint8Array {
  return nobleRipemd160(data);
}

/** RIPEMD-160 of the SHA-256 of `data`, 20 bytes: what a key or script is called in an output script. */
export function hash160(data: Uint8Array): Uint8Array {
  return nobleRipemd160(sha256(data));
}
