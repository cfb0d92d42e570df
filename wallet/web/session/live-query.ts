/** A question that is asked again whenever its answer may be another one, and until there is an answer. */
import type { Close } from '../../../service/web/server-feed.ts';
import type { WalletFeed } from './wallet-feed.ts';

export interface LiveQueryOptions {
  readonly feed: WalletFeed;
  readonly wallet: string;
  /** Asks, and answers with what shows the answer. */
  readonly ask: (signal: AbortSignal) => Promise<() => void>;
  readonly onError?: (error: unknown) => void;
}

/** Several pieces of news within this time are one question. */
const SOON_MS = 150;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

export class LiveQuery {
  /** Resolves with the first answer, whatever it is. */
  readonly first: Promise<void>;
  readonly #options: LiveQueryOptions;
  readonly #ending = new AbortController();
  readonly #unsubscribe: Close;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  #again = false;
  #failures = 0;

  constructor(options: LiveQueryOptions) {
    this.#options = options;
    this.#unsubscribe = options.feed.onNews((wallet) => {
      if (wallet === undefined || wallet === options.wallet) this.soon();
    });
    this.first = this.#ask();
  }

  /** Asks nearly at once. */
  soon(): void {
    this.#again = true;
    if (!this.#isAsking) this.#schedule(SOON_MS);
  }

  close(): void {
    this.#ending.abort();
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #schedule(pauseMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#ending.signal.aborted) this.#timer = setTimeout(() => void this.#ask(), pauseMs);
  }

  async #ask(): Promise<void> {
    const { ask, onError } = this.#options;
    const { signal } = this.#ending;
    this.#isAsking = true;
    this.#again = false;
    try {
      const show = await ask(signal);
      this.#failures = 0;
      if (!signal.aborted) show();
    } catch (error) {
      this.#failures += 1;
      if (!signal.aborted) onError?.(error);
    } finally {
      this.#isAsking = false;
    }
    if (this.#failures > 0) {
      this.#schedule(Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS));
    } else if (this.#again) this.#schedule(SOON_MS);
  }
}
