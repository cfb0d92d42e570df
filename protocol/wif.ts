/** A single private key as text: the wallet import format of Bitcoin Core (`EncodeSecret`), or hexadecimal digits. */
import { utils } from '@noble/secp256k1';
import { createBase58check } from '@scure/base';
import { concatBytes, hexToBytes } from './bytes.ts';
import { hash160, sha256 } from './hash.ts';
import { p2wpkhScript } from './script.ts';
import { publicKeyOf } from './signature.ts';

const base58check = createBase58check(sha256);
/** First byte of the payload (chainparams.cpp of Bitcoin Core, SECRET_KEY); networks for trying out have coin type 1. */
const VERSION_MAIN = 0x80;
const VERSION_TEST = 0xef;
/** Last byte: the public key is compressed, the only form that P2WPKH takes (BIP 143). */
const COMPRESSED = 0x01;
/** Longer than any WIF text, which has 51 or 52 characters. */
const MAX_LENGTH = 60;

/** A text that is no key of this network. It never repeats the text. */
export class PrivateKeyError extends Error {
  override readonly name = 'PrivateKeyError';
}

/** A key pair of one key, and its P2WPKH output script. */
export interface SingleKey {
  /** 32 bytes; undefined when only the public half was given. */
  readonly privateKey: Uint8Array | undefined;
  /** Compressed, 33 bytes. */
  readonly publicKey: Uint8Array;
  readonly script: Uint8Array;
}

/**
 * Reads a private key in WIF or as 64 hexadecimal digits, or a compressed public key as 66. Electrum writes the kind
 * of the address and a colon before the WIF.
 * @param coinType of the network (SLIP 44)
 * @throws PrivateKeyError with the reason: a typing error, another network's, an uncompressed key, no key at all
 */
export function parseSingleKey(text: string, coinType: number): SingleKey {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return fromPrivate(hexToBytes(text));
  if (/^[0-9a-fA-F]{66}$/.test(text)) return fromPublic(hexToBytes(text));
  return fromPrivate(wifPayload(withoutKind(text), coinType));
}

/** What Electrum writes before a key (`SCRIPT_TYPES` of its bitcoin.py); only the second is an address of here. */
const KINDS = ['p2pkh', 'p2wpkh', 'p2wpkh-p2sh'];

function withoutKind(text: string): string {
  const kind = KINDS.find((known) => text.startsWith(`${known}:`));
  if (kind === undefined) return text;
  if (kind === 'p2wpkh') return text.slice(kind.length + 1);
  throw new PrivateKeyError(
    `this private key is written for a ${kind} address, and only p2wpkh addresses have coins here`,
  );
}

/**
 * The private key in WIF, with the mark of a compressed public key.
 * @param coinType of the network (SLIP 44)
 */
export function encodeWif(privateKey: Uint8Array, coinType: number): string {
  return base58check.encode(
    concatBytes(Uint8Array.of(versionOf(coinType)), privateKey, Uint8Array.of(COMPRESSED)),
  );
}

function versionOf(coinType: number): number {
  return coinType === 1 ? VERSION_TEST : VERSION_MAIN;
}

function wifPayload(text: string, coinType: number): Uint8Array {
  const payload = decodeBase58(text);
  const [version] = payload;
  if (version !== VERSION_MAIN && version !== VERSION_TEST) throw unreadable();
  if (version !== versionOf(coinType)) {
    const theirs = version === VERSION_MAIN ? 'a network with real money' : 'a network for trying out';
    throw new PrivateKeyError(`this private key is written for ${theirs}, not for this network`);
  }
  if (payload.length === 33) {
    throw new PrivateKeyError(
      'this private key is for an uncompressed public key, which no address of this network can have',
    );
  }
  if (payload.length !== 34 || payload[33] !== COMPRESSED) throw unreadable();
  return payload.subarray(1, 33);
}

function decodeBase58(text: string): Uint8Array {
  try {
    if (text.length <= MAX_LENGTH) return base58check.decode(text);
  } catch {
    // The decoder's own message would repeat the key.
  }
  throw unreadable();
}

function unreadable(): PrivateKeyError {
  return new PrivateKeyError(
    'this is no key, or it has a typing error: expected is a private key in WIF or 64 hexadecimal digits, or a compressed public key of 66',
  );
}

function fromPrivate(bytes: Uint8Array): SingleKey {
  if (!utils.isValidSecretKey(bytes)) {
    throw new PrivateKeyError(
      'these 32 bytes are no private key: it is 0, or not below the order of the curve',
    );
  }
  const privateKey = Uint8Array.from(bytes);
  const publicKey = publicKeyOf(privateKey);
  return { privateKey, publicKey, script: p2wpkhScript(hash160(publicKey)) };
}

function fromPublic(publicKey: Uint8Array): SingleKey {
  if (!utils.isValidPublicKey(publicKey, true)) {
    throw new PrivateKeyError('these 33 bytes are no compressed public key of the curve');
  }
  return { privateKey: undefined, publicKey, script: p2wpkhScript(hash160(publicKey)) };
}
