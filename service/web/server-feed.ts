/** What all views of a page live on: a server's numbers, asked for again and again, and its live stream. */
import { LiveSocket, type LiveState } from './live-socket.ts';
import { Poll, type Reader } from './poll.ts';
import { setServerTime } from './when.ts';

/** How well the page hears the server. */
export type Link =
  | { readonly name: 'starting' }
  | { readonly name: 'live' }
  /** Numbers arrive, the stream does not. */
  | { readonly name: 'polling' }
  | { readonly name: 'lost'; readonly sinceMs: number; readonly reason: string; readonly error?: unknown };

export type Listener<T> = (value: T) => void;
/** Ends what was begun. */
export type Close = () => void;

export interface ServerFeedOptions<Numbers> {
  readonly url: () => string;
  readonly read: Reader<Numbers>;
  readonly intervalMs: number;
  /** Of the stream, on the page's own host. */
  readonly livePath: string;
  /** Every message of the stream. */
  readonly onMessage: (message: unknown) => void;
  /** Said first on every connection of the stream; undefined for nothing. */
  readonly greeting?: () => unknown;
}

export class ServerFeed<Numbers extends { readonly time: number }> {
  readonly #onNumbers = new Set<Listener<Numbers>>();
  readonly #onLink = new Set<Listener<Link>>();
  readonly #poll: Poll<Numbers>;
  readonly #socket: LiveSocket;
  #numbers: Numbers | undefined;
  #link: Link = { name: 'starting' };
  #liveState: LiveState = 'connecting';

  constructor({ url, read, intervalMs, livePath, onMessage, greeting }: ServerFeedOptions<Numbers>) {
    this.#poll = new Poll({
      url,
      read,
      intervalMs,
      onData: (numbers) => this.#take(numbers),
      onError: (error) => this.#fail(error),
    });
    this.#socket = new LiveSocket({
      connect: () => new WebSocket(socketUrl(livePath)),
      onMessage,
      onState: (state) => this.#setLiveState(state),
      ...(greeting !== undefined && { greeting }),
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
  get numbers(): Numbers | undefined {
    return this.#numbers;
  }

  /** Asks for the numbers at once. */
  soon(): void {
    this.#poll.soon();
  }

  /** Says something over the stream, if it is there. */
  send(message: unknown): void {
    this.#socket.send(message);
  }

  /** Called with what is known now, too. */
  onNumbers(listener: Listener<Numbers>): Close {
    if (this.#numbers !== undefined) listener(this.#numbers);
    return subscribe(this.#onNumbers, listener);
  }

  /** Called with how it is now, too. */
  onLink(listener: Listener<Link>): Close {
    listener(this.#link);
    return subscribe(this.#onLink, listener);
  }

  #take(numbers: Numbers): void {
    setServerTime(numbers.time);
    this.#numbers = numbers;
    this.#setLink({ name: this.#liveState === 'open' ? 'live' : 'polling' });
    for (const listener of this.#onNumbers) listener(numbers);
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const sinceMs = this.#link.name === 'lost' ? this.#link.sinceMs : Date.now();
    this.#setLink({ name: 'lost', sinceMs, reason, error });
  }

  #setLiveState(state: LiveState): void {
    const before = this.#liveState;
    this.#liveState = state;
    if (this.#numbers === undefined) return;
    if (state === 'open' && before !== 'open') {
      // The stream is back before the numbers: they follow at once.
      if (this.#link.name === 'lost') this.#poll.soon();
      else this.#setLink({ name: 'live' });
    } else if (state !== 'open' && this.#link.name === 'live') {
      this.#setLink({ name: 'polling' });
      // Has only the stream gone, or the whole server?
      this.#poll.soon();
    }
  }

  #setLink(link: Link): void {
    this.#link = link;
    for (const listener of this.#onLink) listener(link);
  }
}

/** Adds a listener; what is returned takes it away. */
export function subscribe<T>(listeners: Set<Listener<T>>, listener: Listener<T>): Close {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function socketUrl(path: string): string {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
