import { hashKey } from '../../protocol/bytes.ts';
import type { Hash, Height } from '../../protocol/units.ts';
import { type Database, DatabaseError, type Statements } from '../../service/database.ts';
import type { Logger } from '../../service/log.ts';
import type { Share } from '../stratum/share.ts';
import { NotRecordedError } from '../stratum/share-sink.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { plainBytes } from './blob.ts';
import { RowIds } from './row-ids.ts';
import { type LedgerShare, readShare, SHARE_COLUMNS, type ShareRow } from './share-log-schema.ts';

export interface ShareLogOptions {
  readonly log: Logger;
  /** How long a share waits for others to be written with (default 20, at most 50). */
  readonly gatherMs?: number;
}

const GATHER_MS = 20;
/** So many are written at once: more would not make a share cheaper. */
const FULL_BATCH = 128;
/** Shares waiting to be written; beyond it they are refused rather than kept in memory. */
const MAX_WAITING = 200_000;

/** A share on its way to the disk. */
interface Waiting {
  readonly sequence: number;
  readonly share: Share;
  readonly accept: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Where shares are kept. They are gathered for some milliseconds and written in one transaction;
 * `record` resolves when that is on the disk, power cuts included.
 */
export class ShareLog {
  readonly #database: Database;
  readonly #log: Logger;
  readonly #gatherMs: number;
  readonly #workerIds: RowIds<Worker>;
  readonly #tipIds: RowIds<Pick<Share, 'tip' | 'tipHeight'> & { readonly sequence: number }>;
  #waiting: Waiting[] = [];
  #lastSequence: number;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  /** How many are being written. */
  #batchSize = 0;
  #failure: string | undefined;
  #closed = false;

  private constructor(
    database: Database,
    workerIds: RowIds<Worker>,
    lastSequence: number,
    { log, gatherMs = GATHER_MS }: ShareLogOptions,
  ) {
    this.#database = database;
    this.#lastSequence = lastSequence;
    this.#log = log;
    this.#gatherMs = gatherMs;
    this.#workerIds = workerIds;
    this.#tipIds = new RowIds(({ tip }) => hashKey(tip), insertTips);
  }

  /** @param workerIds ids of the ledger's workers, shared with its other books */
  static async open(
    database: Database,
    workerIds: RowIds<Worker>,
    options: ShareLogOptions,
  ): Promise<ShareLog> {
    const row = await database.get<{ last: number | null }>('SELECT max(sequence) AS last FROM shares');
    return new ShareLog(database, workerIds, row?.last ?? 0, options);
  }

  /** Sequence of the last share taken over. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Shares that are not on the disk yet. */
  get waiting(): number {
    return this.#waiting.length + this.#batchSize;
  }

