import { randomBytes } from 'node:crypto';

/** Where chance comes from; passed in wherever a rule depends on it, so that tests can repeat it. */
export interface Random {
  /** Evenly spread in 0 … 1, 1 excluded. */
  fraction(): number;
  /** 64 random bits. */
  u64(): bigint;
}

/** Random bytes are asked for in this many at once: a call costs more than the bytes do. */
const POOL_BYTES = 4_096;
const TWO_TO_53 = 2 ** 53;

class SystemRandom implements Random {
  #pool = Buffer.alloc(0);
  #offset = 0;

  fraction(): number {
    return Number(this.u64() >> 11n) / TWO_TO_53;
  }

  u64(): bigint {
    if (this.#offset >= this.#pool.length) {
      this.#pool = randomBytes(POOL_BYTES);
      this.#offset = 0;
    }
    const value = this.#pool.readBigUInt64LE(this.#offset);
    this.#offset += 8;
    return value;
  }
}

/** The operating system's generator: what peers must not foresee depends on it. */
export const systemRandom: Random = new SystemRandom();

/** One of several, each equally likely; undefined of none. */
export function pick<T>(items: readonly T[], random: Random): T | undefined {
  return items[Math.floor(random.fraction() * items.length)];
}

/** The items in a random order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let left = order.length - 1; left > 0; left--) {
    const other = Math.floor(random.fraction() * (left + 1));
    [order[left], order[other]] = [order[other] as T, order[left] as T];
  }
  return order;
}
