import { RuleError } from '../../protocol/rules.ts';
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

/** Why a header is not taken. */
export type HeaderRefusal =
  | { readonly outcome: 'duplicate-invalid'; readonly entry: BlockEntry; readonly error?: undefined }
  | { readonly outcome: 'invalid'; readonly error: RuleError; readonly entry?: undefined }
  | { readonly outcome: 'orphan'; readonly error?: undefined; readonly entry?: undefined };

/** What became of a header that was handed in without its transactions. */
export type HeaderResult =
  | { readonly outcome: 'stored'; readonly entry: BlockEntry; readonly error?: undefined }
  | { readonly outcome: 'duplicate'; readonly entry: BlockEntry; readonly error?: undefined }
  | HeaderRefusal;

/** What became of headers that were handed in together, without their transactions. */
export interface HeadersResult {
  /** What is known of them now, in their order, up to the first one that was refused. */
  readonly entries: readonly BlockEntry[];
  /** How many of them are new. */
  readonly stored: number;
  /** Why the next one was refused; those after it were not looked at. */
  readonly refused?: HeaderRefusal;
}

export interface AcceptOptions {
  /**
   * False while catching up: it may be written later, together with others, and is lost if the machine fails
   * before `flush`. Default true: what is accepted is on disk.
   */
  readonly durable?: boolean;
  /** The bytes that the block was decoded from, if they are at hand: saves encoding it for storage. */
  readonly bytes?: Uint8Array;
}

/** Runs a check and returns the rule that is broken, if one is. */
export function faultOf(check: () => void): RuleError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return asRuleError(error);
  }
}

/** The broken rule. @throws what is none */
export function asRuleError(error: unknown): RuleError {
  if (error instanceof RuleError) return error;
  throw error;
}
