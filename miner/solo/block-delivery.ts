/** Brings a block that was found to the node, and finds out what became of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { PASSING_ERRORS, readSubmission } from '../../protocol/block-answer.ts';
import { displayHash } from '../../protocol/bytes.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import { RpcCallError, type RpcClient, UnreachableError } from '../../service/rpc-client.ts';

/** What became of a block. */
export type BlockVerdict =
  /** It stands in the node's best chain. */
  | { readonly kind: 'accepted' }
  /** Another block came first: this one is beside the best chain, or built on what no longer counts. */
  | { readonly kind: 'stale'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string };

const SUBMIT_MS = 30_000;
const ASK_MS = 10_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** The parent is no part of the best chain any more (BIP 22). */
const OUTDATED: ReadonlySet<string> = new Set(['stale-prevblk', 'stale-work']);

/** A block to be handed in. */
export interface HandedBlock {
  readonly hash: Hash;
  readonly height: Height;
  /** The block as hex. */
  readonly raw: string;
  /** The template's, where it had one. */
  readonly workId?: string | undefined;
}

/** One block on its way. */
interface Delivery extends HandedBlock {
  readonly client: RpcClient;
  readonly signal: AbortSignal;
}

/**
 * Hands in a block until the node has judged it. An answer that got lost says nothing: then the node is asked where
 * the block is before it is handed in again.
 * @throws the signal's reason when it fires first: nothing is known then
 */
export async function deliverBlock(
  client: RpcClient,
  block: HandedBlock,
  signal: AbortSignal,
): Promise<BlockVerdict> {
  const delivery: Delivery = { ...block, client, signal };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const verdict = await submit(delivery);
    if (verdict !== undefined) return verdict;
    await sleep(pauseMs, undefined, { signal });
    if (await isInChain(delivery)) return { kind: 'accepted' };
  }
}

/** @returns undefined while nothing is known */
async function submit(delivery: Delivery): Promise<BlockVerdict | undefined> {
  const { client, raw, workId, signal } = delivery;
  // "If the server provided a workid, it MUST be included with submissions" (BIP 22).
  const parameters = workId === undefined ? [] : [{ workid: workId }];
  let result: unknown;
  try {
    result = await client.call('submitblock', [raw, ...parameters], { timeoutMs: SUBMIT_MS, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UnreachableError) return undefined;
    if (!(error instanceof RpcCallError)) throw error;
    return PASSING_ERRORS.has(error.code) ? undefined : { kind: 'rejected', reason: error.message };
  }
  const answer = readSubmission(result);
  switch (answer.kind) {
    case 'accepted':
      return (await placeOf(delivery)) ?? (answer.reason === undefined ? { kind: 'accepted' } : undefined);
    case 'too-early':
      // The template came from this node: if it does not build on that block any more, nor does anybody else.
      return { kind: 'stale', reason: answer.reason };
    case 'rejected':
      return { kind: OUTDATED.has(answer.reason) ? 'stale' : 'rejected', reason: answer.reason };
  }
}

/**
 * Of a block that the node has taken: only its place says whether it counts. Bitcoin Core tells a block beside the
 * best chain by a word in its answer, bcoin does not.
 */
async function placeOf(delivery: Delivery): Promise<BlockVerdict | undefined> {
  const stands = await isInChain(delivery);
  if (stands === undefined) return undefined;
  return stands ? { kind: 'accepted' } : { kind: 'stale', reason: 'another block came first' };
}

/**
 * Whether the block stands in the best chain. Asked by height: of a block beside it bcoin's getblockheader gives
 * confirmations too.
 * @returns undefined where the node does not say
 */
async function isInChain({ client, hash, height, signal }: Delivery): Promise<boolean | undefined> {
  try {
    const limits = { timeoutMs: ASK_MS, signal };
    const standing = await client.call('getblockhash', [height], { ...limits, schema: z.string() });
    return standing === displayHash(hash);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UnreachableError) return undefined;
    if (!(error instanceof RpcCallError)) throw error;
    // The chain is shorter.
    return PASSING_ERRORS.has(error.code) ? undefined : false;
  }
}