  /** Why the last write failed; undefined when it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Takes a share over; its sequence number is given now.
   * @returns a promise that resolves when the share is durable and rejects with NotRecordedError when it is
   * not kept
   */
  record(share: Share): Promise<void> {
    if (this.#closed) return Promise.reject(new NotRecordedError('share not stored: the pool is stopping'));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new NotRecordedError('share not stored: the pool is overloaded'));
    }
    this.#lastSequence += 1;
    const sequence = this.#lastSequence;
    return new Promise((accept, refuse) => {
      this.#waiting.push({ sequence, share, accept, refuse });
      if (this.#writing !== undefined) return;
      if (this.#waiting.length >= FULL_BATCH) this.#startWriting();
      else this.#timer ??= setTimeout(() => this.#startWriting(), this.#gatherMs);
    });
  }

  /** Resolves when all shares taken over so far have been written or refused. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined || this.#waiting.length > 0) {
      if (this.#writing === undefined) this.#startWriting();
      await this.#writing;
    }
  }

  /** Takes nothing over any more, and writes what waits. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  #startWriting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    this.#batchSize = batch.length;
    this.#writing = this.#write(batch).finally(() => {
      this.#writing = undefined;
      this.#batchSize = 0;
      // What came in meanwhile has waited long enough.
      if (this.#waiting.length > 0) this.#startWriting();
    });
  }

  /** Writes one batch and settles its promises; never rejects. */
  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const { workerIds, tipIds } = await this.#database.transaction(async (statements) => {
        const workerIds = await this.#workerIds.of(
          batch.map(({ share }) => share.worker),
          statements,
        );
        const tipIds = await this.#tipIds.of(
          batch.map(({ share, sequence }) => ({ tip: share.tip, tipHeight: share.tipHeight, sequence })),
          statements,
        );
        const rows = batch.map(({ sequence, share }, index) => [
          sequence,
          share.timeMs,
          workerIds.list[index] ?? null,
          share.jobId,
          tipIds.list[index] ?? null,
          share.bits,
          share.difficulty,
          share.weight.toString(),
          share.hash,
          share.late ? 1 : 0,
        ]);
        await statements.insertRows('shares', SHARE_COLUMNS, rows);
        return { workerIds, tipIds };
      });
      // Ids that a rollback would have taken back are remembered only now.
      this.#workerIds.remember(workerIds.found);
      this.#tipIds.remember(tipIds.found);
      if (this.#failure !== undefined) this.#log.info('shares are stored again');
      this.#failure = undefined;
      for (const { accept } of batch) accept();
    } catch (error) {
      if (this.#failure === undefined || !(error instanceof DatabaseError)) {
        this.#log.error({ err: error, shares: batch.length }, 'shares could not be stored');
      }
      this.#failure = error instanceof Error ? error.message : String(error);
      const refusal = new NotRecordedError('share not stored: the pool cannot write to its ledger');
      for (const { refuse } of batch) refuse(refusal);
    }
  }

  /** The tip of the last share with all headers credited on it: what must not be credited again. */
  async lastTip(): Promise<{ hash: Hash; height: Height; credited: Hash[] } | undefined> {
    const tip = await this.#database.get<{ id: number; hash: Hash; height: number; first_share: number }>(
      'SELECT * FROM tips WHERE id = (SELECT tip FROM shares ORDER BY sequence DESC LIMIT 1)',
    );
    if (tip === undefined) return undefined;
    const rows = await this.#database.all<{ hash: Hash }>(
      'SELECT hash FROM shares WHERE sequence >= ? AND tip = ?',
      [tip.first_share, tip.id],
    );
    return {
      hash: plainBytes(tip.hash),
      height: tip.height,
      credited: rows.map(({ hash }) => plainBytes(hash)),
    };
  }

  /** Credited shares after a sequence number, in their order. */
  async after(sequence: number, limit: number): Promise<LedgerShare[]> {
    const rows = await this.#database.all<ShareRow>(
      `SELECT s.*, w.address, w.name, t.hash AS tip_hash, t.height AS tip_height
       FROM shares s JOIN workers w ON w.id = s.worker JOIN tips t ON t.id = s.tip
       WHERE s.sequence > ? ORDER BY s.sequence LIMIT ?`,
      [sequence, limit],
    );
    return rows.map(readShare);
  }
}

async function insertTips(
  tips: readonly { tip: Hash; tipHeight: Height; sequence: number }[],
  statements: Statements,
): Promise<(readonly [string, number])[]> {
  const rows = tips.map(({ tip, tipHeight, sequence }) => [tip, tipHeight, sequence]);
  const columns = { hash: 'blob', height: 'integer', first_share: 'integer' } as const;
  await statements.insertRows('tips', columns, rows, 'ignore');
  const found = await statements.all<{ id: number; hash: Hash }>(
    'SELECT id, hash FROM tips WHERE hash IN (SELECT unhex(value) FROM json_each(?))',
    [JSON.stringify(tips.map(({ tip }) => hashKey(tip)))],
  );
  return found.map(({ id, hash }) => [hashKey(hash), id]);
}
