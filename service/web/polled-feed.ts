/** What the views of a page live on whose server has no stream: its state, asked for again and again. */
import { Poll, type Reader } from './poll.ts';
import { type Close, type Link, type Listener, subscribe } from './server-feed.ts';
import { setServerTime } from './when.ts';

export interface PolledFeedOptions<State> {
  readonly url: string;
  readonly read: Reader<State>;
  readonly intervalMs: number;
}

export class PolledFeed<State extends { readonly time: number }> {
  readonly #onState = new Set<Listener<State>>();
  readonly #onLink = new Set<Listener<Link>>();
  readonly #poll: Poll<State>;
  #state: State | undefined;
  #link: Link = { name: 'starting' };

  constructor({ url, read, intervalMs }: PolledFeedOptions<State>) {
    this.#poll = new Poll({
      url: () => url,
      read,
      intervalMs,
      onData: (state) => {
        setServerTime(state.time);
        this.#state = state;
        this.#setLink({ name: 'live' });
        for (const listener of this.#onState) listener(state);
      },
      onError: (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        const sinceMs = this.#link.name === 'lost' ? this.#link.sinceMs : Date.now();
        this.#setLink({ name: 'lost', sinceMs, reason, error });
      },
    });
    window.addEventListener('online', () => this.#poll.soon());
  }

  /** Resolves with the first state, or the first failure to get one. */
  get first(): Promise<void> {
    return this.#poll.first;
  }

  /** The newest state; undefined before the first answer. */
  get state(): State | undefined {
    return this.#state;
  }

  /** Asks at once. */
  soon(): void {
    this.#poll.soon();
  }

  /** Called with what is known now, too. */
  onState(listener: Listener<State>): Close {
    if (this.#state !== undefined) listener(this.#state);
    return subscribe(this.#onState, listener);
  }

  /** Called with how it is now, too. */
  onLink(listener: Listener<Link>): Close {
    listener(this.#link);
    return subscribe(this.#onLink, listener);
  }

  #setLink(link: Link): void {
    this.#link = link;
    for (const listener of this.#onLink) listener(link);
  }
}
