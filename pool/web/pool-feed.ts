/** What all views live on: the pool's numbers, asked for again and again, and its live stream. */
import { LiveSocket, type LiveState } from '../../service/web/live-socket.ts';
import { Poll } from '../../service/web/poll.ts';
import { setServerTime } from '../../service/web/when.ts';
import { type LiveMessage, readLive, readStats, type Stats } from './answers.ts';

/** How well the page hears the pool. */
export type Link =
  | { readonly name: 'starting' }
  | { readonly name: 'live' }
  /** Numbers arrive, the stream does not. */
  | { readonly name: 'polling' }
  | { readonly name: 'lost'; readonly sinceMs: number; readonly reason: string };

type Listener<T> = (value: T) => void;
/** Ends what was begun. */
export type Close = () => void;

const STATS_INTERVAL_MS = 10_000;
const FIRST_HISTORY_MINUTES = 60;

export class PoolFeed {
  readonly #onStats = new Set<Listener<Stats>>();
  readonly #onLive = new Set<Listener<LiveMessage>>();
  readonly #onLink = new Set<Listener<Link>>();
  readonly #poll: Poll<Stats>;
  readonly #socket: LiveSocket;
  #stats: Stats | undefined;
  #link: Link = { name: 'starting' };
  #liveState: LiveState = 'connecting';
  #historyMinutes = FIRST_HISTORY_MINUTES;
  #wallet: string | null = null;

  constructor() {
    this.#poll = new Poll({
      url: () => `/stats?history_minutes=${this.#historyMinutes}`,
      read: readStats,
      intervalMs: STATS_INTERVAL_MS,
      onData: (stats) => this.#take(stats),
      onError: (error) => this.#fail(error),
    });
    this.#socket = new LiveSocket({
      connect: () => new WebSocket(liveUrl()),
      greeting: () => (this.#wallet === null ? undefined : { wallet: this.#wallet }),
      onMessage: (message) => this.#hear(message),
      onState: (state) => this.#setLiveState(state),
    });
    const hurry = () => {
      this.#poll.soon();
      this.#socket.hurry();
    };
    window.addEventListener('online', hurry);
    document.addEventListener('visibilitychange', () => !document.hidden && hurry());
  }

  /** Resolves with the first numbers, or the first failure to get some. */
  get first(): Promise<void> {
    return this.#poll.first;
  }

  /** The newest numbers; undefined before the first answer. */
  get stats(): Stats | undefined {
    return this.#stats;
  }

  get historyMinutes(): number {
    return this.#historyMinutes;
  }

  /** How much of the pool's past its chart shows. */
  showHistory(minutes: number): void {
    this.#historyMinutes = minutes;
    this.#poll.soon();
  }

  /** Hears the shares of one address only, or of all. */
  listenTo(wallet: string | null): void {
    if (this.#wallet === wallet) return;
    this.#wallet = wallet;
    this.#socket.send({ wallet });
  }

  /** Called with what is known now, too. */
  onStats(listener: Listener<Stats>): Close {
    if (this.#stats !== undefined) listener(this.#stats);
    return subscribe(this.#onStats, listener);
  }

  onLive(listener: Listener<LiveMessage>): Close {
    return subscribe(this.#onLive, listener);
  }

  onLink(listener: Listener<Link>): Close {
    listener(this.#link);
    return subscribe(this.#onLink, listener);
  }

  #take(stats: Stats): void {
    setServerTime(stats.time);
    this.#stats = stats;
    this.#setLink({ name: this.#liveState === 'open' ? 'live' : 'polling' });
    for (const listener of this.#onStats) listener(stats);
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const sinceMs = this.#link.name === 'lost' ? this.#link.sinceMs : Date.now();
    this.#setLink({ name: 'lost', sinceMs, reason });
  }

  #setLiveState(state: LiveState): void {
    const before = this.#liveState;
    this.#liveState = state;
    if (this.#stats === undefined) return;
    if (state === 'open' && before !== 'open') {
      // The stream is back before the numbers: they follow at once.
      if (this.#link.name === 'lost') this.#poll.soon();
      else this.#setLink({ name: 'live' });
    } else if (state !== 'open' && this.#link.name === 'live') {
      this.#setLink({ name: 'polling' });
      // Has only the stream gone, or the whole pool?
      this.#poll.soon();
    }
  }

  #setLink(link: Link): void {
    this.#link = link;
    for (const listener of this.#onLink) listener(link);
  }

  #hear(raw: unknown): void {
    const message = readLive(raw);
    if (message === undefined) return;
    if ('time' in message && message.time !== null) setServerTime(message.time);
    if (message.type === 'block' || message.type === 'payout') this.#poll.soon();
    for (const listener of this.#onLive) listener(message);
  }
}

function subscribe<T>(listeners: Set<T>, listener: T): Close {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function liveUrl(): string {
  const url = new URL('/live', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
