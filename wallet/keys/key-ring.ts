/** The keys of a wallet: both chains of one BIP-84 account and single keys, found by index, script or public key. */
import { base64 } from '@scure/base';
import { encodeAddress } from '../../protocol/address.ts';
import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import { type AccountPublicKey, parseAccountPublicKey } from '../../protocol/extended-key.ts';
import { hash160 } from '../../protocol/hash.ts';
import { type AccountKey, accountOf, type KeyChain, seedOf } from '../../protocol/key.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { p2wpkhProgram, p2wpkhScript } from '../../protocol/script.ts';
import { WalletError } from '../wallet-error.ts';
import type { ImportedKey, WalletKeys } from './contents.ts';

/** Keys given out to payers, and keys that take change (BIP 44: chains 0 and 1). */
export const RECEIVE: KeyChain = 0;
export const CHANGE: KeyChain = 1;
/** Single keys from elsewhere: beside the chains, and of no account. */
export const IMPORTED = 2;

/** A key's place: in the account, or among the imported ones. */
export interface KeyPlace {
  readonly chain: KeyChain | typeof IMPORTED;
  readonly index: number;
}

/** How an offline signer finds the key (BIP 174, derivation paths). */
export interface KeyOrigin {
  /** Of the key that the path begins at, the master key where it is known: 8 hex digits. */
  readonly fingerprint: string;
  /** The steps from there, hardened ones with the highest bit set. */
  readonly path: readonly number[];
}

const KEY_HASH_LENGTH = 20;
const HARDENED = 0x8000_0000;

/**
 * The addresses of an account up to some index on each chain. Deriving a key costs a millisecond or two, so the
 * hashes of those known already can be kept (in the encrypted file) and given back; then nothing is derived
 * until a new address or a private key is needed.
 */
export class KeyRing {
  readonly #keys: WalletKeys;
  readonly #network: Pick<NetworkProfile, 'coinType' | 'address'>;
  readonly #hashes: Readonly<Record<KeyPlace['chain'], Uint8Array[]>> = { 0: [], 1: [], 2: [] };
  readonly #addresses: Readonly<Record<KeyPlace['chain'], string[]>> = { 0: [], 1: [], 2: [] };
  /** By {@link keyHashName}. */
  readonly #places = new Map<string, KeyPlace>();
  #imported: readonly ImportedKey[] = [];
  #account: AccountKey | undefined;
  #watched: AccountPublicKey | undefined;

  constructor(keys: WalletKeys, network: Pick<NetworkProfile, 'coinType' | 'address'>) {
    this.#keys = keys;
    this.#network = network;
  }

  /** Whether the account's own keys are elsewhere: it sees payments and cannot sign any. */
  get watchOnly(): boolean {
    return this.#keys.kind === 'watch';
  }

  /** How many keys are known: those of index 0 to one less. */
  count(chain: KeyPlace['chain']): number {
    return this.#hashes[chain].length;
  }

  /** Makes the keys of index 0 to `count` − 1 known. */
  extend(chain: KeyChain, count: number): void {
    for (let index = this.count(chain); index < count; index++) {
      this.#add({ chain, index }, hash160(this.publicKey({ chain, index })));
    }
  }

  /** Takes key hashes that {@link keyHashes} gave, instead of deriving them again. */
  remember(chain: KeyChain, keyHashes: string): void {
    if (hashesIn(keyHashes) <= this.count(chain)) return;
    const known = new Uint8Array(Buffer.from(keyHashes, 'base64'));
    // Named all at once: a wallet may have thousands, and waits for them whenever it is opened.
    const names = keyHashName(known);
    for (let at = this.count(chain) * KEY_HASH_LENGTH; at < known.length; at += KEY_HASH_LENGTH) {
      const end = at + KEY_HASH_LENGTH;
      this.#add({ chain, index: this.count(chain) }, known.subarray(at, end), names.slice(at, end));
    }
  }

