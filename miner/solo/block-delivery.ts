/** Brings a block that was found to the node, and finds out what became of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BlockPlace, PASSING_ERRORS, readSubmission } from '../../protocol/block-answer.ts';
import { displayHash } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
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

/** One block on its way. */
interface Delivery {
  readonly client: RpcClient;
  /** Hash of the block as it is shown. */
  readonly shown: string;
  /** The block as hex. */
  readonly raw: string;
  readonly signal: AbortSignal;
}

/**
 * Hands in a block until the node has judged it. An answer that got lost says nothing: then the node is asked where
 * the block is before it is handed in again.
 * @param raw the block as hex
 * @throws the signal's reason when it fires first: nothing is known then
 */
export async function deliverBlock(
  client: RpcClient,
  { hash, raw }: { readonly hash: Hash; readonly raw: string },
  signal: AbortSignal,
): Promise<BlockVerdict> {
  const delivery: Delivery = { client, shown: displayHash(hash), raw, signal };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const verdict = await submit(delivery);
    if (verdict !== undefined) return verdict;
    await sleep(pauseMs, undefined, { signal });
    // A node may know the header of a block that it has refused: only a place in the best chain says enough.
    if (((await confirmationsOf(delivery)) ?? 0) > 0) return { kind: 'accepted' };
  }
}

/** @returns undefined while nothing is known */
async function submit(delivery: Delivery): Promise<BlockVerdict | undefined> {
  const { client, raw, signal } = delivery;
  let result: unknown;
  try {
    result = await client.call('submitblock', [raw], { timeoutMs: SUBMIT_MS, signal });
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
  const confirmations = await confirmationsOf(delivery);
  if (confirmations === undefined) return undefined;
  return confirmations > 0 ? { kind: 'accepted' } : { kind: 'stale', reason: 'another block came first' };
}

/** @returns undefined where the node does not have the block, or does not say */
async function confirmationsOf({ client, shown, signal }: Delivery): Promise<number | undefined> {
  try {
    const limits = { timeoutMs: ASK_MS, signal };
    const place = await client.call('getblockheader', [shown], { ...limits, schema: BlockPlace });
    return place.confirmations;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RpcCallError || error instanceof UnreachableError) return undefined;
    throw error;
  }
}
