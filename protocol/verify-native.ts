import { createRequire } from 'node:module';
import type { ecdsaVerify } from 'secp256k1';
import { isCompressedKey, type Verify } from './signature.ts';
import { verify as nobleVerify } from './verify.ts';

interface Addon {
  readonly ecdsaVerify: typeof ecdsaVerify;
}

/** libsecp256k1 through the optional `secp256k1` package; its slow JavaScript fallback is left aside. */
function loadAddon(): Addon | undefined {
  try {
    return createRequire(import.meta.url)('secp256k1/bindings') as Addon;
  } catch {
    return undefined; // Not installed, or no binary for this platform: it is an optional dependency.
  }
}

function verifierOf(addon: Addon): Verify {
  return (signature, digest, publicKey) => {
    if (signature.length !== 64 || digest.length !== 32 || !isCompressedKey(publicKey)) return false;
    try {
      return addon.ecdsaVerify(signature, digest, publicKey);
    } catch {
      // With the lengths right, it throws only for r or s ≥ the order and for a key that is not on the curve.
      return false;
    }
  };
}

const addon = loadAddon();

/** libsecp256k1's verifier, undefined where the addon does not load. */
export const nativeVerify: Verify | undefined = addon && verifierOf(addon);

/** The fastest verifier there is here; every one of them gives the same answers. */
export const verify: Verify = nativeVerify ?? nobleVerify;

/** Which implementation `verify` is. */
export const verifierName: 'native' | 'noble' = nativeVerify === undefined ? 'noble' : 'native';
