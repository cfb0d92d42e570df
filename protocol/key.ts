import { HDKey } from '@scure/bip32';
import { entropyToMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { type AccountPublicKey, fingerprintHex, publicAccountOf } from './extended-key.ts';
import { hash160 } from './hash.ts';
import { p2wpkhScript } from './script.ts';

/** Twelve English words (BIP 39) for 16 bytes of entropy, which the caller draws from a secure source. */
export function newMnemonic(entropy: Uint8Array): string {
  if (entropy.length !== 16) throw new RangeError(`12 words need 16 bytes of entropy, not ${entropy.length}`);
  return entropyToMnemonic(entropy, wordlist);
}

/** The words in lower case with single spaces, as BIP 39 wants them, however they were typed. */
export function normalizeMnemonic(text: string): string {
  return text.normalize('NFKD').toLowerCase().trim().replace(/\s+/g, ' ');
}

/** Whether the words are a mnemonic of BIP 39: 12 to 24 words of the English list with a right checksum. */
export function isMnemonic(text: string): boolean {
  return validateMnemonic(normalizeMnemonic(text), wordlist);
}

/** The places of words that are not in the English list, from 1 on: typing errors, or words of another language. */
export function unknownWordPlaces(text: string): number[] {
  const words = normalizeMnemonic(text).split(' ');
  return words.flatMap((word, at) => (wordlist.includes(word) ? [] : [at + 1]));
}

/** The 64-byte seed of a mnemonic (BIP 39). Takes tens of milliseconds. Throws unless isMnemonic. */
export function seedOf(mnemonic: string, passphrase = ''): Uint8Array {
  const words = normalizeMnemonic(mnemonic);
  if (!isMnemonic(words)) throw new RangeError('the words are not a mnemonic of BIP 39');
  return mnemonicToSeedSync(words, passphrase);
}

/** A key of an account and what it is called in the chain. */
export interface DerivedKey {
  readonly privateKey: Uint8Array;
  /** Compressed, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** The P2WPKH output script of the key. */
  readonly script: Uint8Array;
  /** The whole path from the seed (BIP 32), as in "m/84'/1'/0'/0/5". */
  readonly path: string;
}

/** External keys are given to payers, change keys take what is left of the own payments (BIP 44). */
export type KeyChain = 0 | 1;

/** An account of a seed (BIP 84). */
export interface AccountKey {
  /** "m/84'/<coin type>'/<account>'" */
  readonly path: string;
  /** Of the seed's master key: the first 4 bytes of its HASH160, 8 hex digits (BIP 32). */
  readonly masterFingerprint: string;
  /** The half that sees all payments and can make none. */
  readonly publicAccount: AccountPublicKey;
  /** The key `index` of the external chain (0) or the change chain (1). */
  derive(chain: KeyChain, index: number): DerivedKey;
}

/**
 * The account m/84'/coinType'/number' of a seed (BIP 84, coin types of SLIP 44).
 * @throws RangeError unless 0 ≤ number < 2^31
 */
export function accountOf(seed: Uint8Array, coinType: number, number = 0): AccountKey {
  if (!Number.isInteger(number) || number < 0 || number >= 2 ** 31) {
    throw new RangeError(`an account has a number from 0 to 2147483647, not ${number}`);
  }
  const path = `m/84'/${coinType}'/${number}'`;
  const master = HDKey.fromMasterSeed(seed);
  const account = master.derive(path);
  const chains = [account.deriveChild(0), account.deriveChild(1)] as const;
  return {
    path,
    masterFingerprint: fingerprintHex(master.fingerprint),
    publicAccount: publicAccountOf(account, coinType),
    derive(chain, index) {
      const { privateKey, publicKey } = chains[chain].deriveChild(index);
      if (privateKey === null || publicKey === null)
        throw new RangeError(`no key at ${path}/${chain}/${index}`);
      return {
        privateKey,
        publicKey,
        script: p2wpkhScript(hash160(publicKey)),
        path: `${path}/${chain}/${index}`,
      };
    },
  };
}

/** The private key, 32 bytes, at a path such as "m/84'/1'/0'/0/0" (BIP 32). Throws on a malformed path. */
export function privateKeyFromPath(seed: Uint8Array, path: string): Uint8Array {
  const { privateKey } = HDKey.fromMasterSeed(seed).derive(path);
  if (privateKey === null) throw new RangeError(`no key at ${path}`);
  return privateKey;
}
