/** The one-time tokens of links: whoever shows one gets a session, once. */
import { hash } from 'node:crypto';
import { HttpError } from '../../service/http.ts';
import { type Rate, TokenBucket } from '../../service/limits.ts';

export interface LinkTokensOptions {
  /** Secure random bytes. */
  readonly random: (count: number) => Uint8Array;
  readonly steadyMs: () => number;
}

const TOKEN_BYTES = 32;
/** Long enough to find the window again, short enough for a terminal that somebody else looks at later. */
const LIFETIME_MS = 10 * 60_000;
/** Links that wait to be used; the oldest goes before there are more. */
const MAX_WAITING = 20;
/** A token has 256 bits: this is against noise in the log, not against guessing. */
const WRONG_TOKENS: Rate = { perSecond: 0.2, burst: 10 };

export class LinkTokens {
  readonly #options: LinkTokensOptions;
  /** When each expires, by the digest of the token: a memory that leaks opens nothing. */
  readonly #waiting = new Map<string, number>();
  readonly #wrong: TokenBucket;

  constructor(options: LinkTokensOptions) {
    this.#options = options;
    this.#wrong = new TokenBucket(WRONG_TOKENS, options.steadyMs());
  }

  /** A new token: 43 characters of base64url. */
  issue(): string {
    const token = Buffer.from(this.#options.random(TOKEN_BYTES)).toString('base64url');
    this.#waiting.set(digestOf(token), this.#options.steadyMs() + LIFETIME_MS);
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_WAITING) break;
      this.#waiting.delete(oldest);
    }
    return token;
  }

  /**
   * Uses a token up. The right one is never refused because of wrong ones before it.
   * @throws HttpError 403 `bad-token` when it is none, was used or is too old; 429 for who keeps trying
   */
  redeem(token: string): void {
    const nowMs = this.#options.steadyMs();
    // Looked up by digest: how long that takes says nothing about a token.
    const digest = digestOf(token);
    const expiresMs = this.#waiting.get(digest);
    this.#waiting.delete(digest);
    if (expiresMs !== undefined && nowMs < expiresMs) return;
    const waitMs = this.#wrong.tryTake(1, WRONG_TOKENS, nowMs);
    if (waitMs > 0) {
      const retryAfterSeconds = Math.ceil(waitMs / 1_000);
      throw new HttpError(429, `too many wrong links: try again in ${retryAfterSeconds} s`, {
        retryAfterSeconds,
      });
    }
    throw new HttpError(
      403,
      'this link was used already or is too old: ask for a new one where it came from',
      {
        code: 'bad-token',
      },
    );
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'hex');
}
