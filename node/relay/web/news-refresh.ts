/**
 * Asks for an answer after news: at once, and again when the relay has surely forgotten what it kept for others who
 * asked the same just before (docs/relay.md): quick answers for a second, slow ones for five.
 */

const QUICK_MS = 1_500;
const SLOW_MS = 6_000;

export class NewsRefresh {
  readonly #ask: () => void;
  #quick: ReturnType<typeof setTimeout> | undefined;
  #slow: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Something has happened. However often that is said, it is asked about every {@link QUICK_MS} at most. */
  hear(): void {
    if (this.#quick === undefined) {
      this.#ask();
      this.#quick = setTimeout(() => {
        this.#quick = undefined;
        this.#ask();
      }, QUICK_MS);
    }
    clearTimeout(this.#slow);
    this.#slow = setTimeout(() => this.#ask(), SLOW_MS);
  }

  close(): void {
    clearTimeout(this.#quick);
    clearTimeout(this.#slow);
  }
}
