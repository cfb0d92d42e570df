import type { Bits, Difficulty, Hash, Height } from '../../protocol/units.ts';
import type { Share } from '../stratum/share.ts';
import { plainBytes } from './blob.ts';

/** Which share of which edge it is: the pair is in the ledger at most once. */
export interface ShareOrigin {
  readonly edge: string;
  /** Counted by the edge. */
  readonly sequence: number;
}

/** A credited share as the ledger keeps it. */
export interface LedgerShare extends Share {
  /** Rises with every share; given when the share was taken over. Gaps are shares that were not kept. */
  readonly sequence: number;
  /** Undefined when the pool took it itself. */
  readonly origin?: ShareOrigin;
}

/** What the share log adds to the second form of the ledger. */
export const SHARE_LOG_V2: readonly string[] = [
  'ALTER TABLE shares ADD COLUMN edge TEXT',
  'ALTER TABLE shares ADD COLUMN edge_sequence INTEGER',
  'CREATE UNIQUE INDEX shares_by_edge ON shares (edge, edge_sequence) WHERE edge IS NOT NULL',
  // What is hashed into a digest and a head, and how: share-chain.ts.
  `CREATE TABLE batches (id INTEGER PRIMARY KEY, first_sequence INTEGER NOT NULL, last_sequence INTEGER NOT NULL,
     count INTEGER NOT NULL, time_ms INTEGER NOT NULL, digest BLOB NOT NULL, head BLOB NOT NULL)`,
  // How far old rows were taken out: the last batch whose shares are gone, the last whose own row is gone.
  `CREATE TABLE share_log (one INTEGER PRIMARY KEY CHECK (one = 1),
     dropped_batch INTEGER NOT NULL, dropped_sequence INTEGER NOT NULL,
     base_batch INTEGER NOT NULL, base_sequence INTEGER NOT NULL, base_head BLOB NOT NULL)`,
  'INSERT INTO share_log VALUES (1, 0, 0, 0, 0, zeroblob(32))',
  // The minute is whole minutes since 1970; the worker 0 is the whole pool. The weight is text, as in shares.
  `CREATE TABLE minutes (worker INTEGER NOT NULL, minute INTEGER NOT NULL, shares INTEGER NOT NULL,
     late INTEGER NOT NULL, weight TEXT NOT NULL, PRIMARY KEY (worker, minute)) WITHOUT ROWID`,
];

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
  hash: 'blob32',
  late: 'integer',
} as const;

/** The same for shares of which some came from an edge. */
export const EDGE_SHARE_COLUMNS = { ...SHARE_COLUMNS, edge: 'text', edge_sequence: 'integer' } as const;

/** Shares with the rows they refer to; a condition and an order follow. */
export const SELECT_SHARES = `SELECT s.*, w.address, w.name, t.hash AS tip_hash, t.height AS tip_height, t.first_share
  FROM shares s JOIN workers w ON w.id = s.worker JOIN tips t ON t.id = s.tip`;

/** A row of {@link SELECT_SHARES}. */
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
  readonly edge: string | null;
  readonly edge_sequence: number | null;
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
    ...(row.edge !== null && { origin: { edge: row.edge, sequence: row.edge_sequence ?? 0 } }),
  };
}

/** A row of `batches`. */
export interface BatchRow {
  readonly id: number;
  readonly first_sequence: number;
  readonly last_sequence: number;
  readonly count: number;
  readonly time_ms: number;
  readonly digest: Hash;
  readonly head: Hash;
}

/** The row of `share_log`. */
export interface ShareLogRow {
  readonly dropped_batch: number;
  readonly dropped_sequence: number;
  readonly base_batch: number;
  readonly base_sequence: number;
  readonly base_head: Hash;
}
