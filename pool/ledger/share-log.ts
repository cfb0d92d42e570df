import { EventEmitter } from 'node:events';
import type { Hash, Height } from '../../protocol/units.ts';
import { type Database, DatabaseError } from '../../service/database.ts';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';
import type { Share } from '../stratum/share.ts';
import { NotRecordedError } from '../stratum/share-sink.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { BatchWriter, type ChainHead, type WrittenBatch } from './batch-writer.ts';
import { plainBytes } from './blob.ts';
import { MinuteSums } from './minute-sums.ts';
import type { RowIds } from './row-ids.ts';
import {
  type LedgerShare,
  readShare,
  SELECT_SHARES,
  type ShareOrigin,
  type ShareRow,
} from './share-log-schema.ts';
import { type WriteTrouble, writeTroubleOf } from './write-trouble.ts';

export interface ShareLogOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** How long a share waits for others to be written with (default 20, at most 50). */
  readonly gatherMs?: number;
}

export interface ShareLogEvents {
  /** A batch is on the disk. Its shares are about to be acknowledged. */
  batch: [WrittenBatch];
}

const GATHER_MS = 20;
/** So many are written at once without waiting for more. */
const FULL_BATCH = 128;
/** So many at most, so that no transaction takes long. */
const LARGEST_BATCH = 4_096;
/** Shares waiting to be written; beyond it they are refused rather than kept in memory. */
const MAX_WAITING = 200_000;

/** A share on its way to the disk. */
interface Waiting {
  readonly share: LedgerShare;
  readonly accept: () => void;
  readonly refuse: (error: Error) => void;
}

/** Somebody who waits for all shares up to one. */
interface Watcher {
  readonly sequence: number;
  readonly accept: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Where shares are kept. They are gathered for some milliseconds and written in one transaction; `record`
 * resolves when that is on the disk, power cuts included.
 */
export class ShareLog extends EventEmitter<ShareLogEvents> {
  /** What was credited by the minute, for 30 days. */
  readonly minutes: MinuteSums;
  readonly #database: Database;
  readonly #writer: BatchWriter;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #gatherMs: number;
  #waiting: Waiting[] = [];
  #lastSequence: number;
  #watchers: Watcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  /** What is being written. */
  #batch: readonly Waiting[] = [];
  #trouble: WriteTrouble | undefined;
  #closed = false;

  private constructor(
    database: Database,
    writer: BatchWriter,
    minutes: MinuteSums,
    lastSequence: number,
    { log, clock, gatherMs = GATHER_MS }: ShareLogOptions,
  ) {
    super();
    this.minutes = minutes;
    this.#database = database;
    this.#writer = writer;
    this.#lastSequence = lastSequence;
    this.#log = log;
    this.#clock = clock;
    this.#gatherMs = gatherMs;
  }

  /**
   * @param workerIds ids of the ledger's workers, shared with its other books
   * @param usedSequence a sequence number the ledger speaks of beside its shares: none up to it is given again
   */
  static async open(
    database: Database,
    workerIds: RowIds<Worker>,
    usedSequence: number,
    options: ShareLogOptions,
  ): Promise<ShareLog> {
    const minutes = await MinuteSums.open(database);
    const writer = await BatchWriter.open(database, workerIds, minutes, () => options.clock.wallMs());
    return new ShareLog(database, writer, minutes, Math.max(writer.head.sequence, usedSequence), options);
  }

  /** Sequence of the last share taken over. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Shares that are not on the disk yet. */
  get waiting(): number {
    return this.#waiting.length + this.#batch.length;
  }

  /** Why the last write failed; undefined when it did not. */
  get failure(): string | undefined {
    return this.#trouble?.message;
  }

  /** The same as one of a few names. */
  get outcome(): WriteTrouble['outcome'] | 'ok' {
    return this.#trouble?.outcome ?? 'ok';
  }

  /** The end of the hash chain. */
  get head(): ChainHead {
    return this.#writer.head;
  }

