import type { Bits, Difficulty, Hash, Height, Nits } from '../../protocol/units.ts';
import type { Share } from '../stratum/share.ts';
import type { Worker } from '../stratum/worker-name.ts';

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

/** A credited share as the ledger keeps it. */
export interface LedgerShare extends Omit<Share, 'tip'> {
  /** Rises with every share; given when the share was taken over. Gaps are shares that were not kept. */
  readonly sequence: number;
  readonly tip: Hash;
}

/** Marks the file as a pool's ledger. */
export const APPLICATION_ID = 0x4e5a504c;

/** How the ledger's file came to its present form, step by step. */
export const MIGRATIONS = [
  [
    'CREATE TABLE identity (network TEXT NOT NULL)',
    'CREATE TABLE workers (id INTEGER PRIMARY KEY, address TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (address, name))',
    `CREATE TABLE tips (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, height INTEGER NOT NULL,
       first_share INTEGER NOT NULL)`,
    // The weight is text: it must stay exact, and may exceed what an SQLite integer holds.
    `CREATE TABLE shares (sequence INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,
       worker INTEGER NOT NULL REFERENCES workers (id), job TEXT NOT NULL,
       tip INTEGER NOT NULL REFERENCES tips (id), bits INTEGER NOT NULL,
       difficulty REAL NOT NULL, weight TEXT NOT NULL, hash BLOB NOT NULL, late INTEGER NOT NULL)`,
    `CREATE TABLE blocks (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, previous BLOB NOT NULL, height INTEGER NOT NULL,
       bits INTEGER NOT NULL, time_ms INTEGER NOT NULL, reward TEXT NOT NULL,
       worker INTEGER REFERENCES workers (id), delivery TEXT NOT NULL, reason TEXT, raw TEXT)`,
    'CREATE INDEX blocks_by_height ON blocks (height)',
  ],
] as const;

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

/** A blob as the rest of the code knows bytes: not as a Buffer, whose slices alias it. */
export function plainBytes(blob: Uint8Array): Uint8Array {
  return new Uint8Array(blob);
}
