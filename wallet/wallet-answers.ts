/** What a wallet tells of itself. */
import type { ChainState } from './chain/backend.ts';
import type { Balance } from './chain/balance.ts';
import type { RefusedPayment } from './chain/outgoing.ts';

export interface WalletAddress {
  readonly address: string;
  /** As in "m/84'/1'/0'/0/5" (BIP 32); null for a key of no account. */
  readonly path: string | null;
}

/** A new address, and what to know about it. */
export interface NewAddress extends WalletAddress {
  readonly label: string;
  /** Addresses before it that were never used: from {@link GAP_LIMIT} on, a restore with that limit misses it. */
  readonly unusedBefore: number;
}

export interface WalletLabel {
  readonly label: string;
  /** In the order they were made. */
  readonly addresses: readonly WalletAddress[];
}

/** What a search for addresses brought. */
export interface ScanResult {
  /** One more than the highest index in use on each chain. */
  readonly used: { readonly receive: number; readonly change: number };
  /** Addresses that were not known to be in use. */
  readonly found: number;
}

export interface BalanceChartRequest {
  /** Default: the whole wallet. */
  readonly label?: string | undefined;
  /** At most so many. */
  readonly points?: number;
}

/** What the wallet has, by label, at one moment. */
export interface WalletBalance {
  readonly chain: ChainState;
  readonly labels: readonly (Balance & { readonly label: string })[];
  readonly total: Balance;
  /** Payments of this wallet that the chain does not take. */
  readonly refused: readonly RefusedPayment[];
}
