import { displayHash } from '../../protocol/bytes.ts';
import { difficultyOf } from '../../protocol/work.ts';
import type { AccountedBlock, AccountsView } from '../accounting/accounts-view.ts';
import { effortOf, meanEffort } from '../statistics/round.ts';
import { amountFields } from './amount-fields.ts';

/** Blocks that the pool's luck is told from. */
export const LUCK_BLOCKS = 100;

/** One block of the pool, as `/stats`, `/blocks` and `/live` show it. */
export function blockRow(block: AccountedBlock, maturity: number | null) {
  const { round, worker } = block;
  return {
    id: block.id,
    hash: displayHash(block.hash),
    height: block.height,
    time: block.timeMs / 1000,
    difficulty: difficultyOf(block.bits),
    state: block.state,
    /** Of the block in the best chain; null while it is not in it. */
    confirmations: block.confirmations ?? null,
    /** Confirmations that it takes until the reward may be spent. */
    maturity,
    ...amountFields('reward', block.reward),
    /** Work of its round ÷ the work that such a block takes on average. */
    effort: effortOfBlock(block),
    address: worker?.address ?? null,
    worker: worker?.name ?? null,
    scheme: round?.scheme ?? null,
    fee_percent: round === undefined ? null : Number(round.feePercent),
    ...amountFields('distribution_total', round?.distributed),
    ...amountFields('operator_total', round?.operator),
    /** What the node said of it, where it said something. */
    reason: block.reason ?? null,
  };
}

/** The answer of `GET /blocks`. */
export async function blocksOf(accounts: AccountsView, limit: number, before: number | undefined) {
  const blocks = await accounts.blocks(limit, before);
  return {
    blocks: blocks.map((block) => blockRow(block, accounts.maturity)),
    ...nextPage(blocks, limit, ({ id }) => id),
  };
}

/** How lucky the pool was with its last blocks. */
export function luckOf(blocks: readonly AccountedBlock[]) {
  const { blocks: count, mean } = meanEffort(blocks.map(effortOfBlock));
  return { blocks: count, effort_mean: mean, meaning: meaningOf(count, mean) };
}

/** What to give as `before` for the next page; null on the last one. */
export function nextPage<Row>(rows: readonly Row[], limit: number, idOf: (row: Row) => number | string) {
  const last = rows.length < limit ? undefined : rows.at(-1);
  return { next: last === undefined ? null : idOf(last) };
}

function effortOfBlock({ round, bits }: AccountedBlock): number | null {
  return round === undefined ? null : effortOf(round.weight, bits);
}

function meaningOf(count: number, mean: number | null): string {
  if (mean === null) return 'No block with a known effort yet.';
  const blocks = count === 1 ? 'The last block' : `The last ${count} blocks`;
  return `${blocks} took ${Math.round(mean * 100)} % of the work that such blocks take on average; below 100 % is luck.`;
}
