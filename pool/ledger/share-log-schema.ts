import type { Bits, Difficulty, Hash, Height } from '../../protocol/units.ts';
import type { Share } from '../stratum/share.ts';
import { plainBytes } from './blob.ts';

export const DIFFICULTY_BYTES = 8;

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
  // A batch is entered by one INSERT into this view: every further statement would cost a turn of the event loop
  // and two changes of thread, which on a busy machine is more than the writing.
  `CREATE VIEW entered_batches AS SELECT b.*, NULL AS shares, NULL AS hashes, NULL AS difficulties,
     NULL AS origins, NULL AS minutes FROM batches b`,
  `CREATE TRIGGER enter_batch INSTEAD OF INSERT ON entered_batches BEGIN
     INSERT INTO shares (sequence, time_ms, worker, job, tip, bits, weight, late, hash, difficulty)
       SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7,
              substr(NEW.hashes, 1 + 32 * key, 32), substr(NEW.difficulties, 1 + 8 * key, 8)
       FROM json_each(NEW.shares);
     UPDATE shares SET edge = o.value->>1, edge_sequence = o.value->>2
       FROM json_each(NEW.origins) o WHERE sequence = o.value->>0;
     INSERT OR REPLACE INTO minutes (worker, minute, shares, late, weight)
       SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(NEW.minutes);
     INSERT INTO batches (id, first_sequence, last_sequence, count, time_ms, digest, head)
       VALUES (NEW.id, NEW.first_sequence, NEW.last_sequence, NEW.count, NEW.time_ms, NEW.digest, NEW.head);
   END`,
];

/**
 * Enters a batch: its row, its shares and the sums by the minute that have changed. One statement, so that it is a
 * transaction of its own. Shares, origins and minutes are JSON, arrays of arrays; hashes (32 bytes each) and
 * difficulties (8 bytes each) stand beside them in one piece, in the order of the shares.
 */
export const ENTER_BATCH = `INSERT INTO entered_batches
  (id, first_sequence, last_sequence, count, time_ms, digest, head, shares, hashes, difficulties, origins, minutes)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

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
  /** IEEE 754, little-endian; a number in rows of the ledger's first form. */
  readonly difficulty: Uint8Array | number;
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
    difficulty: readDifficulty(row.difficulty),
    weight: BigInt(row.weight),
    hash: plainBytes(row.hash),
    late: row.late === 1,
    ...(row.edge !== null && { origin: { edge: row.edge, sequence: row.edge_sequence ?? 0 } }),
  };
}

/**
 * The difficulty as bytes. SQLite reads a number from text, as it must when many rows come at once, with an error
 * in the last bit now and then; what a batch's digest covers has to stay what it was.
 */
export function difficultyBytes(shares: readonly LedgerShare[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(DIFFICULTY_BYTES * shares.length);
  for (const [index, { difficulty }] of shares.entries()) {
    bytes.writeDoubleLE(difficulty, DIFFICULTY_BYTES * index);
  }
  return bytes;
}

function readDifficulty(stored: Uint8Array | number): Difficulty {
  if (typeof stored === 'number') return stored;
  return new DataView(stored.buffer, stored.byteOffset, DIFFICULTY_BYTES).getFloat64(0, true);
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
