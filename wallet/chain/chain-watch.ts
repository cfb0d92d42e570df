/**
 * Hears when something happens on the chain: over the node's notifications or the relay's events, and by asking every
 * few seconds, which also tells whether the backend is there at all. What is heard only says that something changed;
 * what changed is asked for by whoever shows it.
 */
import { displayHash } from '../../protocol/bytes.ts';
import { createLogger, type Logger } from '../../service/log.ts';
import { NotificationReader, type ReaderTiming } from '../../service/notification-reader.ts';
import { RefusedRequestError } from '../../service/rest-client.ts';
import { RpcCallError } from '../../service/rpc-client.ts';
import { RpcLogin } from '../../service/rpc-login.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import { WalletError } from '../wallet-error.ts';
import type { ChainState } from './backend.ts';
import type { BackendPlace, OpenBackend } from './backend-choice.ts';
import { RelayEventsReader } from './relay-events-reader.ts';

/**
 * - `tip`: another block is the tip, in a reorganisation too
 * - `mempool`: payments came to wait for a block, or left
 * - `missed`: anything may have happened
 */
export type ChainChange = 'tip' | 'mempool' | 'missed';

/** How well the backend is heard. */
export type WatchState =
  /** Told at once of everything. */
  | { readonly name: 'live'; readonly chain: ChainState }
  /** Only by asking, every few seconds. */
  | { readonly name: 'polling'; readonly chain: ChainState }
  | { readonly name: 'away'; readonly reason: string };

export interface WatchOptions {
  readonly backend: Pick<OpenBackend, 'kind' | 'chain'>;
  readonly onChange: (change: ChainChange) => void;
  /** Called first with what the first question brings, and then when it is another. */
  readonly onState: (state: WatchState) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log?: Logger;
  readonly timing?: Partial<WatchTiming>;
}

export interface WatchTiming {
  /** Between two questions while nothing else is heard. */
  readonly pollMs: number;
  /** The same while the backend tells by itself. */
  readonly livePollMs: number;
  /** Changes of the mempool are told this far apart at least: on a busy network there is always one. */
  readonly mempoolMs: number;
  readonly reader: Partial<ReaderTiming>;
}

const TIMING: WatchTiming = { pollMs: 4_000, livePollMs: 20_000, mempoolMs: 1_500, reader: {} };

const TOPICS: Readonly<Record<string, string>> = {
  'block.connected': 'blocks',
  'block.disconnected': 'blocks',
  'transaction.added': 'mempool',
  'transaction.removed': 'mempool',
};

/** Watches until the signal fires. @throws SettingError when a URL is none */
export function watchChain(place: BackendPlace, options: WatchOptions): void {
  const watch = new ChainWatch(place, options);
  if (options.signal.aborted) return;
  options.signal.addEventListener('abort', () => watch.stop(), { once: true });
  watch.start();
}

/** Whoever answers with a refusal or with nonsense is as good as away. */
function isAnswerless(error: unknown): error is Error {
  return [UnreachableError, WalletError, RpcCallError, RefusedRequestError].some(
    (kind) => error instanceof kind,
  );
}

class ChainWatch {
  readonly #place: BackendPlace;
  readonly #options: WatchOptions;
  readonly #timing: WatchTiming;
  #reader: { start(): void; stop(): void } | undefined;
  #isHeard = false;
  #tip: string | undefined;
  #told: string | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  #mempoolTimer: NodeJS.Timeout | undefined;
  #isPolling = false;
  #isPollWanted = false;
  #isStopped = false;

  constructor(place: BackendPlace, options: WatchOptions) {
    this.#place = place;
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
  }

  start(): void {
    void this.#poll();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#mempoolTimer);
    this.#reader?.stop();
  }

  /** Asks where the chain is; never two questions at once. */
  async #poll(): Promise<void> {
    if (this.#isStopped) return;
    this.#isPollWanted = this.#isPolling;
    if (this.#isPolling) return;
    this.#isPolling = true;
    clearTimeout(this.#pollTimer);
    try {
      const kind = await this.#options.backend.kind();
      const chain = await this.#options.backend.chain();
      if (this.#isStopped) return;
      this.#listen(kind);
      this.#heardOf(chain);
    } catch (error) {
      if (!isAnswerless(error)) throw error;
      this.#lost(error.message);
    } finally {
      this.#isPolling = false;
      this.#pollLater();
    }
  }

  #pollLater(): void {
    if (this.#isStopped) return;
    const pauseMs = this.#isHeard ? this.#timing.livePollMs : this.#timing.pollMs;
    this.#pollTimer = setTimeout(() => void this.#poll(), this.#isPollWanted ? 0 : pauseMs);
  }

  #heardOf(chain: ChainState): void {
    const tip = displayHash(chain.tip);
    const change = this.#tip === undefined ? 'missed' : this.#tip === tip ? undefined : 'tip';
    this.#tip = tip;
    this.#tell({ name: this.#isHeard ? 'live' : 'polling', chain });
    if (change !== undefined) this.#options.onChange(change);
    // Without events nobody says what comes to wait for a block.
    else if (!this.#isHeard) this.#options.onChange('mempool');
  }

  #lost(reason: string): void {
    if (this.#isStopped) return;
    this.#tip = undefined;
    this.#tell({ name: 'away', reason });
  }

  #tell(state: WatchState): void {
    const told = state.name === 'away' ? state.reason : `${state.name} ${this.#tip} ${state.chain.syncing}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onState(state);
  }

  /** Begins to hear events; does nothing when that was begun before. */
  #listen(kind: 'node' | 'relay'): void {
    if (this.#reader !== undefined) return;
    const { log = createLogger({ name: 'wallet', level: 'silent' }), random } = this.#options;
    const shared = { log, random, timing: this.#timing.reader };
    this.#reader =
      kind === 'relay'
        ? new RelayEventsReader({
            ...shared,
            url: this.#place.relayUrl ?? this.#place.nodeUrl,
            onOpen: () => this.#begin(),
            onEvent: ({ type }) => {
              if (type === 'mempool') this.#mempoolChanged();
              else if (type !== 'beat' && type !== 'template') void this.#poll();
            },
            onLost: () => this.#end(),
          })
        : new NotificationReader({
            ...shared,
            login: this.#login(),
            path: '/ws',
            topics: ['blocks', 'mempool'],
            topicOf: (method) => TOPICS[method],
            listener: {
              onSubscribed: () => this.#begin(),
              onNotification: (method) => {
                if (TOPICS[method] === 'mempool') this.#mempoolChanged();
                else void this.#poll();
              },
              onLost: () => this.#end(),
            },
          });
    this.#reader.start();
  }

  #login(): RpcLogin {
    const { nodeUrl: url, cookieFile } = this.#place;
    return new RpcLogin({ url, ...(cookieFile !== undefined && { cookieFile }) });
  }

  #begin(): void {
    this.#isHeard = true;
    this.#options.onChange('missed');
    void this.#poll();
  }

  #end(): void {
    if (!this.#isHeard) return;
    this.#isHeard = false;
    void this.#poll();
  }

  #mempoolChanged(): void {
    this.#mempoolTimer ??= setTimeout(() => {
      this.#mempoolTimer = undefined;
      this.#options.onChange('mempool');
    }, this.#timing.mempoolMs);
  }
}
