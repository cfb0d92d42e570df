/** What every view of the open wallet works with. */
import type { GuiState, WalletRow } from '../../gui/api-values.ts';
import type { Ask } from './client.ts';
import { LiveQuery } from './live-query.ts';
import type { WalletFeed } from './wallet-feed.ts';

export interface Place {
  readonly ask: Ask;
  readonly feed: WalletFeed;
  /** Goes to a path. */
  readonly go: (path: string) => void;
}

/** A place with a wallet that is open. */
export interface WalletPlace extends Place {
  /** Names it in questions. */
  readonly wallet: string;
  readonly row: WalletRow;
}

export function networkOf(place: Place): GuiState['network'] {
  return place.feed.state.network;
}

export interface WalletQuestion<T> {
  readonly ask: (signal: AbortSignal) => Promise<T>;
  readonly onData: (answer: T) => void;
  readonly onError?: (error: unknown) => void;
}

/** A question about the open wallet that is asked again with all news. */
export function liveQuery<T>(place: WalletPlace, { ask, onData, onError }: WalletQuestion<T>): LiveQuery {
  return new LiveQuery({
    feed: place.feed,
    wallet: place.wallet,
    ask: async (signal) => {
      const answer = await ask(signal);
      return () => onData(answer);
    },
    ...(onError !== undefined && { onError }),
  });
}
