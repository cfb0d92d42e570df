import { displayHash } from '../../protocol/bytes.ts';
import { difficultyOf } from '../../protocol/work.ts';
import type { LedgerBlock } from '../ledger/accounts-schema.ts';
import { amountFields } from './amount-fields.ts';

/** One block of the pool, as `/stats` and `/blocks` show it. */
export function blockRow(block: LedgerBlock) {
  return {
    hash: displayHash(block.hash),
    height: block.height,
    difficulty: difficultyOf(block.bits),
    time: block.timeMs / 1000,
    ...amountFields('reward', block.reward),
    address: block.worker?.address ?? null,
    worker: block.worker?.name ?? null,
    delivery: block.delivery,
    reason: block.reason ?? null,
  };
}
