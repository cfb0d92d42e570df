import { RuleError } from '../../protocol/rules.ts';
import type { Nits } from '../../protocol/units.ts';
import type { Clock } from '../clock.ts';
import type { Mempool } from './mempool.ts';
import {
  INCREMENTAL_FEE_RATE_NITS_PER_VB,
  MEMPOOL_LIFE_SECONDS,
  MIN_FEE_RATE_NITS_PER_VB,
} from './policy.ts';
import { RollingFloor } from './rolling-floor.ts';

/** How often the mempool is searched for what has waited too long. */
const SWEEP_SECONDS = 60;

/** Keeps the mempool within its limits of memory and time, and says what may enter while it is full. */
export class Capacity {
  readonly #mempool: Mempool;
  readonly #clock: Clock;
  readonly #floor = new RollingFloor(Number(INCREMENTAL_FEE_RATE_NITS_PER_VB * 1_000n));
  #sweptSeconds = Number.NEGATIVE_INFINITY;
  /** Most bytes of memory that the entries may take up. */
  readonly maxBytes: number;

  constructor(parts: { mempool: Mempool; clock: Clock; maxBytes: number }) {
    this.#mempool = parts.mempool;
    this.#clock = parts.clock;
    this.maxBytes = parts.maxBytes;
  }

  /** The lowest rate that enters at present, in nits per 1,000 vbytes (`mempoolminfee`). */
  get minFeeRate(): Nits {
    const floor = BigInt(Math.ceil(this.#rollingFloor()));
    const always = MIN_FEE_RATE_NITS_PER_VB * 1_000n;
    return floor > always ? floor : always;
  }

  /**
   * Refuses a fee that is too low.
   * @param fee the fee that counts, with its priority
   * @throws RuleError `mempool min fee not met` or `min relay fee not met`
   */
  checkFee(fee: Nits, vsize: number): void {
    const floor = Math.ceil((this.#rollingFloor() * vsize) / 1_000);
    if (fee < floor) throw new RuleError('mempool min fee not met', `${fee} < ${floor}`);
    const least = MIN_FEE_RATE_NITS_PER_VB * BigInt(vsize);
    if (fee < least) throw new RuleError('min relay fee not met', `${fee} < ${least}`);
  }

  /** Removes what has waited too long, then what pays least until the rest fits (Core's `LimitMempoolSize`). */
  enforce(): void {
    const now = this.#clock.nowSeconds();
    if (Math.abs(now - this.#sweptSeconds) >= SWEEP_SECONDS) {
      this.#sweptSeconds = now;
      this.#expire(now - MEMPOOL_LIFE_SECONDS);
    }
    while (this.#mempool.usage > this.maxBytes) {
      const entry = this.#mempool.leastPaying;
      if (entry === undefined) throw new Error('an empty mempool takes up memory');
      const { fees, vsize } = entry.descendants;
      this.#floor.evicted((Number(fees) * 1_000) / vsize);
      this.#mempool.removeWithDescendants(entry, 'evicted');
    }
  }

  /** A block has made room: the floor may fall. */
  blockConnected(): void {
    this.#floor.blockConnected(this.#clock.nowSeconds());
  }

  #expire(beforeSeconds: number): void {
    const expired = [...this.#mempool.entries()].filter(({ addedSeconds }) => addedSeconds < beforeSeconds);
    // One that went with its parent is not removed twice.
    for (const entry of expired)
      if (this.#mempool.get(entry.key)) this.#mempool.removeWithDescendants(entry, 'expired');
  }

  #rollingFloor(): number {
    return this.#floor.at(this.#clock.nowSeconds(), this.#mempool.usage / this.maxBytes);
  }
}
