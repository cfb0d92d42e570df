/** The public half of an account as text (BIP 32 "xpub", SLIP 132 "zpub"), and the keys that come of it. */
import { createBase58check } from '@scure/base';
import { HDKey } from '@scure/bip32';
import { concatBytes } from './bytes.ts';
import { hash160, sha256 } from './hash.ts';
import type { KeyChain } from './key.ts';
import { p2wpkhScript } from './script.ts';

const base58check = createBase58check(sha256);
const HARDENED = 0x8000_0000;
/** m / purpose' / coin type' / account' (BIP 44). */
const ACCOUNT_DEPTH = 3;
/** Longer than any extended key, which has 111 or 112 characters: base58 takes quadratic time. */
const MAX_LENGTH = 120;

type KeyFamily = 'main' | 'test';

/** Version bytes of BIP 32, and those of SLIP 132 for native segwit, which say more but mean the same key. */
const VERSIONS = {
  main: { plain: { name: 'xpub', bytes: 0x0488b21e }, segwit: { name: 'zpub', bytes: 0x04b24746 } },
  test: { plain: { name: 'tpub', bytes: 0x043587cf }, segwit: { name: 'vpub', bytes: 0x045f1cf6 } },
} as const;

/** What else begins like an extended key, and why it is not taken (SLIP 132). */
const REFUSED: Readonly<Record<string, string>> = {
  xprv: 'a private key',
  yprv: 'a private key',
  zprv: 'a private key',
  tprv: 'a private key',
  uprv: 'a private key',
  vprv: 'a private key',
  ypub: 'for P2SH-P2WPKH addresses',
  upub: 'for P2SH-P2WPKH addresses',
  Ypub: 'for multisignature addresses',
  Zpub: 'for multisignature addresses',
  Upub: 'for multisignature addresses',
  Vpub: 'for multisignature addresses',
};

/** A text that is no extended public key of an account of this network. It never repeats the text. */
export class ExtendedKeyError extends Error {
  override readonly name = 'ExtendedKeyError';
}

/** A public key of an account and its P2WPKH output script. */
export interface PublicDerivedKey {
  /** Compressed, 33 bytes. */
  readonly publicKey: Uint8Array;
  readonly script: Uint8Array;
}

/** The public half of the account m/84'/coin type'/account'. */
export interface AccountPublicKey {
  /** With the version bytes of BIP 32: "xpub…", on networks for trying out "tpub…". */
  readonly xpub: string;
  /** The same with the version bytes of SLIP 132 for native segwit: "zpub…" or "vpub…". */
  readonly zpub: string;
  readonly account: number;
  /** Of the account's own key: the first 4 bytes of its HASH160, 8 hex digits (BIP 32). */
  readonly fingerprint: string;
  derive(chain: KeyChain, index: number): PublicDerivedKey;
}

/**
 * Reads the extended public key of an account. Taken are xpub and zpub, on networks of coin type 1 tpub and vpub.
 * @param coinType of the network (SLIP 44)
 * @throws ExtendedKeyError saying what it is instead: a typing error, a private key, another network's, or a key
 *   that stands above or below an account
 */
export function parseAccountPublicKey(text: string, coinType: number): AccountPublicKey {
  const payload = decodePayload(text);
  const family = familyOf(coinType);
  const { plain, segwit } = VERSIONS[family];
  const version = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  if (version !== plain.bytes && version !== segwit.bytes) {
    throw new ExtendedKeyError(
      `the extended key begins with "${text.slice(0, 4)}"; on this network it is "${plain.name}" or "${segwit.name}"`,
    );
  }
  return accountPublicKey(hdKeyOf(payload, plain.bytes), family);
}

/** The public half of an account whose keys are at hand. */
export function publicAccountOf(account: HDKey, coinType: number): AccountPublicKey {
  const family = familyOf(coinType);
  const { depth, index, parentFingerprint, chainCode, publicKey } = account;
  if (chainCode === null || publicKey === null) throw new RangeError('an account has a key and a chain code');
  const versions = { public: VERSIONS[family].plain.bytes, private: 0 };
  const bare = new HDKey({ versions, depth, index, parentFingerprint, chainCode, publicKey });
  return accountPublicKey(bare, family);
}

function familyOf(coinType: number): KeyFamily {
  return coinType === 1 ? 'test' : 'main';
}

function decodePayload(text: string): Uint8Array {
  const reason = REFUSED[text.slice(0, 4)];
  if (reason !== undefined) {
    throw new ExtendedKeyError(
      `this is an extended key ${reason === 'a private key' ? 'with the private half, which belongs nowhere but in its own wallet; give the public one' : `${reason}, not for P2WPKH`}`,
    );
  }
  if (text.length <= MAX_LENGTH) {
    try {
      const payload = base58check.decode(text);
      if (payload.length === 78) return payload;
    } catch {
      // Another alphabet or checksum: said below, without the text.
    }
  }
  throw new ExtendedKeyError('this is no extended public key, or it has a typing error');
}

function hdKeyOf(payload: Uint8Array, version: number): HDKey {
  const plain = base58check.encode(concatBytes(versionBytes(version), payload.subarray(4)));
  let key: HDKey;
  try {
    key = HDKey.fromExtendedKey(plain, { public: version, private: 0 });
  } catch {
    throw new ExtendedKeyError('the extended public key holds no point of the curve');
  }
  if (key.depth !== ACCOUNT_DEPTH) {
    throw new ExtendedKeyError(
      `the extended public key stands at depth ${key.depth}, an account's at ${ACCOUNT_DEPTH} (m/84'/coin type'/account')`,
    );
  }
  if (key.index < HARDENED) {
    throw new ExtendedKeyError('the extended public key is no account: its last step is not hardened');
  }
  return key;
}

function accountPublicKey(key: HDKey, family: KeyFamily): AccountPublicKey {
  const chains = [key.deriveChild(0), key.deriveChild(1)] as const;
  const xpub = key.publicExtendedKey;
  const payload = base58check.decode(xpub);
  const segwit = versionBytes(VERSIONS[family].segwit.bytes);
  return {
    xpub,
    zpub: base58check.encode(concatBytes(segwit, payload.subarray(4))),
    account: key.index - HARDENED,
    fingerprint: fingerprintHex(key.fingerprint),
    derive(chain, index) {
      const { publicKey } = chains[chain].deriveChild(index);
      if (publicKey === null) throw new RangeError(`no key at ${chain}/${index}`);
      return { publicKey, script: p2wpkhScript(hash160(publicKey)) };
    },
  };
}

/** A key's fingerprint (BIP 32) as 8 hex digits. */
export function fingerprintHex(fingerprint: number): string {
  return fingerprint.toString(16).padStart(8, '0');
}

function versionBytes(version: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, version);
  return bytes;
}
