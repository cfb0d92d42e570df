/** What all views live on: the pool's numbers, asked for again and again, and its live stream. */
import {
  type Close,
  type Link,
  type Listener,
  ServerFeed,
  subscribe,
} from '../../service/web/server-feed.ts';
import { setServerTime } from '../../service/web/when.ts';
import { type LiveMessage, readLive, readStats, type Stats } from './answers.ts';

export const STATS_INTERVAL_MS = 10_000;
const FIRST_HISTORY_MINUTES = 60;

export class PoolFeed {
  readonly #onLive = new Set<Listener<LiveMessage>>();
  readonly #feed: ServerFeed<Stats>;
  #historyMinutes = FIRST_HISTORY_MINUTES;
  #wallet: string | null = null;

  constructor() {
    this.#feed = new ServerFeed({
      url: () => `/stats?history_minutes=${this.#historyMinutes}`,
      read: readStats,
      intervalMs: STATS_INTERVAL_MS,
      livePath: '/live',
      greeting: () => (this.#wallet === null ? undefined : { wallet: this.#wallet }),
      onMessage: (message) => this.#hear(message),
    });
  }

  /** Resolves with the first numbers, or the first failure to get some. */
  get first(): Promise<void> {
    return this.#feed.first;
  }

  /** The newest numbers; undefined before the first answer. */
  get stats(): Stats | undefined {
    return this.#feed.numbers;
  }

  get historyMinutes(): number {
    return this.#historyMinutes;
  }

  /** How much of the pool's past its chart shows. */
  showHistory(minutes: number): void {
    this.#historyMinutes = minutes;
    this.#feed.soon();
  }

  /** Hears the shares of one address only, or of all. */
  listenTo(wallet: string | null): void {
    if (this.#wallet === wallet) return;
    this.#wallet = wallet;
    this.#feed.send({ wallet });
  }

  /** Called with what is known now, too. */
  onStats(listener: Listener<Stats>): Close {
    return this.#feed.onNumbers(listener);
  }

  onLive(listener: Listener<LiveMessage>): Close {
    return subscribe(this.#onLive, listener);
  }

  onLink(listener: Listener<Link>): Close {
    return this.#feed.onLink(listener);
  }

  #hear(raw: unknown): void {
    const message = readLive(raw);
    if (message === undefined) return;
    if ('time' in message && message.time !== null) setServerTime(message.time);
    if (message.type === 'block' || message.type === 'payout') this.#feed.soon();
    for (const listener of this.#onLive) listener(message);
  }
}
