/** Everything that the page knows without a wallet. */
import type { NetworkProfile } from '../../protocol/network.ts';
import { MAX_LABEL_LENGTH } from '../keys/contents.ts';
import { MAX_NOTE_LENGTH } from '../keys/owner-notes.ts';
import { URI_SCHEME } from '../payments/payment-uri.ts';
import type { BackendState, GuiState, WalletRow } from './api-values.ts';

const COIN_NAME = 'NILZ';

export interface GuiFacts {
  readonly profile: NetworkProfile;
  readonly explorerUrl?: string | undefined;
  readonly backend: BackendState;
  readonly wallets: readonly WalletRow[];
  /** Unix seconds. */
  readonly now: number;
}

export function guiState({ profile, explorerUrl, backend, wallets, now }: GuiFacts): GuiState {
  const { hrp, p2pkh, p2sh } = profile.address;
  return {
    time: now,
    network: {
      name: profile.name,
      coin: COIN_NAME,
      test_money: profile.name !== 'main',
      block_time_seconds: profile.blockTimeSeconds,
      maturity: profile.maturity,
      uri_scheme: URI_SCHEME,
      address: { hrp, p2pkh: p2pkh ?? null, p2sh: p2sh ?? null },
    },
    backend,
    explorer_url: explorerUrl ?? null,
    wallets: [...wallets],
    limits: { label: MAX_LABEL_LENGTH, note: MAX_NOTE_LENGTH, contact: MAX_LABEL_LENGTH },
  };
}
