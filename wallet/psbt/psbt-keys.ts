/** Which keys of this wallet a PSBT is about. Pure. */
import { equalBytes } from '../../protocol/bytes.ts';
import { hash160 } from '../../protocol/hash.ts';
import type { KeyOrigin } from '../../protocol/psbt.ts';
import { p2wpkhProgram } from '../../protocol/script.ts';
import { CHANGE, type KeyPlace, type KeyRing, RECEIVE } from '../keys/key-ring.ts';

const HARDENED = 0x8000_0000;

/** What is known of a script: the key of this wallet that it pays to, or that somebody says so and it is not true. */
export type Ownership =
  | { readonly place: KeyPlace }
  | { readonly place: undefined; readonly falselyClaimed: boolean };

/**
 * Whose a script is. Known keys are found by themselves. Others, such as those of a signer that never saw the chain,
 * are found by the derivation path beside the script, which is only a hint: the key that it leads to has to be that of
 * the script (BIP 174, "Change Detection").
 */
export function ownershipOf(script: Uint8Array, origins: readonly KeyOrigin[], ring: KeyRing): Ownership {
  const known = ring.findScript(script);
  if (known !== undefined) return { place: known };
  const program = p2wpkhProgram(script);
  let falselyClaimed = false;
  for (const origin of origins) {
    const place = placeOf(origin, ring);
    if (place === undefined) continue;
    // The key that is named is hashed first: to derive one takes a hundred times as long.
    const named = program !== undefined && equalBytes(hash160(origin.publicKey), program);
    if (named && equalBytes(ring.publicKey(place), origin.publicKey)) return { place };
    falselyClaimed = true;
    if (named) break;
  }
  return { place: undefined, falselyClaimed };
}

/** The place in this wallet that a derivation names: from the master key, or from the account's own. */
function placeOf({ fingerprint, path }: KeyOrigin, ring: KeyRing): KeyPlace | undefined {
  const [chain, index] = path.slice(-2);
  if ((chain !== RECEIVE && chain !== CHANGE) || index === undefined || index >= HARDENED) return undefined;
  const place = { chain, index };
  const own = ring.origin(place);
  const fromMaster = own?.fingerprint === fingerprint && samePath(own.path, path);
  const fromAccount = path.length === 2 && fingerprint === ring.publicAccount().fingerprint;
  return fromMaster || fromAccount ? place : undefined;
}

function samePath(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((step, at) => step === b[at]);
}

/** The derivation to write beside a key, for its signer to find it by; none for a single key of no account. */
export function originsOf(place: KeyPlace, ring: KeyRing): KeyOrigin[] {
  const origin = ring.origin(place);
  return origin === undefined ? [] : [{ publicKey: ring.publicKey(place), ...origin }];
}
