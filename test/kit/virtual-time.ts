/** Time that passes only when a test lets it, with timers that come due on the way. */

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

export class VirtualTime {
  nowMs = 0;
  /** The next one last. */
  readonly #timers: Timer[] = [];

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Runs something after a time; what it returns takes it back. */
  readonly later = (run: () => void, delayMs: number): (() => void) => {
    const timer: Timer = { dueMs: this.nowMs + Math.max(0, delayMs), run };
    let place = this.#timers.length;
    // Behind those that are due at the same time.
    while (place > 0 && (this.#timers[place - 1] as Timer).dueMs <= timer.dueMs) place -= 1;
    this.#timers.splice(place, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  };

  /** Lets time pass, and all that is due within it happen in its order. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (
      let next = this.#timers.at(-1);
      next !== undefined && next.dueMs <= endMs;
      next = this.#timers.at(-1)
    ) {
      this.#timers.pop();
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.run();
    }
    this.nowMs = endMs;
  }
}
