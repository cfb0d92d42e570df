/** What all views live on: where the chain stands, asked for again and again, and the relay's events. */
import {
  type BlockRow,
  RelayChain,
  type RelayNetwork,
  type TemplateSummary,
} from '../../../protocol/relay.ts';
import { RelayEvent } from '../../../protocol/relay-events.ts';
import {
  type Close,
  type Link,
  type Listener,
  ServerFeed,
  subscribe,
} from '../../../service/web/server-feed.ts';
import { setServerTime } from '../../../service/web/when.ts';
import { type ChainWindow, isOvertaken, WINDOW_BLOCKS, windowAfter } from './chain-window.ts';

export const CHAIN_INTERVAL_MS = 15_000;

/** Transactions that wait for a block. */
export interface MempoolTotals {
  readonly size: number;
  readonly vsize: number;
}

export class RelayFeed {
  readonly #feed: ServerFeed<RelayChain>;
  readonly #onEvent = new Set<Listener<RelayEvent>>();
  readonly #onBlocks = new Set<Listener<ChainWindow>>();
  readonly #onMissed = new Set<Listener<void>>();
  #window: ChainWindow = [];
  #template: TemplateSummary | null = null;
  #mempool: MempoolTotals | null = null;
  #sequence: number | undefined;
  /** When the newest block came or left. */
  #eventMs: number | undefined;

  constructor() {
    this.#feed = new ServerFeed({
      url: () => `/chain?limit=${WINDOW_BLOCKS}`,
      read: (body) => RelayChain.parse(body),
      intervalMs: CHAIN_INTERVAL_MS,
      livePath: '/events',
      onMessage: (message) => this.#hear(message),
    });
    this.#feed.onNumbers(({ blocks }) => {
      const sinceMs = this.#eventMs === undefined ? undefined : performance.now() - this.#eventMs;
      if (isOvertaken(this.#window, blocks, sinceMs)) this.#feed.soon();
      else this.#setWindow(blocks);
    });
  }

  /** Resolves with the first answer, or the first failure to get one. */
  get first(): Promise<void> {
    return this.#feed.first;
  }

  /** The newest answer; undefined before the first. Events are ahead of it: see {@link blocks}. */
  get chain(): RelayChain | undefined {
    return this.#feed.numbers;
  }

  get network(): RelayNetwork | undefined {
    return this.#feed.numbers?.network;
  }

  /** The newest blocks, newest first. */
  get blocks(): ChainWindow {
    return this.#window;
  }

  get tip(): BlockRow | undefined {
    return this.#window[0];
  }

  /** As the events have it; null until one has told. */
  get template(): TemplateSummary | null {
    return this.#template;
  }

  /** As the events have it; null until one has told. */
  get mempool(): MempoolTotals | null {
    return this.#mempool;
  }

  /** Called with what is known now, too. */
  onChain(listener: Listener<RelayChain>): Close {
    return this.#feed.onNumbers(listener);
  }

  /** Called with what is known now, too, and whenever the newest blocks are others. */
  onBlocks(listener: Listener<ChainWindow>): Close {
    if (this.#window.length > 0) listener(this.#window);
    return subscribe(this.#onBlocks, listener);
  }

  onEvent(listener: Listener<RelayEvent>): Close {
    return subscribe(this.#onEvent, listener);
  }

  /** Something happened that was not heard of: what is shown has to be asked for anew. */
  onMissed(listener: Listener<void>): Close {
    return subscribe(this.#onMissed, listener);
  }

  onLink(listener: Listener<Link>): Close {
    return this.#feed.onLink(listener);
  }

  #hear(message: unknown): void {
    const parsed = RelayEvent.safeParse(message);
    if (!parsed.success) return;
    const event = parsed.data;
    setServerTime(event.time);
    const isNext = this.#sequence !== undefined && event.sequence === this.#sequence + 1;
    // The first hello is the beginning, any other says that there was a gap; so does a node that was away.
    const isMissed = event.type === 'hello' ? this.#sequence !== undefined : !isNext || event.type === 'node';
    this.#sequence = event.sequence;
    if (event.type === 'template' || event.type === 'hello') this.#template = event.template;
    if (event.type === 'mempool') this.#mempool = { size: event.size, vsize: event.vsize };
    if (event.type === 'hello') this.#mempool = event.mempool;
    const window = windowAfter(this.#window, event);
    if (isMissed || window === undefined) this.#feed.soon();
    if (window !== undefined && window !== this.#window) {
      this.#eventMs = performance.now();
      this.#setWindow(window);
    }
    for (const listener of this.#onEvent) listener(event);
    if (isMissed) for (const listener of this.#onMissed) listener();
  }

  #setWindow(window: ChainWindow): void {
    if (window === this.#window || window.length === 0) return;
    this.#window = window;
    for (const listener of this.#onBlocks) listener(window);
  }
}
