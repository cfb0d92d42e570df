/** How the node or relay is, and that something happened there: what every window shows. */
import { displayHash } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Logger } from '../../service/log.ts';
import { RpcCallError } from '../../service/rpc-client.ts';
import { UnreachableError } from '../../service/unreachable-error.ts';
import type { ChainBackend, ChainState } from '../chain/backend.ts';
import { requireSameNetwork } from '../chain/chain-view.ts';
import { WalletError } from '../wallet-error.ts';
import type { BackendState } from './api-values.ts';

export interface ChainNewsOptions {
  readonly profile: NetworkProfile;
  readonly backend: Pick<ChainBackend, 'chain'>;
  /** Where the chain is asked, as it may be shown. */
  readonly shownUrl: string;
  /** Listens there for as long as the signal lets it, and says when something may have happened. */
  readonly watch: (onNews: () => void, signal: AbortSignal) => void;
  /** It came, went, or has another tip. */
  readonly onState: (state: BackendState) => void;
  /** A block or a transaction came or went, or there may be some that were missed. */
  readonly onChange: () => void;
  readonly log: Logger;
}

/** Asked so often even where nothing is heard: whoever listens in vain hears nothing either. */
const LOOK_MS = 2_000;
/** While it is away. */
const RETRY_MS = 2_000;

/** Asks one question at a time; news that come meanwhile lead to one more. */
export class ChainNews {
  readonly #options: ChainNewsOptions;
  readonly #stopping = new AbortController();
  #state: BackendState;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #isWanted = false;

  constructor(options: ChainNewsOptions) {
    this.#options = options;
    this.#state = { state: 'starting', reason: null, url: options.shownUrl, height: null, tip: null };
  }

  get state(): BackendState {
    return this.#state;
  }

  start(): void {
    this.#options.watch(() => this.#hear(), this.#stopping.signal);
    void this.#look();
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  #hear(): void {
    if (this.#stopping.signal.aborted) return;
    this.#options.onChange();
    void this.#look();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) {
      this.#isWanted = true;
      return;
    }
    this.#isLooking = true;
    clearTimeout(this.#timer);
    do {
      this.#isWanted = false;
      this.#take(await this.#ask());
    } while (this.#isWanted && !this.#stopping.signal.aborted);
    this.#isLooking = false;
    if (this.#stopping.signal.aborted) return;
    const pauseMs = this.#state.state === 'away' ? RETRY_MS : LOOK_MS;
    this.#timer = setTimeout(() => void this.#look(), pauseMs).unref();
  }

  async #ask(): Promise<BackendState> {
    const { backend, profile, shownUrl: url, log } = this.#options;
    try {
      const chain = await backend.chain();
      requireSameNetwork(chain, profile);
      return { ...stateOf(chain), url };
    } catch (error) {
      const isForeseen = [UnreachableError, WalletError, RpcCallError].some((kind) => error instanceof kind);
      if (!isForeseen) log.error({ err: error }, 'the chain cannot be asked');
      const reason = error instanceof Error ? error.message : String(error);
      return { ...this.#state, state: 'away', reason };
    }
  }

  #take(state: BackendState): void {
    if (this.#stopping.signal.aborted) return;
    const before = this.#state;
    if (JSON.stringify(before) === JSON.stringify(state)) return;
    this.#state = state;
    this.#options.onState(state);
    const isBack = before.state === 'away' && state.state !== 'away';
    if (isBack || (before.tip !== state.tip && before.tip !== null)) this.#options.onChange();
  }
}

function stateOf({ syncing, height, tip }: ChainState): Omit<BackendState, 'url'> {
  return {
    state: syncing ? 'syncing' : 'ok',
    reason: syncing ? 'it is still fetching the chain: what it says is not the newest' : null,
    height,
    tip: displayHash(tip),
  };
}
