/**
 * The work that a claim costs where no captcha is set: a stamp `TOKEN:NONCE` is to be found whose scrypt
 * (RFC 7914) is small enough. The same file runs in the browser, which searches, and on the server, which looks
 * at one stamp.
 */

/** Cost parameters of one attempt: 4 MiB of memory, so that graphics cards gain little over a phone. */
export const SCRYPT = Object.freeze({ n: 4_096, r: 8, p: 1, bytes: 32 });

/** The salt of all stamps: work done for something else is worth nothing here. */
export const SALT = 'nilzcoin faucet challenge';

/** Nonces are whole numbers below. */
export const MAX_NONCE = 2 ** 48;

/** The first bytes of the hash, as a big-endian number, decide. */
const DECIDING_BYTES = 6;
const DECIDING_RANGE = 2 ** (8 * DECIDING_BYTES);

/** What scrypt is asked for, as UTF-8. */
export function stampOf(token: string, nonce: number): string {
  return `${token}:${nonce}`;
}

/** Token and nonce of a stamp; undefined where it is none. A nonce has one spelling only. */
export function readStamp(stamp: string): { readonly token: string; readonly nonce: number } | undefined {
  const match = /^([^:]+):(0|[1-9]\d{0,14})$/.exec(stamp);
  if (match === null) return undefined;
  const [, token = '', digits] = match;
  const nonce = Number(digits);
  return nonce < MAX_NONCE ? { token, nonce } : undefined;
}

/**
 * Whether the hash of a stamp is small enough.
 * @param hash scrypt of the stamp, at least 6 bytes
 * @param attempts how many attempts it takes on average: the chance of one is 1 in `attempts`
 */
export function isSolved(hash: Uint8Array, attempts: number): boolean {
  let value = 0;
  for (const byte of hash.subarray(0, DECIDING_BYTES)) value = value * 256 + byte;
  return value < DECIDING_RANGE / attempts;
}

/** The chance to have found a solution after so many attempts, each of which succeeds once in `attempts`. */
export function chanceAfter(tried: number, attempts: number): number {
  return 1 - (1 - 1 / attempts) ** tried;
}
