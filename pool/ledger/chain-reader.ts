import type { Hash } from '../../protocol/units.ts';
import type { Statements } from '../../service/database.ts';
import { plainBytes } from './blob.ts';
import type { BatchHeader } from './share-chain.ts';
import {
  type BatchRow,
  DIFFICULTY_BYTES,
  type LedgerShare,
  readShare,
  SELECT_SHARES,
  type ShareLogRow,
  type ShareRow,
} from './share-log-schema.ts';

type Reads = Pick<Statements, 'all' | 'get'>;

/** Where what is kept of the share log begins. */
export interface ChainStart {
  /** The last batch whose own row is gone; 0 when none is. */
  readonly base: { readonly batch: number; readonly sequence: number; readonly head: Hash };
  /** The last batch whose shares are gone; 0 when none are. */
  readonly dropped: { readonly batch: number; readonly sequence: number };
}

/** A share as it stands in the file, or how its row is wrong. */
export type KeptShare =
  | { readonly sequence: number; readonly share: LedgerShare; readonly defect?: never }
  | { readonly sequence: number; readonly share?: never; readonly defect: string };

/** A batch as it stands in the file, with the shares after the batch before and up to its own last. */
export interface KeptBatch extends BatchHeader {
  readonly digest: Hash;
  readonly head: Hash;
  readonly shares: readonly KeptShare[];
}

/** Far more than any batch has. */
const MOST_SHARES = 100_000;
const BATCHES_PER_READ = 500;
const SHARES_PER_READ = 5_000;

type AuditedRow = ShareRow & {
  readonly worker: number;
  readonly tip: number;
  readonly first_share: number;
};

/** Reads the share log from its begin to its end, in pieces, for an audit: nothing is taken on trust. */
export class ChainReader {
  readonly #reads: Reads;
  /** Tips of which a share has come already. */
  readonly #tips = new Set<number>();
  #droppedSequence = 0;
  /** Read, and not yet handed out. */
  #ahead: AuditedRow[] = [];
  #readSequence = 0;

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  async start(): Promise<ChainStart> {
    const row = await this.#reads.get<ShareLogRow>('SELECT * FROM share_log');
    if (row === undefined) throw new Error('the ledger has lost the row of its share log');
    this.#droppedSequence = row.dropped_sequence;
    return {
      base: { batch: row.base_batch, sequence: row.base_sequence, head: plainBytes(row.base_head) },
      dropped: { batch: row.dropped_batch, sequence: row.dropped_sequence },
    };
  }

  /** All batches in their order. */
  async *batches(): AsyncGenerator<KeptBatch> {
    let last = 0;
    for (;;) {
      const rows = await this.#reads.all<BatchRow>('SELECT * FROM batches WHERE id > ? ORDER BY id LIMIT ?', [
        last,
        BATCHES_PER_READ,
      ]);
      if (rows.length === 0) return;
      for (const row of rows) yield readBatch(row, await this.#sharesUpTo(row.last_sequence));
      last = rows.at(-1)?.id ?? last;
    }
  }

  /** Shares after the last batch, of which there must not be any. Read when all batches were. */
  rest(): Promise<KeptShare[]> {
    return this.#sharesUpTo(Number.MAX_SAFE_INTEGER);
  }

  /** How many shares the file has in all: one whose worker or tip is missing is in no batch. */
  async count(): Promise<number> {
    const row = await this.#reads.get<{ count: number }>('SELECT count(*) AS count FROM shares');
    return row?.count ?? 0;
  }

  async #sharesUpTo(sequence: number): Promise<KeptShare[]> {
    const shares: KeptShare[] = [];
    while (shares.length < MOST_SHARES) {
      if (this.#ahead.length === 0 && !(await this.#readMore(sequence))) break;
      const found = this.#ahead.findIndex((row) => row.sequence > sequence);
      const rows = this.#ahead.splice(0, found < 0 ? this.#ahead.length : found);
      for (const row of rows) shares.push(this.#read(row));
      if (found >= 0) break;
    }
    return shares;
  }

  /** @returns whether there were any */
  async #readMore(upTo: number): Promise<boolean> {
    if (this.#readSequence >= upTo) return false;
    this.#ahead = await this.#reads.all<AuditedRow>(
      `${SELECT_SHARES} WHERE s.sequence > ? ORDER BY s.sequence LIMIT ?`,
      [this.#readSequence, SHARES_PER_READ],
    );
    this.#readSequence = this.#ahead.at(-1)?.sequence ?? Number.MAX_SAFE_INTEGER;
    return this.#ahead.length > 0;
  }

  #read(row: AuditedRow): KeptShare {
    const { sequence } = row;
    const defect = this.#defectOf(row);
    return defect === undefined ? { sequence, share: readShare(row) } : { sequence, defect };
  }

  /** What the canonical form would not show: values that are read as others are, and what it does not cover. */
  #defectOf(row: AuditedRow): string | undefined {
    if (row.late !== 0 && row.late !== 1) return `"late" is ${row.late}`;
    if (!/^(0|[1-9]\d*)$/.test(row.weight)) return `its weight is written ${JSON.stringify(row.weight)}`;
    if (typeof row.difficulty !== 'number' && row.difficulty.length !== DIFFICULTY_BYTES) {
      return `its difficulty has ${row.difficulty.length} bytes`;
    }
    if (row.hash.length !== 32 || row.tip_hash.length !== 32) return 'a hash has not 32 bytes';
    if ((row.edge === null) !== (row.edge_sequence === null) || row.edge === '') {
      return 'it says half of which edge it came from';
    }
    if (this.#tips.has(row.tip)) return undefined;
    this.#tips.add(row.tip);
    const { first_share, sequence } = row;
    // With a first share that is dropped by now, all that can be said is that it came before.
    const isFirst =
      first_share === sequence ||
      (first_share > 0 && first_share <= Math.min(this.#droppedSequence, sequence));
    return isFirst ? undefined : `its tip says that share ${first_share} was the first on it`;
  }
}

function readBatch(row: BatchRow, shares: readonly KeptShare[]): KeptBatch {
  return {
    batch: row.id,
    firstSequence: row.first_sequence,
    lastSequence: row.last_sequence,
    count: row.count,
    timeMs: row.time_ms,
    digest: plainBytes(row.digest),
    head: plainBytes(row.head),
    shares,
  };
}
