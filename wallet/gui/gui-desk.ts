import type { NetworkProfile } from '../../protocol/network.ts';
import type { ChainBackend } from '../chain/backend.ts';
import type { LiveEvent } from './api.ts';
import type { GuiState } from './api-values.ts';
import type { PlanDesk } from './plan-desk.ts';
import type { WalletShelf } from './wallet-shelf.ts';

/** What the answers to the page's questions are made with. */
export interface GuiDesk {
  readonly profile: NetworkProfile;
  readonly backend: ChainBackend;
  readonly shelf: WalletShelf;
  readonly plans: PlanDesk;
  /** Unix seconds. */
  readonly now: () => number;
  /** Tells every window. */
  readonly tell: (event: LiveEvent) => void;
  readonly state: () => Promise<GuiState>;
}
