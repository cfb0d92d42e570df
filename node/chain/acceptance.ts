import type { RuleError } from '../../protocol/rules.ts';
import type { BlockEntry } from './block-index.ts';

/**
 * What became of a block that was handed in:
 * - `connected`: it is on the best chain now;
 * - `side-branch`: stored; another branch has more work, or as much and was first, or an ancestor is missing;
 * - `duplicate`: it was stored before; `duplicate-invalid`: it was found to break a rule before;
 * - `held`: its time is too far in the future; it is tried again when the clock allows (bounded in number);
 * - `orphan`: its parent is unknown; nothing is kept of it;
 * - `invalid`: it breaks a rule. Unless `error.mutated` its hash is remembered, if its header was good.
 */
export type AcceptResult =
  | {
      readonly outcome: 'connected' | 'side-branch' | 'duplicate' | 'duplicate-invalid';
      readonly entry: BlockEntry;
      readonly error?: undefined;
    }
  | { readonly outcome: 'held'; readonly error: RuleError; readonly entry?: undefined }
  | { readonly outcome: 'invalid'; readonly error: RuleError; readonly entry?: BlockEntry | undefined }
  | { readonly outcome: 'orphan'; readonly error?: undefined; readonly entry?: undefined };

export type AcceptOutcome = AcceptResult['outcome'];

/** The end of a branch, as `getchaintips` of Bitcoin Core shows it. */
export interface ChainTip {
  readonly entry: BlockEntry;
  /**
   * `active`: the best chain; `valid-fork`: was it once; `valid-headers`: at hand but never tried;
   * `headers-only`: some block of it is missing; `invalid`: some block of it breaks a rule.
   */
  readonly status: 'active' | 'valid-fork' | 'valid-headers' | 'headers-only' | 'invalid';
  /** Blocks above the last one it shares with the best chain; 0 for the best chain itself. */
  readonly branchLength: number;
}
