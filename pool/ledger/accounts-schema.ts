import type { Bits, Hash, Height, Nits } from '../../protocol/units.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { plainBytes } from './blob.ts';

/** Whether a block has reached the network. What it earns is decided later, by its depth. */
export type Delivery =
  /** Not known yet: no node has answered. */
  | 'pending'
  /** A node has it, on its best chain or beside it. */
  | 'accepted'
  /** A node refused it. */
  | 'rejected';

/** A block of this pool. */
export interface LedgerBlock {
  readonly hash: Hash;
  readonly previous: Hash;
  readonly height: Height;
  readonly bits: Bits;
  readonly timeMs: number;
  /** Subsidy and fees. */
  readonly reward: Nits;
  /** Who found it; undefined when it was found in the chain and not in the ledger. */
  readonly worker: Worker | undefined;
  readonly delivery: Delivery;
  /** The node's word for it: `inconclusive`, `high-hash`, … */
  readonly reason: string | undefined;
}

/** What blocks, credits and payouts add to the second form of the ledger. */
export const ACCOUNTS_V2: readonly string[] = [];

/** A row of `blocks` with its worker's. */
export interface BlockRow {
  readonly hash: Hash;
  readonly previous: Hash;
  readonly height: Height;
  readonly bits: Bits;
  readonly time_ms: number;
  readonly reward: string;
  readonly address: string | null;
  readonly name: string | null;
  readonly delivery: Delivery;
  readonly reason: string | null;
}

export function readBlock(row: BlockRow): LedgerBlock {
  return {
    hash: plainBytes(row.hash),
    previous: plainBytes(row.previous),
    height: row.height,
    bits: row.bits,
    timeMs: row.time_ms,
    reward: BigInt(row.reward),
    worker: row.address === null ? undefined : { address: row.address, name: row.name ?? '' },
    delivery: row.delivery,
    reason: row.reason ?? undefined,
  };
}
