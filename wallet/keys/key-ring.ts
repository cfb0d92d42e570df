/** The keys of a wallet: both chains of one BIP-84 account, found by index, script or public key. */
import { base64 } from '@scure/base';
import { type AddressFormat, encodeAddress } from '../../protocol/address.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { hash160 } from '../../protocol/hash.ts';
import { type AccountKey, accountOf, type DerivedKey, type KeyChain, seedOf } from '../../protocol/key.ts';
import { p2wpkhProgram, p2wpkhScript } from '../../protocol/script.ts';

/** Keys given out to payers, and keys that take change (BIP 44: chains 0 and 1). */
export const RECEIVE: KeyChain = 0;
export const CHANGE: KeyChain = 1;

/** A key's place in the account. */
export interface KeyPlace {
  readonly chain: KeyChain;
  readonly index: number;
}

const KEY_HASH_LENGTH = 20;

/**
 * The addresses of an account up to some index on each chain. Deriving a key costs a millisecond or two, so the
 * hashes of those known already can be kept (in the encrypted file) and given back; then nothing is derived
 * until a new address or a private key is needed.
 */
export class KeyRing {
  readonly #mnemonic: string;
  readonly #coinType: number;
  readonly #format: AddressFormat;
  readonly #hashes: Readonly<Record<KeyChain, Uint8Array[]>> = { 0: [], 1: [] };
  readonly #places = new Map<string, KeyPlace>();
  #account: AccountKey | undefined;

  constructor(mnemonic: string, coinType: number, format: AddressFormat) {
    this.#mnemonic = mnemonic;
    this.#coinType = coinType;
    this.#format = format;
  }

  /** How many keys of a chain are known: those of index 0 to one less. */
  count(chain: KeyChain): number {
    return this.#hashes[chain].length;
  }

  /** Makes the keys of index 0 to `count` − 1 known. */
  extend(chain: KeyChain, count: number): void {
    for (let index = this.count(chain); index < count; index++) {
      this.#add(chain, hash160(this.#derive({ chain, index }).publicKey));
    }
  }

  /** Takes key hashes that {@link keyHashes} gave, instead of deriving them again. */
  remember(chain: KeyChain, keyHashes: string): void {
    const known = base64.decode(keyHashes);
    for (let at = this.count(chain) * KEY_HASH_LENGTH; at < known.length; at += KEY_HASH_LENGTH) {
      this.#add(chain, known.subarray(at, at + KEY_HASH_LENGTH));
    }
  }

  /** The hashes of all known keys of a chain, joined, in base64. */
  keyHashes(chain: KeyChain): string {
    return base64.encode(Buffer.concat(this.#hashes[chain]));
  }

  #add(chain: KeyChain, keyHash: Uint8Array): void {
    this.#places.set(bytesToHex(keyHash), { chain, index: this.count(chain) });
    this.#hashes[chain].push(keyHash);
  }

  /** The P2WPKH script of a key. */
  script({ chain, index }: KeyPlace): Uint8Array {
    this.extend(chain, index + 1);
    const keyHash = this.#hashes[chain][index];
    if (keyHash === undefined) throw new RangeError(`no key ${chain}/${index}`);
    return p2wpkhScript(keyHash);
  }

  address(place: KeyPlace): string {
    const address = encodeAddress(this.script(place), this.#format);
    if (address === undefined) throw new RangeError(`no address for key ${place.chain}/${place.index}`);
    return address;
  }

  /** The places of all keys known, of both chains. */
  places(): KeyPlace[] {
    return ([RECEIVE, CHANGE] as const).flatMap((chain) =>
      this.#hashes[chain].map((_, index) => ({ chain, index })),
    );
  }

  /** Where the key that a script pays to stands, undefined when it is not one of the known. */
  findScript(script: Uint8Array): KeyPlace | undefined {
    const keyHash = p2wpkhProgram(script);
    return keyHash && this.#places.get(bytesToHex(keyHash));
  }

  /** Where the key that signed an input stands: the second item of a P2WPKH witness names it (BIP 141). */
  findWitness(witness: readonly Uint8Array[]): KeyPlace | undefined {
    const publicKey = witness.length === 2 ? witness[1] : undefined;
    return publicKey && this.#places.get(bytesToHex(hash160(publicKey)));
  }

  /** The 32-byte private key. Keep it no longer than a signature takes. */
  privateKey(place: KeyPlace): Uint8Array {
    return this.#derive(place).privateKey;
  }

  /** As in "m/84'/1'/0'/0/5" (BIP 32). */
  path({ chain, index }: KeyPlace): string {
    return `m/84'/${this.#coinType}'/0'/${chain}/${index}`;
  }

  #derive({ chain, index }: KeyPlace): DerivedKey {
    this.#account ??= accountOf(seedOf(this.#mnemonic), this.#coinType);
    return this.#account.derive(chain, index);
  }
}