  /** Takes the single keys: the same ones as before, and perhaps more. */
  rememberImported(imported: readonly ImportedKey[]): void {
    // Contents read a moment earlier may come a moment later; they do not make it forget.
    if (imported.length >= this.#imported.length) this.#imported = imported;
    for (const { publicKey } of imported.slice(this.count(IMPORTED))) {
      this.#add({ chain: IMPORTED, index: this.count(IMPORTED) }, hash160(hexToBytes(publicKey)));
    }
  }

  /** Whether more keys of a chain are known than such a text holds. */
  knowsMoreThan(chain: KeyChain, keyHashes: string): boolean {
    return this.count(chain) > hashesIn(keyHashes);
  }

  /** The hashes of all known keys of a chain, joined, in base64. */
  keyHashes(chain: KeyChain): string {
    return base64.encode(Buffer.concat(this.#hashes[chain]));
  }

  /** A key that was imported and comes up in the account too has its place there. */
  #add(place: KeyPlace, keyHash: Uint8Array, name = keyHashName(keyHash)): void {
    if (place.chain !== IMPORTED || !this.#places.has(name)) this.#places.set(name, place);
    this.#hashes[place.chain].push(keyHash);
  }

  /** The P2WPKH script of a key. */
  script({ chain, index }: KeyPlace): Uint8Array {
    if (chain !== IMPORTED) this.extend(chain, index + 1);
    const keyHash = this.#hashes[chain][index];
    if (keyHash === undefined) throw new RangeError(`no key ${chain}/${index}`);
    return p2wpkhScript(keyHash);
  }

  address(place: KeyPlace): string {
    const made = this.#addresses[place.chain];
    const known = made[place.index];
    if (known !== undefined) return known;
    const address = encodeAddress(this.script(place), this.#network.address);
    if (address === undefined) throw new RangeError(`no address for key ${place.chain}/${place.index}`);
    made[place.index] = address;
    return address;
  }

  /** The places of all keys known, each key once. */
  places(): KeyPlace[] {
    return ([RECEIVE, CHANGE, IMPORTED] as const).flatMap((chain) =>
      this.#hashes[chain]
        .map((_, index) => ({ chain, index }))
        .filter((place) => chain !== IMPORTED || this.findScript(this.script(place))?.chain === IMPORTED),
    );
  }

  /** Where the key that a script pays to stands, undefined when it is not one of the known. */
  findScript(script: Uint8Array): KeyPlace | undefined {
    const keyHash = p2wpkhProgram(script);
    return keyHash && this.#places.get(keyHashName(keyHash));
  }

  /** The same for a key hash that {@link keyHashName} named. */
  findKeyHash(name: string): KeyPlace | undefined {
    return this.#places.get(name);
  }

  /** Where the key that signed an input stands: the second item of a P2WPKH witness names it (BIP 141). */
  findWitness(witness: readonly Uint8Array[]): KeyPlace | undefined {
    const publicKey = witness.length === 2 ? witness[1] : undefined;
    return publicKey && this.#places.get(keyHashName(hash160(publicKey)));
  }

  /** Compressed, 33 bytes. No key becomes known by it. */
  publicKey({ chain, index }: KeyPlace): Uint8Array {
    if (chain === IMPORTED) return hexToBytes(this.#importedAt(index).publicKey);
    if (this.#keys.kind === 'watch') return this.publicAccount().derive(chain, index).publicKey;
    return this.#ownAccount(this.#keys).derive(chain, index).publicKey;
  }

  /** Whether the private key is here. */
  canSign(place: KeyPlace): boolean {
    return (place.chain !== IMPORTED && !this.watchOnly) || this.#importedPrivateKey(place) !== null;
  }

  /**
   * The 32-byte private key. Keep it no longer than a signature takes.
   * @throws WalletError `watch-only` when it is not here
   */
  privateKey(place: KeyPlace): Uint8Array {
    const { chain, index } = place;
    if (chain !== IMPORTED && this.#keys.kind === 'words') {
      return this.#ownAccount(this.#keys).derive(chain, index).privateKey;
    }
    const imported = this.#importedPrivateKey(place);
    if (imported !== null) return hexToBytes(imported);
    throw new WalletError(
      'watch-only',
      'this wallet only watches: the key that signs is elsewhere. Make an unsigned transaction (PSBT), sign it there, and hand it in here',
    );
  }

  /** As in "m/84'/1'/0'/0/5" (BIP 32); null for a key of no known account. */
  path({ chain, index }: KeyPlace): string | null {
    const { account } = this.#keys;
    if (chain === IMPORTED || account === null) return null;
    return `m/84'/${this.#network.coinType}'/${account}'/${chain}/${index}`;
  }

  /**
   * Where a signer finds the key: from the master key, or, where that one was never told, from the account's own.
   * Undefined for an imported key.
   */
  origin({ chain, index }: KeyPlace): KeyOrigin | undefined {
    if (chain === IMPORTED) return undefined;
    const { account } = this.#keys;
    const fingerprint = this.masterFingerprint();
    if (fingerprint === null || account === null) {
      return { fingerprint: this.publicAccount().fingerprint, path: [chain, index] };
    }
    const hardened = [84, this.#network.coinType, account].map((step) => step + HARDENED);
    return { fingerprint, path: [...hardened, chain, index] };
  }

  /** Of the master key, 8 hex digits; null when it was never told. */
  masterFingerprint(): string | null {
    const keys = this.#keys;
    return keys.kind === 'watch' ? keys.fingerprint : this.#ownAccount(keys).masterFingerprint;
  }

  /** The public half of the account. */
  publicAccount(): AccountPublicKey {
    const keys = this.#keys;
    if (keys.kind === 'words') return this.#ownAccount(keys).publicAccount;
    this.#watched ??= parseAccountPublicKey(keys.xpub, this.#network.coinType);
    return this.#watched;
  }

  #ownAccount({ mnemonic, account }: WalletKeys & { kind: 'words' }): AccountKey {
    this.#account ??= accountOf(seedOf(mnemonic), this.#network.coinType, account);
    return this.#account;
  }

  /** Of an imported key, or of a watched account's key that was imported as well. */
  #importedPrivateKey(place: KeyPlace): string | null {
    if (this.#imported.length === 0) return null;
    const publicKey = bytesToHex(this.publicKey(place));
    return this.#imported.find((key) => key.publicKey === publicKey)?.privateKey ?? null;
  }

  #importedAt(index: number): ImportedKey {
    const key = this.#imported[index];
    if (key === undefined) throw new RangeError(`no imported key ${index}`);
    return key;
  }
}

/** The bytes of a key hash as one character each: a key for maps, and a piece of any longer text made so. */
export function keyHashName(keyHash: Uint8Array): string {
  return Buffer.from(keyHash.buffer, keyHash.byteOffset, keyHash.byteLength).toString('latin1');
}

/** How many key hashes a text of {@link KeyRing.keyHashes} holds, without reading it: it is looked at all the time. */
function hashesIn(keyHashes: string): number {
  const padding = keyHashes.length - keyHashes.replace(/=+$/, '').length;
  return ((keyHashes.length / 4) * 3 - padding) / KEY_HASH_LENGTH;
}
