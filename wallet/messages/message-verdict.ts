/** Whether the owner of an address signed a message. Asks nobody, needs no wallet. */
import { base64 } from '@scure/base';
import { verify } from '#verify';
import { AddressError, type DecodedAddress, decodeAddress } from '../../protocol/address.ts';
import { CodecError } from '../../protocol/bytes.ts';
import {
  isProofOfFunds,
  parseGenericSignature,
  verifyGenericMessage,
} from '../../protocol/generic-signed-message.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import { isSignedBy, MESSAGE_SIGNATURE_BYTES } from '../../protocol/signed-message.ts';
import { networkOf } from '../payments/payee.ts';
import { WalletError } from '../wallet-error.ts';

/**
 * - `bip322`: as the witness of a payment that is none; for addresses of every kind
 * - `recoverable`: 65 bytes out of which the key can be computed (BIP 137, Electrum, Bitcoin Core's `signmessage`)
 */
export const MESSAGE_FORMS = ['bip322', 'recoverable'] as const;
export type MessageForm = (typeof MESSAGE_FORMS)[number];

export interface SignedMessage {
  readonly address: string;
  readonly message: string;
  /** Base64, in the form of BIP 322 with its prefix. */
  readonly signature: string;
}

export interface MessageVerdict {
  /** `inconclusive`: it may be right, but checking it would mean running a script. */
  readonly state: 'valid' | 'invalid' | 'inconclusive';
  readonly form: MessageForm;
  /** Why it is not valid, or until when it is not. */
  readonly reason: string | undefined;
  /** Height, or from 500,000,000 on Unix time, from which it is valid; 0: at once (BIP 322, "valid at time T"). */
  readonly lockTime: number;
  /** Relative lock time of what is paid to the address (BIP 68); 0: none (BIP 322, "and age S"). */
  readonly sequence: number;
}

/** Of one key none has more than some hundred characters; those of scripts are not checked here. */
const MAX_SIGNATURE_LENGTH = 100_000;

/**
 * Checks a signature in either form.
 * @throws WalletError `bad-signature` when it cannot even be read, which says nothing about the message;
 *   `bad-address`, `wrong-network`, `bad-message`
 */
export function verifyMessage(
  { address, message, signature }: SignedMessage,
  profile: Pick<NetworkProfile, 'name' | 'address'>,
): MessageVerdict {
  const owner = addressOf(address.trim(), profile);
  requireText(message);
  const text = signature.replace(/\s+/g, '');
  if (text === '') throw new WalletError('bad-signature', 'the signature is empty');
  if (text.length > MAX_SIGNATURE_LENGTH) {
    throw new WalletError(
      'bad-signature',
      `a signature of ${text.length} characters is no signature of a message`,
    );
  }
  const compact = recoverableBytes(text);
  return compact === undefined
    ? genericVerdict(owner, message, text)
    : recoverableVerdict(owner, message, compact);
}

/** A text with half a character has no UTF-8, so no signature could tell it from another. @throws WalletError `bad-message` */
export function requireText(message: string): void {
  if (!/\p{Surrogate}/u.test(message)) return;
  throw new WalletError('bad-message', 'the message holds half of a character, which cannot be signed');
}

function addressOf(
  text: string,
  { name, address }: Pick<NetworkProfile, 'name' | 'address'>,
): DecodedAddress {
  try {
    return decodeAddress(text, address);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    const other = networkOf(text);
    if (other === undefined) throw new WalletError('bad-address', error.message);
    throw new WalletError('wrong-network', `${text} is an address of ${other}, this wallet is of ${name}`);
  }
}

/** The 65 bytes of a recoverable signature: nothing of BIP 322 has their number and their first byte. */
function recoverableBytes(text: string): Uint8Array | undefined {
  try {
    const bytes = base64.decode(text);
    const [first = 0] = bytes;
    return bytes.length === MESSAGE_SIGNATURE_BYTES && first >= 27 && first <= 42 ? bytes : undefined;
  } catch {
    // With the prefix of BIP 322 it is seldom base64; without one, its own reader says what is wrong.
    return undefined;
  }
}

function recoverableVerdict(owner: DecodedAddress, message: string, signature: Uint8Array): MessageVerdict {
  const bare = { form: 'recoverable', lockTime: 0, sequence: 0 } as const;
  if (isSignedBy(owner, signature, message)) return { ...bare, state: 'valid', reason: undefined };
  if (owner.type === 'p2pkh' || owner.type === 'p2wpkh') {
    const reason = 'it is a signature of another message, or by the key of another address';
    return { ...bare, state: 'invalid', reason };
  }
  const reason = `a signature of this form is for addresses of one key, not for ${owner.type}`;
  return { ...bare, state: 'inconclusive', reason };
}

function genericVerdict({ script }: DecodedAddress, message: string, text: string): MessageVerdict {
  if (isProofOfFunds(text)) {
    const reason = 'it is a proof of funds: only a node can tell whether its coins are there';
    return { state: 'inconclusive', form: 'bip322', reason, lockTime: 0, sequence: 0 };
  }
  try {
    const verdict = verifyGenericMessage(
      message,
      script,
      parseGenericSignature(text, message, script),
      verify,
    );
    if (verdict.state === 'valid') return { ...verdict, form: 'bip322', reason: conditionOf(verdict) };
    return { ...verdict, form: 'bip322', lockTime: 0, sequence: 0 };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new WalletError('bad-signature', `the signature cannot be read: ${error.message}`);
  }
}

function conditionOf({ lockTime, sequence }: { lockTime: number; sequence: number }): string | undefined {
  if (lockTime === 0 && sequence === 0) return undefined;
  return `it holds from lock time ${lockTime} on, for coins of age ${sequence}`;
}
