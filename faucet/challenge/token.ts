/**
 * Tokens of challenges. A token says itself what it is good for and is signed, so that nothing has to be kept of
 * the many that nobody solves: `1.ID.ISSUED.EXPIRES.ATTEMPTS.ADDRESS.CLIENT.MAC`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Challenge {
  /** 16 random bytes as base64url: what makes it usable once. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** How many attempts its work takes on average. */
  readonly attempts: number;
  /** Whom a claim with it pays. */
  readonly address: string;
  /** Stands for the client that asked for it, without naming it. */
  readonly clientTag: string;
}

const VERSION = '1';
const MAC_BYTES = 16;
const CLIENT_TAG_BYTES = 9;
/** Longer than any token that was ever written here. */
const MAX_LENGTH = 300;
const FORM =
  /^1\.([\w-]{22})\.(\d{1,15})\.(\d{1,15})\.(\d{1,9})\.([0-9A-Za-z]{1,90})\.([\w-]{12})\.([\w-]{22})$/;

/** Writes and reads the tokens of one secret. */
export class Tokens {
  readonly #secret: Uint8Array;

  /** @param secret at least 32 bytes that nobody else knows; kept over restarts, so tokens stay good */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  write({ id, issuedMs, expiresMs, attempts, address, clientTag }: Challenge): string {
    const body = [VERSION, id, issuedMs, expiresMs, attempts, address, clientTag].join('.');
    return `${body}.${this.#mac(body).toString('base64url')}`;
  }

  /** The challenge that a token stands for; undefined where it was not written with this secret. */
  read(token: string): Challenge | undefined {
    if (token.length > MAX_LENGTH) return undefined;
    const match = FORM.exec(token);
    if (match === null) return undefined;
    const [, id = '', issued, expires, attempts, address = '', clientTag = '', mac = ''] = match;
    const expected = this.#mac(token.slice(0, -mac.length - 1));
    const given = Buffer.from(mac, 'base64url');
    // Compared as text too: the last character of base64url has bits to spare, and a token has one spelling.
    if (!timingSafeEqual(given, expected) || expected.toString('base64url') !== mac) return undefined;
    return {
      id,
      issuedMs: Number(issued),
      expiresMs: Number(expires),
      attempts: Number(attempts),
      address,
      clientTag,
    };
  }

  /** What stands for a client in its tokens. */
  clientTag(client: string): string {
    return this.#digest('client', client).subarray(0, CLIENT_TAG_BYTES).toString('base64url');
  }

  #mac(body: string): Buffer {
    return this.#digest('challenge', body).subarray(0, MAC_BYTES);
  }

  /** HMAC-SHA256 (RFC 2104) over a text with its purpose, so that one is never taken for the other. */
  #digest(purpose: string, text: string): Buffer {
    return createHmac('sha256', this.#secret).update(`${purpose} ${text}`).digest();
  }
}
