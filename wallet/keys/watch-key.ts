/** The public half of an account, as other wallets write it: the keys of a wallet that only watches. */
import { ExtendedKeyError, parseAccountPublicKey } from '../../protocol/extended-key.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { WalletError } from '../wallet-error.ts';
import type { WalletKeys } from './contents.ts';
import type { KeyRing } from './key-ring.ts';

/** "[fingerprint/84'/coin'/account']key": a key with its origin (BIP 380); "h" may stand for the apostrophe. */
const WITH_ORIGIN = /^\[([0-9a-fA-F]{8})((?:\/\d{1,10}['hH]?)*)\](\w+)$/;

/** A key inside an output descriptor (BIP 380), or with the steps below the account behind it. */
const MORE_THAN_A_KEY = /^(?:\w+\(|(?:\[[^\]]*\])?\w+\/)/;

/** An account's public half, in the forms that other programs read. */
export interface ExportedAccount {
  /** "xpub…", on networks for trying out "tpub…" (BIP 32). */
  readonly xpub: string;
  /** The same key as "zpub…" or "vpub…" (SLIP 132): some wallets take native segwit from it. */
  readonly zpub: string;
  /** As in "m/84'/1'/0'". */
  readonly path: string;
  /** Of the master key, 8 hex digits; null when it was never told. */
  readonly fingerprint: string | null;
  /** The xpub with its origin, from which an offline signer finds its key; the bare xpub where that is unknown. */
  readonly withOrigin: string;
}

/**
 * Reads the public half of an account: xpub or zpub (on networks of coin type 1 tpub or vpub), bare or with its
 * origin in front.
 * @throws WalletError `bad-key`; the text is not repeated, it may be a private key
 */
export function readWatchKey(text: string, { coinType, name }: NetworkProfile): WalletKeys {
  const [, fingerprint, path, key] = WITH_ORIGIN.exec(text.trim()) ?? [];
  if (key === undefined && MORE_THAN_A_KEY.test(text.trim())) {
    throw new WalletError(
      'bad-key',
      'this is more than an extended public key: of an output descriptor such as wpkh([…]tpub…/0/*)#…, give the key alone, with or without the [origin] in front, and without the /0/* behind',
    );
  }
  try {
    const { xpub, account } = parseAccountPublicKey(key ?? text.trim(), coinType);
    const expected = `/84'/${coinType}'/${account}'`;
    if (path !== undefined && path.replace(/[hH]/g, "'") !== expected) {
      throw new WalletError(
        'bad-key',
        `the key says that it comes from m${path}; on the network ${name} the account of this number is m${expected} (BIP 84)`,
      );
    }
    return { kind: 'watch', xpub, account, fingerprint: fingerprint?.toLowerCase() ?? null };
  } catch (error) {
    if (error instanceof ExtendedKeyError) throw new WalletError('bad-key', error.message);
    throw error;
  }
}

/** The public half of a wallet's account. Whoever has it sees all payments, and can spend nothing. */
export function exportedAccount(ring: KeyRing, coinType: number): ExportedAccount {
  const { xpub, zpub, account } = ring.publicAccount();
  const fingerprint = ring.masterFingerprint();
  const steps = `84'/${coinType}'/${account}'`;
  return {
    xpub,
    zpub,
    path: `m/${steps}`,
    fingerprint,
    withOrigin: fingerprint === null ? xpub : `[${fingerprint}/${steps}]${xpub}`,
  };
}
