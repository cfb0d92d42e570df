import type { Bits, Difficulty, Hash, Height } from '../../protocol/units.ts';
import type { Share } from '../stratum/share.ts';
import { plainBytes } from './blob.ts';

/** A credited share as the ledger keeps it. */
export interface LedgerShare extends Omit<Share, 'tip'> {
  /** Rises with every share; given when the share was taken over. Gaps are shares that were not kept. */
  readonly sequence: number;
  readonly tip: Hash;
}

/** What the share log adds to the second form of the ledger. */
export const SHARE_LOG_V2: readonly string[] = [];

/** The columns of `shares`, for writing many rows at once. */
export const SHARE_COLUMNS = {
  sequence: 'integer',
  time_ms: 'integer',
  worker: 'integer',
  job: 'text',
  tip: 'integer',
  bits: 'integer',
  difficulty: 'real',
  weight: 'text',
  hash: 'blob',
  late: 'integer',
} as const;

/** A row of `shares` with the rows it refers to. */
export interface ShareRow {
  readonly sequence: number;
  readonly time_ms: number;
  readonly address: string;
  readonly name: string;
  readonly job: string;
  readonly tip_hash: Hash;
  readonly tip_height: Height;
  readonly bits: Bits;
  readonly difficulty: Difficulty;
  readonly weight: string;
  readonly hash: Hash;
  readonly late: number;
}

export function readShare(row: ShareRow): LedgerShare {
  return {
    sequence: row.sequence,
    timeMs: row.time_ms,
    worker: { address: row.address, name: row.name },
    jobId: row.job,
    tip: plainBytes(row.tip_hash),
    tipHeight: row.tip_height,
    bits: row.bits,
    difficulty: row.difficulty,
    weight: BigInt(row.weight),
    hash: plainBytes(row.hash),
    late: row.late === 1,
  };
}
