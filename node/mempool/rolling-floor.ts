/** Core's `ROLLING_FEE_HALFLIFE`: 12 hours. */
const HALF_LIFE_SECONDS = 12 * 60 * 60;
/** How often the floor is let down. */
const STEP_SECONDS = 10;

/**
 * The fee rate below which nothing enters because the mempool was full: it rises to what was evicted last, and
 * falls by half in 12 hours once a block has come, four times as fast while the mempool is less than a quarter
 * full, twice as fast below a half. Rates in nits per 1,000 vbytes.
 * Source: Bitcoin Core, CTxMemPool::GetMinFee and trackPackageRemoved.
 */
export class RollingFloor {
  readonly #increment: number;
  #rate = 0;
  #loweredSeconds = 0;
  #hasBlockCome = true;

  /** @param increment what is added to an evicted rate; half of it is the least floor there is */
  constructor(increment: number) {
    this.#increment = increment;
  }

  /** @param fullness used part of the mempool's room, 0 to 1 */
  at(nowSeconds: number, fullness: number): number {
    if (this.#rate === 0) return 0;
    if (this.#hasBlockCome && nowSeconds > this.#loweredSeconds + STEP_SECONDS) {
      const halfLife = HALF_LIFE_SECONDS / (fullness < 1 / 4 ? 4 : fullness < 1 / 2 ? 2 : 1);
      this.#rate /= 2 ** ((nowSeconds - this.#loweredSeconds) / halfLife);
      this.#loweredSeconds = nowSeconds;
      if (this.#rate < this.#increment / 2) this.#rate = 0;
    }
    return this.#rate === 0 ? 0 : Math.max(this.#rate, this.#increment);
  }

  /** Something that paid this much was evicted: what comes now has to pay more. */
  evicted(rate: number): void {
    const floor = rate + this.#increment;
    if (floor <= this.#rate) return;
    this.#rate = floor;
    this.#hasBlockCome = false;
  }

  blockConnected(nowSeconds: number): void {
    this.#hasBlockCome = true;
    this.#loweredSeconds = nowSeconds;
  }
}
