import { randomInt } from 'node:crypto';
import type { Middleware } from 'koa';
import { HttpError } from '../http.ts';
import { clientOf, type Rate, TokenBucket } from '../limits.ts';
import type { ClientAddress } from './client-address.ts';

/** Clients share so many counts, so that those of many addresses take no memory without bound. */
const SLOTS = 65_536;

/** Counts what each client takes. */
export class ClientRates {
  /** Requests that were told to wait, since the start. */
  refused = 0;
  readonly #rate: Rate;
  readonly #steadyMs: () => number;
  readonly #slots = new Map<number, TokenBucket>();
  /** Another one in every process: nobody can choose whose count to share. */
  readonly #salt = randomInt(2 ** 31);

  constructor(rate: Rate, steadyMs: () => number) {
    this.#rate = rate;
    this.#steadyMs = steadyMs;
  }

  /**
   * Takes `cost` for the client that an address stands for: an IPv4 address, a /64 of IPv6.
   * @throws HttpError 429 saying when to come back; then nothing is taken
   */
  take(address: string, cost: number): void {
    const nowMs = this.#steadyMs();
    const slot = this.#slotOf(clientOf(address));
    let bucket = this.#slots.get(slot);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#rate, nowMs);
      this.#slots.set(slot, bucket);
    }
    const waitMs = bucket.tryTake(cost, this.#rate, nowMs);
    if (waitMs === 0) return;
    this.refused += 1;
    throw tooManyRequests(Math.ceil(waitMs / 1000));
  }

  #slotOf(client: string): number {
    let sum = this.#salt;
    for (const character of client) sum = (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) | 0;
    // The low bits alone would tell neighbours apart, the high ones make the salt count.
    return ((sum ^ (sum >>> 15)) >>> 0) % SLOTS;
  }
}

/**
 * Refuses the requests of a client that sends more than it may.
 * @param ratesOf which count a request goes to; undefined for those that cost nothing
 */
export function rateLimit(
  clientAddress: ClientAddress,
  ratesOf: (method: string, path: string) => ClientRates | undefined,
): Middleware {
  return (ctx, next) => {
    ratesOf(ctx.method, ctx.path)?.take(clientAddress(ctx.req), 1);
    return next();
  };
}

function tooManyRequests(retryAfterSeconds: number): HttpError {
  return new HttpError(429, `too many requests: try again in ${retryAfterSeconds} s`, { retryAfterSeconds });
}
