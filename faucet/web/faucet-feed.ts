/** What all views live on: the faucet's state, asked for again and again. */
import { Poll } from '../../service/web/poll.ts';
import { type Close, type Link, type Listener, subscribe } from '../../service/web/server-feed.ts';
import { setServerTime } from '../../service/web/when.ts';
import { type FaucetState, readState } from './answers.ts';

export const STATE_INTERVAL_MS = 5_000;

export class FaucetFeed {
  readonly #onState = new Set<Listener<FaucetState>>();
  readonly #onLink = new Set<Listener<Link>>();
  readonly #poll: Poll<FaucetState>;
  #state: FaucetState | undefined;
  #link: Link = { name: 'starting' };

  constructor() {
    this.#poll = new Poll({
      url: () => '/state',
      read: readState,
      intervalMs: STATE_INTERVAL_MS,
      onData: (state) => {
        setServerTime(state.time);
        this.#state = state;
        this.#setLink({ name: 'live' });
        for (const listener of this.#onState) listener(state);
      },
      onError: (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        const sinceMs = this.#link.name === 'lost' ? this.#link.sinceMs : Date.now();
        this.#setLink({ name: 'lost', sinceMs, reason });
      },
    });
    window.addEventListener('online', () => this.#poll.soon());
  }

  /** Resolves with the first state, or the first failure to get one. */
  get first(): Promise<void> {
    return this.#poll.first;
  }

  /** The newest state; undefined before the first answer. */
  get state(): FaucetState | undefined {
    return this.#state;
  }

  soon(): void {
    this.#poll.soon();
  }

  /** Called with what is known now, too. */
  onState(listener: Listener<FaucetState>): Close {
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
