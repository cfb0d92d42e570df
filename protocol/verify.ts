import { verify as nobleVerify } from '@noble/secp256k1';
import { isCompressedKey, type Verify } from './signature.ts';

/** Which implementation `verify` is. */
export const verifierName: 'native' | 'noble' = 'noble';

/** There is no native verifier on this side of the seam. */
export const nativeVerify: Verify | undefined = undefined;

/** The reference verifier, in plain TypeScript: used in browsers and where no native one loads. */
export const verify: Verify = (signature, digest, publicKey) =>
  signature.length === 64 &&
  digest.length === 32 &&
  isCompressedKey(publicKey) &&
  nobleVerify(signature, digest, publicKey, { prehash: false, lowS: true, format: 'compact' });
