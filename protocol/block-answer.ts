/** What a node says of a block that it is given, and of one that it is asked about. */
import * as z from 'zod';
import { RPC_ERRORS } from './rpc.ts';

/** What a node said of a block; where nothing is known of it there is no answer. */
export type BlockAnswer =
  /** It has the block, on its best chain or beside it. */
  | { readonly kind: 'accepted'; readonly reason: string | undefined }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** It lacks the block before, so it could not judge this one. */
  | { readonly kind: 'too-early'; readonly reason: string };

/** The node has it: handed in before, or on a branch that is not the best. */
const KNOWN = new Set(['duplicate', 'inconclusive', 'duplicate-inconclusive']);
/** Said of a block whose parent is missing: by BIP 22 and Bitcoin Core, by bcoin, by btcd. */
const TOO_EARLY = new Set(['prev-blk-not-found', 'bad-prevblk', 'inconclusive-not-best-prevblk']);

/** The answers of `submitblock` (BIP 22): null is accepted, a text says why not. bcoin writes `rejected: ` before it. */
export function readSubmission(result: unknown): BlockAnswer {
  if (result === null || result === undefined) return { kind: 'accepted', reason: undefined };
  const reason = String(result).replace(/^rejected: /, '');
  if (KNOWN.has(reason)) return { kind: 'accepted', reason };
  return { kind: TOO_EARLY.has(reason) ? 'too-early' : 'rejected', reason };
}

/**
 * Codes of errors that say nothing of what was asked: the node is not ready, or has a trouble of its own.
 */
export const PASSING_ERRORS: ReadonlySet<number> = new Set([
  RPC_ERRORS.inWarmup,
  RPC_ERRORS.inInitialDownload,
  RPC_ERRORS.notConnected,
  RPC_ERRORS.outOfMemory,
  RPC_ERRORS.databaseError,
  RPC_ERRORS.internalError,
]);

/**
 * The part of `getblockheader` that says whether a block is in the best chain: it has 1 confirmation or more
 * there. Anything else is to be handed in again: a node may know the header of a block it has refused.
 */
export const BlockPlace = z.object({ confirmations: z.int() });