  /**
   * Takes a share over; its sequence number is given now, in any case.
   * @param origin which share of which edge it is. One that is in the ledger already is not entered again, and
   * counts as durable.
   * @returns a promise that resolves when the share is durable and rejects with NotRecordedError when it is
   * not kept
   */
  record(share: Share, origin?: ShareOrigin): Promise<void> {
    this.#lastSequence += 1;
    if (this.#closed) return Promise.reject(new NotRecordedError('share not stored: the pool is stopping'));
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new NotRecordedError('share not stored: the pool is overloaded'));
    }
    const numbered = numberedShare(share, this.#lastSequence, origin);
    return new Promise((accept, refuse) => {
      this.#waiting.push({ share: numbered, accept, refuse });
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

  /**
   * Resolves when all shares up to a sequence number have been taken over, and written or refused.
   * @throws NotRecordedError when the ledger is closed before
   */
  settled(sequence: number): Promise<void> {
    if (sequence <= this.#settledSequence()) return Promise.resolve();
    if (this.#closed) return Promise.reject(new NotRecordedError('the pool is stopping'));
    return new Promise((accept, refuse) => this.#watchers.push({ sequence, accept, refuse }));
  }

  /** Takes nothing over any more, and writes what waits. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const { refuse } of watchers) refuse(new NotRecordedError('the pool is stopping'));
  }

  #startWriting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting.slice(0, LARGEST_BATCH);
    this.#waiting = this.#waiting.slice(LARGEST_BATCH);
    this.#batch = batch;
    this.#writing = this.#write(batch).finally(() => {
      this.#writing = undefined;
      this.#batch = [];
      // What came in meanwhile has waited long enough.
      if (this.#waiting.length > 0) this.#startWriting();
      this.#tellWatchers();
    });
  }

  /** Writes one batch and settles its promises; never rejects. */
  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      const shares = batch.map(({ share }) => share);
      const written = await this.#writer.write(shares, this.#clock.wallMs());
      if (this.#trouble !== undefined) this.#log.info('shares are stored again');
      this.#trouble = undefined;
      for (const { accept } of batch) accept();
      if (written !== undefined) this.#announce(written);
    } catch (error) {
      const trouble = writeTroubleOf(error);
      if (this.#trouble?.outcome !== trouble.outcome || !(error instanceof DatabaseError)) {
        this.#log.error({ err: error, shares: batch.length }, 'shares could not be stored');
      }
      this.#trouble = trouble;
      for (const { refuse } of batch) refuse(new NotRecordedError(trouble.told));
    }
  }

  /** A listener's failure is none of the shares'. */
  #announce(written: WrittenBatch): void {
    try {
      this.emit('batch', written);
    } catch (error) {
      this.#log.error({ err: error }, 'a batch of shares was stored, but not everybody could be told');
    }
  }

  /** All shares up to this one have been written or refused. */
  #settledSequence(): number {
    const open = this.#batch[0] ?? this.#waiting[0];
    return open === undefined ? this.#lastSequence : open.share.sequence - 1;
  }

  #tellWatchers(): void {
    if (this.#watchers.length === 0) return;
    const settled = this.#settledSequence();
    const told = this.#watchers.filter(({ sequence }) => sequence <= settled);
    this.#watchers = this.#watchers.filter(({ sequence }) => sequence > settled);
    for (const { accept } of told) accept();
  }

  /**
   * The tip of the last share with all headers credited on it: what must not be credited again. A late share is on
   * a tip that was replaced already.
   */
  async lastTip(): Promise<{ hash: Hash; height: Height; credited: Hash[] } | undefined> {
    const tip = await this.#database.get<{ id: number; hash: Hash; height: number; first_share: number }>(
      'SELECT * FROM tips WHERE id = (SELECT tip FROM shares WHERE late = 0 ORDER BY sequence DESC LIMIT 1)',
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
      `${SELECT_SHARES} WHERE s.sequence > ? ORDER BY s.sequence LIMIT ?`,
      [sequence, limit],
    );
    return rows.map(readShare);
  }

  /** Credited shares up to a sequence number and it included, the last first. */
  async before(sequence: number, limit: number): Promise<LedgerShare[]> {
    const rows = await this.#database.all<ShareRow>(
      `${SELECT_SHARES} WHERE s.sequence <= ? ORDER BY s.sequence DESC LIMIT ?`,
      [sequence, limit],
    );
    return rows.map(readShare);
  }

  /** How many shares there are after a sequence number, and what they weigh together. */
  async weightAfter(sequence: number): Promise<{ shares: number; weight: bigint }> {
    // There are few different weights: their text is counted, and summed here, exactly.
    const rows = await this.#database.all<{ weight: string; count: number }>(
      'SELECT weight, count(*) AS count FROM shares WHERE sequence > ? GROUP BY weight',
      [sequence],
    );
    return {
      shares: rows.reduce((sum, { count }) => sum + count, 0),
      weight: rows.reduce((sum, { weight, count }) => sum + BigInt(weight) * BigInt(count), 0n),
    };
  }

  /** The same by address. */
  async workAfter(sequence: number): Promise<{ address: string; shares: number; weight: bigint }[]> {
    const rows = await this.#database.all<{ address: string; weight: string; count: number }>(
      `SELECT w.address, s.weight, count(*) AS count FROM shares s JOIN workers w ON w.id = s.worker
       WHERE s.sequence > ? GROUP BY w.address, s.weight`,
      [sequence],
    );
    const byAddress = new Map<string, { address: string; shares: number; weight: bigint }>();
    for (const { address, weight, count } of rows) {
      const sum = byAddress.get(address) ?? { address, shares: 0, weight: 0n };
      byAddress.set(address, {
        address,
        shares: sum.shares + count,
        weight: sum.weight + BigInt(weight) * BigInt(count),
      });
    }
    return [...byAddress.values()];
  }

  /** The highest number an edge has given to a share that is in the ledger; 0 when there is none. */
  async lastOfEdge(edge: string): Promise<number> {
    const row = await this.#database.get<{ last: number | null }>(
      'SELECT max(edge_sequence) AS last FROM shares WHERE edge = ?',
      [edge],
    );
    return row?.last ?? 0;
  }

  /** Which of an edge's numbers are in the ledger. */
  async ofEdge(edge: string, sequences: readonly number[]): Promise<ReadonlySet<number>> {
    const rows = await this.#database.all<{ edge_sequence: number }>(
      `SELECT edge_sequence FROM shares
       WHERE edge = ? AND edge_sequence IN (SELECT value FROM json_each(?))`,
      [edge, JSON.stringify(sequences)],
    );
    return new Set(rows.map(({ edge_sequence }) => edge_sequence));
  }
}

/** Written out: this runs for every share, and a spread costs more than all else here. */
function numberedShare(share: Share, sequence: number, origin: ShareOrigin | undefined): LedgerShare {
  const { worker, jobId, tip, tipHeight, bits, difficulty, weight, hash, timeMs, late } = share;
  const plain = { sequence, worker, jobId, tip, tipHeight, bits, difficulty, weight, hash, timeMs, late };
  return origin === undefined ? plain : { ...plain, origin };
}
