/** How the node or relay is, and that something happened there: what every window shows. */
import { displayHash } from '../../protocol/bytes.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Logger } from '../../service/log.ts';
import type { BackendPlace, OpenBackend } from '../chain/backend-choice.ts';
import { requireSameNetwork } from '../chain/chain-view.ts';
import { type WatchState, watchChain } from '../chain/chain-watch.ts';
import { WalletError } from '../wallet-error.ts';
import type { BackendState } from './api-values.ts';

export interface ChainNewsOptions {
  readonly profile: NetworkProfile;
  readonly place: BackendPlace;
  readonly backend: Pick<OpenBackend, 'kind' | 'chain'>;
  /** It came, went, or has another tip. */
  readonly onState: (state: BackendState) => void;
  /** A block or a transaction came or went, or there may be some that were missed. */
  readonly onChange: () => void;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Logger;
}

export class ChainNews {
  readonly #options: ChainNewsOptions;
  readonly #stopping = new AbortController();
  #state: BackendState;
  #isRelay = false;

  constructor(options: ChainNewsOptions) {
    this.#options = options;
    const url = shownPlace(options.place);
    this.#state = { state: 'starting', reason: null, url, height: null, tip: null };
  }

  get state(): BackendState {
    return this.#state;
  }

  /** The explorer of a relay; undefined of a node, which has none, and of whom nobody has heard of yet. */
  explorerUrl(): string | undefined {
    return this.#isRelay ? `${this.#state.url}/explorer` : undefined;
  }

  start(): void {
    const { place, backend, onChange, random, log } = this.#options;
    const { signal } = this.#stopping;
    const onState = (state: WatchState): void => this.#take(state);
    const kind = async () => {
      const found = await backend.kind();
      this.#isRelay = found === 'relay';
      return found;
    };
    const asked = { kind, chain: () => backend.chain() };
    watchChain(place, { backend: asked, onChange, onState, signal, random, log });
  }

  stop(): void {
    this.#stopping.abort();
  }

  #take(heard: WatchState): void {
    this.#state = { ...this.#state, ...this.#read(heard) };
    this.#options.onState(this.#state);
  }

  /** What was last known of the chain stays while nobody answers. */
  #read(heard: WatchState): Partial<BackendState> {
    if (heard.name === 'away') return { state: 'away', reason: heard.reason };
    const { syncing, height, tip } = heard.chain;
    try {
      requireSameNetwork(heard.chain, this.#options.profile);
    } catch (error) {
      if (!(error instanceof WalletError)) throw error;
      return { state: 'away', reason: error.message };
    }
    const reason = syncing ? 'it is still fetching the chain: what it says is not the newest' : null;
    return { state: syncing ? 'syncing' : 'ok', reason, height, tip: displayHash(tip) };
  }
}

/** Where the chain is asked, as it may be shown. */
function shownPlace({ relayUrl, nodeUrl }: BackendPlace): string {
  return new URL(relayUrl ?? nodeUrl).origin;
}
