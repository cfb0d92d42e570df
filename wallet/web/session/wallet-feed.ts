/** What all views live on: the state of the program, and its live stream of what changes. */
import * as z from 'zod/mini';
import { LiveSocket, type LiveState } from '../../../service/web/live-socket.ts';
import { type Close, type Link, type Listener, subscribe } from '../../../service/web/server-feed.ts';
import { setServerTime } from '../../../service/web/when.ts';
import { LiveEvent } from '../../gui/api.ts';
import type { GuiState, ScanView, WalletRow } from '../../gui/api-values.ts';
import { type Ask, isSessionGone } from './client.ts';

const LIVE_PATH = '/live';

export type LockReason = Extract<LiveEvent, { event: 'locked' }>['reason'];

export interface Scan {
  /** The wallet's id or, before it has one, its name. */
  readonly wallet: string;
  readonly progress: ScanView;
}

export class WalletFeed {
  readonly #ask: Ask;
  readonly #socket: LiveSocket;
  readonly #onState = new Set<Listener<GuiState>>();
  readonly #onLink = new Set<Listener<Link>>();
  readonly #onNews = new Set<Listener<string | undefined>>();
  readonly #onLocked = new Set<Listener<{ wallet: string; reason: LockReason }>>();
  readonly #onScan = new Set<Listener<Scan>>();
  readonly #onSessionGone: () => void;
  #state: GuiState;
  #link: Link = { name: 'starting' };

  /** @param state as the server has just told it */
  constructor(state: GuiState, { ask, secret, onSessionGone }: FeedOptions) {
    this.#state = state;
    this.#ask = ask;
    this.#onSessionGone = onSessionGone;
    setServerTime(state.time);
    this.#socket = new LiveSocket({
      connect: () => new WebSocket(liveUrl()),
      greeting: () => ({ session: secret }),
      onMessage: (message) => this.#hear(message),
      onState: (live) => this.#setLive(live),
    });
    const hurry = () => this.#socket.hurry();
    window.addEventListener('online', hurry);
    document.addEventListener('visibilitychange', () => !document.hidden && hurry());
  }

  get state(): GuiState {
    return this.#state;
  }

  /** A wallet of the list; undefined when it is gone. */
  wallet(id: string | undefined): WalletRow | undefined {
    return this.#state.wallets.find((row) => row.id === id);
  }

  /** Called with what is known now, too. */
  onState(listener: Listener<GuiState>): Close {
    listener(this.#state);
    return subscribe(this.#onState, listener);
  }

  /** Called with how it is now, too. */
  onLink(listener: Listener<Link>): Close {
    listener(this.#link);
    return subscribe(this.#onLink, listener);
  }

  /** Something of a wallet may be different; undefined for any of them. */
  onNews(listener: Listener<string | undefined>): Close {
    return subscribe(this.#onNews, listener);
  }

  onLocked(listener: Listener<{ wallet: string; reason: LockReason }>): Close {
    return subscribe(this.#onLocked, listener);
  }

  onScan(listener: Listener<Scan>): Close {
    return subscribe(this.#onScan, listener);
  }

  close(): void {
    this.#socket.close();
  }

  /** Takes a list of wallets that is newer than the last event. */
  takeWallet(row: WalletRow): void {
    const others = this.#state.wallets.filter(({ id }) => id !== row.id);
    const isKnown = others.length < this.#state.wallets.length;
    const wallets = isKnown
      ? this.#state.wallets.map((known) => (known.id === row.id ? row : known))
      : [...others, row];
    this.#setState({ ...this.#state, wallets });
  }

  #hear(message: unknown): void {
    const parsed = z.safeParse(LiveEvent, message);
    if (!parsed.success) return;
    const event = parsed.data;
    switch (event.event) {
      case 'state':
        setServerTime(event.state.time);
        this.#setState(event.state);
        this.#setLink({ name: 'live' });
        // What happened before this connection was not heard of.
        this.#tell(this.#onNews, undefined);
        return;
      case 'alive':
        setServerTime(event.time);
        return;
      case 'backend': {
        const { tip, state } = this.#state.backend;
        this.#setState({ ...this.#state, backend: event.backend });
        if (event.backend.tip !== tip || event.backend.state !== state) this.#tell(this.#onNews, undefined);
        return;
      }
      case 'wallets':
        this.#setState({ ...this.#state, wallets: event.wallets });
        return;
      case 'changed':
        this.#tell(this.#onNews, event.wallet);
        return;
      case 'locked':
        this.#tell(this.#onLocked, { wallet: event.wallet, reason: event.reason });
        return;
      case 'scan':
        this.#tell(this.#onScan, { wallet: event.wallet, progress: event.progress });
        return;
    }
  }

  #setLive(live: LiveState): void {
    if (live !== 'lost') return;
    const sinceMs = this.#link.name === 'lost' ? this.#link.sinceMs : Date.now();
    this.#setLink({ name: 'lost', sinceMs, reason: 'It may have been ended; then start it again.' });
    // Has the program gone, or does it only know this page no longer?
    this.#ask('state', {}).catch((error: unknown) => {
      if (isSessionGone(error)) this.#onSessionGone();
    });
  }

  #setState(state: GuiState): void {
    this.#state = state;
    this.#tell(this.#onState, state);
  }

  #setLink(link: Link): void {
    this.#link = link;
    this.#tell(this.#onLink, link);
  }

  #tell<T>(listeners: ReadonlySet<Listener<T>>, value: T): void {
    for (const listener of [...listeners]) listener(value);
  }
}

export interface FeedOptions {
  readonly ask: Ask;
  readonly secret: string;
  readonly onSessionGone: () => void;
}

function liveUrl(): string {
  const url = new URL(LIVE_PATH, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
