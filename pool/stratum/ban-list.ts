export interface Ban {
  /** An IPv4 address or the /64 network of an IPv6 one. */
  readonly client: string;
  /** Steady clock. */
  readonly untilMs: number;
  /** How many bans of this client follow on each other, this one included. */
  readonly times: number;
}

const LONGEST_MS = 86_400_000;
/** A client that behaves for so long after a ban begins anew. */
const FORGET_MS = 86_400_000;
/** Bounds memory; the bans that were spoken first are forgotten first. */
const MAX_BANS = 10_000;

/**
 * Clients that may not connect for a while. Each ban lasts twice as long as the one before it, a day at most.
 * Times are the steady clock's.
 */
export class BanList {
  readonly #firstMs: number;
  readonly #bans = new Map<string, Ban>();

  /** @param firstMs how long a first ban lasts; 0 bans nobody */
  constructor(firstMs: number) {
    this.#firstMs = firstMs;
  }

  /** @returns the ban, or undefined when this list bans nobody */
  ban(client: string, nowMs: number): Ban | undefined {
    if (this.#firstMs === 0) return undefined;
    const earlier = this.#bans.get(client);
    const follows = earlier !== undefined && nowMs - earlier.untilMs < FORGET_MS;
    const times = follows ? earlier.times + 1 : 1;
    const termMs = Math.min(this.#firstMs * 2 ** (times - 1), LONGEST_MS);
    const ban = { client, untilMs: nowMs + termMs, times };
    this.#bans.delete(client);
    this.#bans.set(client, ban);
    const [oldest] = this.#bans.keys();
    if (this.#bans.size > MAX_BANS && oldest !== undefined) this.#bans.delete(oldest);
    return ban;
  }

  isBanned(client: string, nowMs: number): boolean {
    const ban = this.#bans.get(client);
    return ban !== undefined && nowMs < ban.untilMs;
  }

  /** The bans that hold now. */
  current(nowMs: number): Ban[] {
    for (const [client, { untilMs }] of this.#bans) {
      if (nowMs - untilMs >= FORGET_MS) this.#bans.delete(client);
    }
    return [...this.#bans.values()].filter(({ untilMs }) => nowMs < untilMs);
  }
}
