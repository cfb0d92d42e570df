import { recoverPublicKey, sign } from '@noble/secp256k1';
import type { AddressType, DecodedAddress } from './address.ts';
import { concatBytes, equalBytes } from './bytes.ts';
import { varBytes } from './codec.ts';
import { hash160, sha256d } from './hash.ts';
import type { Hash } from './units.ts';

/** Keeps a signed message from being a signed transaction. Bitcoin's own, so that its wallets can sign for us. */
const MAGIC = new TextEncoder().encode('Bitcoin Signed Message:\n');
const text = varBytes(0xffff_ffff);
/** One byte that names the key, then r and s. */
export const MESSAGE_SIGNATURE_BYTES = 65;

/** What is signed for a message: SHA-256d of the magic and the UTF-8 text (Bitcoin Core's `MessageHash`). */
export function messageHash(message: string): Hash {
  const utf8 = new TextEncoder().encode(message);
  return sha256d(concatBytes(text.encode(MAGIC), text.encode(utf8)));
}

/** What the first byte of a P2WPKH signature is counted from (BIP 137). */
const P2WPKH_HEADER = 39;

/**
 * Signs a message for the P2WPKH address of a key, in the form of BIP 137; deterministic (RFC 6979).
 * @param privateKey 32 bytes
 * @returns 65 bytes
 */
export function signMessageRecoverably(message: string, privateKey: Uint8Array): Uint8Array {
  const made = sign(messageHash(message), privateKey, { prehash: false, lowS: true, format: 'recovered' });
  return concatBytes(Uint8Array.of(P2WPKH_HEADER + (made[0] ?? 0)), made.subarray(1));
}

/**
 * Whether the owner of an address of one key (P2PKH, P2WPKH) signed a message.
 *
 * The first byte of a signature is 27 plus the number of the key that recovery gives, plus 4 for a compressed
 * key: Bitcoin Core's form, which Electrum uses for P2WPKH as well. From 39 on it is the form of BIP 137 for
 * P2WPKH (35 to 38 are for P2SH-P2WPKH, whose address does not tell that it is one).
 * Source: Bitcoin Core, `MessageVerify`; BIP 137.
 * @param signature 65 bytes
 */
export function isSignedBy(address: DecodedAddress, signature: Uint8Array, message: string): boolean {
  const form = formOf(signature[0] ?? 0);
  if (signature.length !== MESSAGE_SIGNATURE_BYTES || !form?.types.includes(address.type)) return false;
  const publicKey = recoverKey(signature, messageHash(message), form);
  return publicKey !== undefined && equalBytes(hash160(publicKey), address.program);
}

/** What the first byte of a signature says. */
interface SignatureForm {
  /** Which of the keys that fit. */
  readonly recovery: number;
  readonly isCompressed: boolean;
  /** The addresses a key may have. */
  readonly types: readonly AddressType[];
}

function formOf(first: number): SignatureForm | undefined {
  const recovery = (first - 27) & 3;
  if (first >= 27 && first < 31) return { recovery, isCompressed: false, types: ['p2pkh'] };
  if (first >= 31 && first < 35) return { recovery, isCompressed: true, types: ['p2pkh', 'p2wpkh'] };
  if (first >= 39 && first < 43) return { recovery, isCompressed: true, types: ['p2wpkh'] };
  return undefined;
}

/** The key that made a signature, if there is one. */
function recoverKey(signature: Uint8Array, digest: Hash, form: SignatureForm): Uint8Array | undefined {
  const recoverable = concatBytes(Uint8Array.of(form.recovery), signature.subarray(1));
  try {
    return recoverPublicKey(recoverable, digest, { prehash: false, isCompressed: form.isCompressed });
  } catch {
    // r and s are whatever somebody wrote: most are no signature of any key.
    return undefined;
  }
}
