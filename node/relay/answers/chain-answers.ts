/** Blocks, and where the chain stands. */
import type * as z from 'zod';
import type { BlockRow, RelayBlock, RelayChain, RelayHex, RelayTip } from '../../../protocol/relay.ts';
import type { RelayTips } from '../../../protocol/relay-views.ts';
import { HttpError } from '../../../service/http.ts';
import type { BlockFacts } from '../chain-reader.ts';
import type { RelayView } from '../relay-view.ts';
import type { TipAnswer } from '../upstream/node-answers.ts';
import { hexAnswer, tipAnswers } from '../upstream/plain-answers.ts';

/** Blocks that the hash rate is told from. */
const HASH_RATE_BLOCKS = 120;
/** A page of transactions ends when their inputs and outputs are so many, however few they are. */
const MAX_ENDS = 3_000;
/** Branch ends that are shown: those of a busy test network may be thousands. */
const MAX_TIPS = 200;

/** The hash that a block is asked for by: its own, or the height of the best chain. */
export async function blockHashOf(view: RelayView, id: string): Promise<string> {
  return /^\d{1,9}$/.test(id) ? await view.chain.hashAt(Number(id)) : id.toLowerCase();
}

/** The answer of `GET /chain`. */
export async function chainAnswer(
  view: RelayView,
  limit: number,
  before: number | undefined,
): Promise<RelayChain> {
  const { info, network, tip } = view.link.facts;
  const newest = Math.min(tip.height, (before ?? Number.POSITIVE_INFINITY) - 1);
  const heights = Array.from({ length: Math.min(limit, newest + 1) }, (_, index) => newest - index);
  const [{ header }, blocks, template, rate] = await Promise.all([
    view.chain.facts(tip.hash),
    Promise.all(heights.map((height) => rowAt(view, height))),
    view.templates.current(),
    hashRate(view, tip),
  ]);
  const oldest = heights.at(-1) ?? 0;
  return {
    time: view.clock.wallMs() / 1000,
    network,
    tip,
    headers: Math.max(info.headers, tip.height),
    syncing: info.initialblockdownload,
    difficulty: header.difficulty,
    next_difficulty: template?.difficulty ?? null,
    hash_rate: rate,
    chain_work: header.chainwork,
    median_time: header.mediantime,
    blocks,
    next: oldest > 0 ? oldest : null,
  };
}

/**
 * Hashes per second over the last blocks; null while there is nothing to tell it from. The genesis block was made
 * long before the first one: no work went into that gap.
 */
async function hashRate(view: RelayView, tip: RelayTip): Promise<number | null> {
  const from = Math.max(1, tip.height - HASH_RATE_BLOCKS);
  if (from >= tip.height) return null;
  const [first, last] = await Promise.all([
    view.chain.facts(await view.chain.hashAt(from)),
    view.chain.facts(tip.hash),
  ]);
  return rateBetween(first, last);
}

/** Hashes per second between two blocks; null where no time went by: times of blocks may go back. */
export function rateBetween(first: BlockFacts, last: BlockFacts): number | null {
  const elapsedSeconds = last.row.time - first.row.time;
  const work = BigInt(`0x${last.header.chainwork}`) - BigInt(`0x${first.header.chainwork}`);
  return elapsedSeconds > 0 ? Number(work) / elapsedSeconds : null;
}

async function rowAt(view: RelayView, height: number): Promise<BlockRow> {
  return (await view.chain.facts(await view.chain.hashAt(height))).row;
}

/** The answer of `GET /block/{id}`: the rows of its transactions from the one numbered `after` on. */
export async function blockAnswer(
  view: RelayView,
  id: string,
  limit: number,
  after: number,
): Promise<RelayBlock> {
  const { chain, link } = view;
  const hash = await blockHashOf(view, id);
  const header = await chain.outline(hash);
  const ids = await chain.ids(hash);
  if (after > 0 && after >= ids.length) {
    throw new HttpError(400, `the parameter "after": the block has ${ids.length} transactions`, {
      field: 'after',
    });
  }
  const isOnBestChain = await chain.isOnBestChain(header);
  const { tip } = link.facts;
  const isFollowed = isOnBestChain && header.height < tip.height;
  const [{ row }, rows, following] = await Promise.all([
    chain.facts(hash),
    rowsOf(view, ids.slice(after, after + limit), isOnBestChain ? undefined : hash),
    isFollowed ? chain.hashAt(header.height + 1) : null,
  ]);
  const next = after + rows.length;
  return {
    ...row,
    on_best_chain: isOnBestChain,
    confirmations: isOnBestChain ? tip.height - row.height + 1 : 0,
    version: header.version,
    merkle_root: header.merkleroot,
    bits: header.bits,
    target: header.target,
    nonce: header.nonce,
    median_time: header.mediantime,
    chain_work: header.chainwork,
    stripped_size: header.strippedsize,
    previous: header.previousblockhash ?? null,
    following,
    rows,
    next: next < ids.length ? next : null,
  };
}

/** Rows of some transactions; fewer where they are large. */
async function rowsOf(view: RelayView, ids: readonly string[], blockHash: string | undefined) {
  const rows = await Promise.all(ids.map((txid) => view.transactions.row(txid, blockHash)));
  let ends = 0;
  const tooLarge = rows.findIndex(({ inputs, outputs }) => {
    ends += inputs + outputs;
    return ends > MAX_ENDS;
  });
  return tooLarge < 0 ? rows : rows.slice(0, Math.max(1, tooLarge));
}

/** The answer of `GET /block/{id}/header`: 80 bytes. */
export async function headerHexAnswer(view: RelayView, id: string): Promise<RelayHex> {
  return await hexOf(view, 'getblockheader', id, false);
}

/** The answer of `GET /block/{id}/hex`. */
export async function blockHexAnswer(view: RelayView, id: string): Promise<RelayHex> {
  return await hexOf(view, 'getblock', id, 0);
}

async function hexOf(view: RelayView, method: string, id: string, form: 0 | false): Promise<RelayHex> {
  const hash = await blockHashOf(view, id);
  return { hex: await hexAnswer(view.calls, method, [hash, form], `there is no block ${hash}`) };
}

/** The answer of `GET /tips`: the best chain first, then the highest branches. */
export async function tipsAnswer(view: RelayView): Promise<RelayTips> {
  const tips = await view.calls.call('getchaintips', [], tipAnswers);
  const shown = tips
    .toSorted((a, b) => Number(b.status === 'active') - Number(a.status === 'active') || b.height - a.height)
    .slice(0, MAX_TIPS);
  const headers = await Promise.all(shown.map(({ hash }) => view.chain.header(hash)));
  return {
    tips: shown.map(({ height, hash, status, branchlen }, index) => ({
      height,
      hash,
      status: statusOf(status),
      branch_length: branchlen,
      fork_height: height - branchlen,
      time: headers[index]?.time ?? null,
    })),
  };
}

type TipStatus = RelayTips['tips'][number]['status'];
const STATUSES: readonly TipStatus[] = ['active', 'valid-fork', 'valid-headers', 'headers-only', 'invalid'];

function statusOf(word: z.infer<typeof TipAnswer>['status']): TipStatus {
  return STATUSES.find((status) => status === word) ?? 'unknown';
}
