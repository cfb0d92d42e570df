/** Limits on what one client may take. */
import { isIPv4, isIPv6 } from 'node:net';

export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
}

/** Counts the open connections, of all clients and of each. */
export class ConnectionLimiter {
  readonly #limits: ConnectionLimits;
  readonly #byClient = new Map<string, number>();
  #open = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  /**
   * Admits a connection from an IP address. Gives the function to call once when it has closed, or
   * undefined when the client or all clients together have enough.
   */
  admit(address: string): (() => void) | undefined {
    const client = clientOf(address);
    const count = this.#byClient.get(client) ?? 0;
    if (this.#open >= this.#limits.total || count >= this.#limits.perAddress) return undefined;
    this.#open += 1;
    this.#byClient.set(client, count + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#open -= 1;
      const left = (this.#byClient.get(client) ?? 1) - 1;
      if (left === 0) this.#byClient.delete(client);
      else this.#byClient.set(client, left);
    };
  }
}

/**
 * Who an address stands for: an IPv4 address itself, also in its IPv6 clothing (`::ffff:…`), and the /64
 * network of an IPv6 address, since that much is handed to a single customer.
 */
export function clientOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  const [plain = address] = address.split('%');
  if (!isIPv6(plain)) return address;
  const inHex = mappedInHex(plain);
  if (inHex !== undefined) return inHex;
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}

/** The IPv4 address in the other spellings of `::ffff:…` (RFC 4291, 2.5.5.2): `0:0:0:0:0:ffff:a00:1`. */
function mappedInHex(address: string): string | undefined {
  const short = new URL(`http://[${address}]`).hostname;
  const [, high, low] = /^\[::ffff:([0-9a-f]+):([0-9a-f]+)\]$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const bytes = [high, low].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return bytes.join('.');
}

/** So many a second on average; after a pause up to `burst` at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Counts what may happen only so often. What is taken beyond it is a debt that time pays off. */
export class TokenBucket {
  #tokens: number;
  #atMs: number;

  constructor({ burst }: Rate, nowMs: number) {
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** Takes `count` in any case. Gives how many milliseconds to wait until the debt is paid; 0 without one. */
  take(count: number, rate: Rate, nowMs: number): number {
    this.#refill(rate, nowMs);
    this.#tokens -= count;
    return this.#tokens >= 0 ? 0 : (-this.#tokens * 1000) / rate.perSecond;
  }

  /** Takes `count` if there are so many, else nothing. Gives how many milliseconds to wait for them; 0 when taken. */
  tryTake(count: number, rate: Rate, nowMs: number): number {
    this.#refill(rate, nowMs);
    const missing = Math.min(count, rate.burst) - this.#tokens;
    if (missing > 0) return Math.ceil((missing * 1000) / rate.perSecond);
    this.#tokens -= count;
    return 0;
  }

  /** Whether nothing of it is used: it can be forgotten. */
  isFull(rate: Rate, nowMs: number): boolean {
    this.#refill(rate, nowMs);
    return this.#tokens >= rate.burst;
  }

  #refill({ perSecond, burst }: Rate, nowMs: number): void {
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1000);
    this.#atMs = nowMs;
  }
}
