/** Time as the rules see it. It is passed in wherever a rule depends on it, so that tests and regtest can set it. */
export interface Clock {
  /** Seconds since 1970 (UTC), whole. */
  nowSeconds(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  nowSeconds: () => Math.floor(Date.now() / 1000),
};

/**
 * A clock that `setmocktime` can hold still, as Bitcoin Core's does: while a mock time is set, every reading
 * is that time; without one the clock under it is read.
 */
export class MockableClock implements Clock {
  readonly #real: Clock;
  #mockSeconds: number | undefined;

  constructor(real: Clock = systemClock) {
    this.#real = real;
  }

  nowSeconds(): number {
    return this.#mockSeconds ?? this.#real.nowSeconds();
  }

  /** Holds the clock at `seconds` since 1970; 0 lets it run again. */
  setMockTime(seconds: number): void {
    this.#mockSeconds = seconds === 0 ? undefined : seconds;
  }
}
