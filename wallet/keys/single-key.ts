/** A single key from elsewhere becomes part of a wallet. */
import { bytesToHex } from '../../protocol/bytes.ts';
import { PrivateKeyError, parseSingleKey, type SingleKey } from '../../protocol/wif.ts';
import { WalletError } from '../wallet-error.ts';
import { type Contents, parseLabel } from './contents.ts';
import type { KeyRing } from './key-ring.ts';

/**
 * Reads a key that somebody typed: a private key in WIF or as 64 hexadecimal digits, or a public one as 66, whose
 * coins are seen and cannot be spent here.
 * @param coinType of the network (SLIP 44)
 * @throws WalletError `bad-key`; the text is not repeated
 */
export function readSingleKey(text: string, coinType: number): SingleKey {
  try {
    return parseSingleKey(text.trim(), coinType);
  } catch (error) {
    if (error instanceof PrivateKeyError) throw new WalletError('bad-key', error.message);
    throw error;
  }
}

/**
 * Adds a single key under a label. A private key takes the place of its public half that was there before.
 * @param ring the keys of these contents
 * @throws WalletError `bad-label`; `known-key` when the wallet can do with this key already what it could do then
 */
export function withImported(contents: Contents, key: SingleKey, label: string, ring: KeyRing): Contents {
  const name = parseLabel(label);
  const place = ring.findScript(key.script);
  if (place !== undefined && (key.privateKey === undefined || ring.canSign(place))) {
    throw new WalletError('known-key', `the address ${ring.address(place)} is in this wallet already`);
  }
  const added = {
    publicKey: bytesToHex(key.publicKey),
    privateKey: key.privateKey === undefined ? null : bytesToHex(key.privateKey),
    label: name,
  };
  const isKnown = contents.imported.some(({ publicKey }) => publicKey === added.publicKey);
  const imported = isKnown
    ? contents.imported.map((known) =>
        known.publicKey === added.publicKey ? { ...known, privateKey: added.privateKey } : known,
      )
    : [...contents.imported, added];
  return { ...contents, imported };
}
