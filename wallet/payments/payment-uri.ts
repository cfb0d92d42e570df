/** Payment URIs: what a QR code or a link says of who is to be paid (BIP 21, with a scheme of our own). Pure. */
import { AmountError, formatAmount, parseAmount } from '../../protocol/amount.ts';
import type { Nits } from '../../protocol/units.ts';
import { WalletError } from '../wallet-error.ts';

export const URI_SCHEME = 'nilzcoin';

/** A URI is read by eye and by camera; nobody needs a longer one. */
const MAX_LENGTH = 1_000;

/** `amount` of BIP 21: digits and a point. Commas, signs, blanks and exponents are not allowed. */
const AMOUNT = /^\d{1,8}(?:\.\d{1,8})?$/;

export interface PaymentUri {
  /** As written; whether it can be paid is for the wallet to say. */
  readonly address: string;
  readonly amount?: Nits;
  /** Whose address it is, in the words of whoever made the URI. */
  readonly label?: string;
  /** What the payment is for, in the words of whoever made the URI. */
  readonly message?: string;
}

/** Whether a text means to be a payment URI, be it a good one or not. */
export function isPaymentUri(text: string): boolean {
  return (
    text
      .trim()
      .slice(0, URI_SCHEME.length + 1)
      .toLowerCase() === `${URI_SCHEME}:`
  );
}

/**
 * Reads a payment URI. Parameters that are not known are passed over, unless their name says that they must be
 * understood (`req-…`).
 * @throws WalletError `bad-uri` naming what is wrong with it
 */
export function parsePaymentUri(text: string): PaymentUri {
  const uri = text.trim();
  if (!isPaymentUri(uri)) throw badUri(`it begins with "${URI_SCHEME}:"`);
  if (uri.length > MAX_LENGTH) throw badUri(`it has at most ${MAX_LENGTH} characters`);
  const [, address = '', query] = /^[^:]+:([^?#]*)(?:\?([^#]*))?$/s.exec(uri) ?? [];
  if (!/^[A-Za-z0-9]{14,90}$/.test(address))
    throw badUri('an address follows the colon, and nothing but parameters the address');
  const parameters = readParameters(query ?? '');
  const amount = parameters.get('amount');
  const label = parameters.get('label');
  const message = parameters.get('message');
  return {
    address,
    ...(amount !== undefined && { amount: readAmount(amount) }),
    ...(label && { label: readText('label', label) }),
    ...(message && { message: readText('message', message) }),
  };
}

/** Writes a payment URI. */
export function formatPaymentUri({ address, amount, label, message }: PaymentUri): string {
  const parameters = [
    amount === undefined ? undefined : `amount=${shortAmount(amount)}`,
    label ? `label=${encodeURIComponent(label)}` : undefined,
    message ? `message=${encodeURIComponent(message)}` : undefined,
  ].filter((parameter) => parameter !== undefined);
  return `${URI_SCHEME}:${address}${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
}

function readParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query === '' ? [] : query.split('&')) {
    const [, name = '', value = ''] = /^([^=]*)(?:=(.*))?$/s.exec(part) ?? [];
    const key = decoded(name);
    if (key === '') throw badUri('a parameter has a name');
    // Two values of one name: whichever is shown, the other could be meant.
    if (parameters.has(key)) throw badUri(`"${shown(key)}" is there twice`);
    if (key.startsWith('req-')) throw badUri(`it asks for "${shown(key)}", which is not known here`);
    parameters.set(key, decoded(value));
  }
  return parameters;
}

function readAmount(text: string): Nits {
  if (!AMOUNT.test(text)) {
    throw badUri(
      `"amount" is a number of NILZ with a point and at most eight decimals, not "${shown(text)}"`,
    );
  }
  try {
    return parseAmount(text);
  } catch (error) {
    if (error instanceof AmountError) throw badUri(error.message);
    throw error;
  }
}

/** Words of a stranger: they are shown to the owner, so nothing in them may be invisible or turn the line around. */
function readText(name: string, text: string): string {
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) throw badUri(`"${name}" holds characters that cannot be seen`);
  return text;
}

/** Percent-encoded UTF-8 (RFC 3986); a plus sign is a plus sign. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) throw badUri(`"${shown(text)}" is not percent-encoded UTF-8`);
    throw error;
  }
}

/** Without zeros at the end: "1.5", "20". */
function shortAmount(amount: Nits): string {
  return formatAmount(amount).replace(/\.?0+$/, '');
}

function shown(text: string): string {
  const visible = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '�');
  return visible.length > 40 ? `${visible.slice(0, 40)}…` : visible;
}

function badUri(rule: string): WalletError {
  return new WalletError('bad-uri', `this is no payment URI that can be paid here: ${rule}`);
}
