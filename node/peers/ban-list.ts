import { clientOf } from '../../service/limits.ts';
import { reachOf } from './ip-address.ts';
import type { Subnet } from './subnet.ts';

/** A range that the operator refuses. Times are seconds since 1970. */
export interface Ban {
  readonly subnet: Subnet;
  readonly createdSeconds: number;
  readonly untilSeconds: number;
}

/** Whoever sent what is provably invalid is refused for so long. */
export const DISCOURAGED_SECONDS = 86_400;
/** Bounds memory; who was discouraged first is forgotten first. */
export const MAX_DISCOURAGED = 10_000;

/**
 * Who may not connect, and is not connected to: ranges the operator has banned, which are kept on the disk,
 * and clients discouraged for what they sent, which a restart forgets.
 */
export class BanList {
  readonly #bans = new Map<string, Ban>();
  /** Until when, by client: an IPv4 address, or the /64 of an IPv6 one. */
  readonly #discouraged = new Map<string, number>();

  constructor(bans: readonly Ban[]) {
    for (const ban of bans) this.#bans.set(ban.subnet.text, ban);
  }

  /** Whether a range is banned in exactly these words. */
  hasBan(subnet: Subnet, nowSeconds: number): boolean {
    return this.bans(nowSeconds).some((ban) => ban.subnet.text === subnet.text);
  }

  ban(ban: Ban): void {
    this.#bans.set(ban.subnet.text, ban);
  }

  /** Lifts a ban; false when there is none in these words. */
  lift(subnet: Subnet): boolean {
    return this.#bans.delete(subnet.text);
  }

  /** Forgets all bans, and who was discouraged. */
  clear(): void {
    this.#bans.clear();
    this.#discouraged.clear();
  }

  /** The bans that hold. */
  bans(nowSeconds: number): readonly Ban[] {
    for (const [text, { untilSeconds }] of this.#bans) {
      if (untilSeconds <= nowSeconds) this.#bans.delete(text);
    }
    return [...this.#bans.values()];
  }

  isBanned(ip: string, nowSeconds: number): boolean {
    return this.#bans.size > 0 && this.bans(nowSeconds).some(({ subnet }) => subnet.has(ip));
  }

  /** Refuses a client for a day. One on this machine may be anybody's proxy, and is spared. */
  discourage(ip: string, nowSeconds: number): void {
    if (reachOf(ip) === 'loopback') return;
    const client = clientOf(ip);
    this.#discouraged.delete(client);
    this.#discouraged.set(client, nowSeconds + DISCOURAGED_SECONDS);
    const [oldest] = this.#discouraged.keys();
    if (this.#discouraged.size > MAX_DISCOURAGED && oldest !== undefined) this.#discouraged.delete(oldest);
  }

  isDiscouraged(ip: string, nowSeconds: number): boolean {
    const untilSeconds = this.#discouraged.get(clientOf(ip));
    return untilSeconds !== undefined && nowSeconds < untilSeconds;
  }

  isRefused(ip: string, nowSeconds: number): boolean {
    return this.isBanned(ip, nowSeconds) || this.isDiscouraged(ip, nowSeconds);
  }
}
