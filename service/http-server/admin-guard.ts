import type { Middleware } from 'koa';
import type { RateLimiterMemory } from 'rate-limiter-flexible';
import { HttpError } from '../http.ts';
import { clientOf } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { AdminToken } from './admin-token.ts';
import type { ClientAddress } from './client-address.ts';

/** What is counted of wrong tokens, since the start. */
export interface TokenCounters {
  /** Requests with a wrong admin token, and those of them that were told to wait. */
  wrongTokens: number;
  limitedTokens: number;
}

export interface AdminGuardOptions {
  readonly token: AdminToken;
  /** The service, as it names itself in `WWW-Authenticate`. */
  readonly realm: string;
  readonly counters: TokenCounters;
  readonly log: Logger;
  readonly clientAddress: ClientAddress;
  /** Wrong tokens that one client may send in a minute before it is told to wait. */
  readonly wrongTokensPerMinute: number;
}

const MINUTE_SECONDS = 60;
/** Clients share so many counts, so that those of many addresses take no memory without bound. */
const SLOTS = 4_096;

/**
 * Lets requests with the admin token through. Without one: HttpError 401; with a wrong one 403, and 429 with
 * `Retry-After` for whoever keeps trying. The right token is never refused because of others' wrong ones:
 * behind a proxy they all have the same address.
 */
export function adminOnly(options: AdminGuardOptions): Middleware {
  const { token, realm, counters, log, clientAddress, wrongTokensPerMinute } = options;
  const countWrongToken = wrongTokenCount(wrongTokensPerMinute);
  return async (ctx, next) => {
    const header = ctx.get('authorization');
    if (token.allows(header)) {
      await next();
      return;
    }
    if (header === '') {
      ctx.set('WWW-Authenticate', `Bearer realm="${realm}"`);
      throw new HttpError(401, 'the admin token is missing: send it as "Authorization: Bearer TOKEN"');
    }
    counters.wrongTokens += 1;
    const client = clientAddress(ctx.req);
    const { waitMs, times } = await countWrongToken(slotOf(clientOf(client)));
    // Of those that are told to wait only the first: guessing may fill no log.
    if (times <= wrongTokensPerMinute + 1) {
      log.warn({ client, path: ctx.path, limited: waitMs > 0 }, 'a request with a wrong admin token');
    }
    if (waitMs === 0) throw new HttpError(403, 'this is not the admin token');
    counters.limitedTokens += 1;
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    ctx.set('Retry-After', String(retryAfterSeconds));
    throw new HttpError(429, `too many wrong tokens: try again in ${retryAfterSeconds} s`, {
      retryAfterSeconds,
    });
  };
}

/** How many wrong tokens there were within a minute, and how long to wait: 0 while they are few. */
interface WrongTokens {
  readonly waitMs: number;
  readonly times: number;
}

/** Counts wrong tokens by a key; what it counts with is loaded with the first of them. */
function wrongTokenCount(points: number): (key: number) => Promise<WrongTokens> {
  let limiter: RateLimiterMemory | undefined;
  return async (key) => {
    const { RateLimiterMemory, RateLimiterRes } = await import('rate-limiter-flexible');
    limiter ??= new RateLimiterMemory({ points, duration: MINUTE_SECONDS });
    try {
      const { consumedPoints } = await limiter.consume(key);
      return { waitMs: 0, times: consumedPoints };
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      return { waitMs: refusal.msBeforeNext, times: refusal.consumedPoints };
    }
  };
}

function slotOf(client: string): number {
  let sum = 0;
  for (const character of client) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % SLOTS;
  return sum;
}
