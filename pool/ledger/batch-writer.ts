import { hashKey } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import type { Database, SqlValue, Statements } from '../../service/database.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { plainBytes } from './blob.ts';
import { type BatchSums, type MinuteSums, minuteRows } from './minute-sums.ts';
import { RowIds } from './row-ids.ts';
import { type BatchHeader, batchDigest, nextHead } from './share-chain.ts';
import {
  type BatchRow,
  difficultyBytes,
  ENTER_BATCH,
  type LedgerShare,
  readShare,
  SELECT_SHARES,
  type ShareLogRow,
  type ShareRow,
} from './share-log-schema.ts';

/** Where the chain over the share log stands: its last batch. */
export interface ChainHead {
  /** Number of the batch; 0 before the first. */
  readonly batch: number;
  /** Of the last share in it. */
  readonly sequence: number;
  /** When it was written; undefined before the first batch, and when the batch's own row is gone. */
  readonly timeMs: number | undefined;
  readonly head: Hash;
}

/** A batch that is on the disk. */
export interface WrittenBatch extends ChainHead {
  readonly timeMs: number;
  readonly shares: readonly LedgerShare[];
}

type TipOfShare = Pick<LedgerShare, 'tip' | 'tipHeight' | 'sequence'>;

/** How many shares of an older ledger are chained at once. */
const CHAINED_AT_ONCE = 1_000;

/**
 * Writes batches of shares: in one transaction the shares, the workers and tips they name, their sums by the
 * minute, and the next link of the hash chain.
 */
export class BatchWriter {
  readonly #database: Database;
  readonly #workerIds: RowIds<Worker>;
  readonly #tipIds: RowIds<TipOfShare>;
  readonly #minutes: MinuteSums;
  #head: ChainHead;

  private constructor(database: Database, workerIds: RowIds<Worker>, minutes: MinuteSums, head: ChainHead) {
    this.#database = database;
    this.#workerIds = workerIds;
    this.#tipIds = new RowIds(
      ({ tip }) => tip,
      ({ tip }) => hashKey(tip),
      insertTips,
    );
    this.#minutes = minutes;
    this.#head = head;
  }

  /** @param workerIds ids of the ledger's workers, shared with its other books */
  static async open(
    database: Database,
    workerIds: RowIds<Worker>,
    minutes: MinuteSums,
    wallMs: () => number,
  ): Promise<BatchWriter> {
    let head = await lastHead(database);
    if (head.batch === 0) head = await chainOlderShares(database, head, wallMs);
    return new BatchWriter(database, workerIds, minutes, head);
  }

  get head(): ChainHead {
    return this.#head;
  }

  /**
   * Writes shares in the order of their sequence; those that an edge has delivered before are left out.
   * @returns the batch; undefined when nothing was left to write
   * @throws DatabaseError; nothing is written then
   */
  async write(shares: readonly LedgerShare[], timeMs: number): Promise<WrittenBatch | undefined> {
    const entry = this.#entryFromMemory(shares, timeMs);
    if (entry === undefined) return this.#writeWithReading(shares, timeMs);
    await this.#database.run(ENTER_BATCH, entry.row);
    return this.#written(entry);
  }

  /** Nearly always: everything that the shares name was named before. */
  #entryFromMemory(shares: readonly LedgerShare[], timeMs: number): BatchEntry | undefined {
    if (shares.some(({ origin }) => origin !== undefined)) return undefined;
    const workers = this.#workerIds.known(shares.map(({ worker }) => worker));
    const tips = this.#tipIds.known(shares);
    const sums = workers && this.#minutes.addInMemory(shares, workers);
    return workers && tips && sums && makeEntry(this.#head, { shares, workers, tips, sums, timeMs });
  }

  async #writeWithReading(given: readonly LedgerShare[], timeMs: number): Promise<WrittenBatch | undefined> {
    const entered = await this.#database.transaction(async (statements) => {
      const shares = await withoutRepeats(given, statements);
      if (shares.length === 0) return undefined;
      const names = shares.map(({ worker }) => worker);
      const workers = await this.#workerIds.of(names, statements);
      const tips = await this.#tipIds.of(shares, statements);
      const sums = await this.#minutes.add(shares, workers.list, statements);
      const content = { shares, workers: workers.list, tips: tips.list, sums, timeMs };
      const entry = makeEntry(this.#head, content);
      await statements.run(ENTER_BATCH, entry.row);
      return { entry, workers, tips };
    });
    if (entered === undefined) return undefined;
    // What a rollback would have taken back is remembered only now.
    this.#workerIds.remember(entered.workers.found);
    this.#tipIds.remember(entered.tips.found);
    return this.#written(entered.entry);
  }

  #written({ header, head, content }: BatchEntry): WrittenBatch {
    const { shares, timeMs, sums } = content;
    this.#minutes.remember(sums);
    const written = { batch: header.batch, sequence: header.lastSequence, timeMs, head };
    this.#head = written;
    return { ...written, shares };
  }
}

/** What a batch is made of, with the ids of the rows its shares name. */
interface BatchContent {
  readonly shares: readonly LedgerShare[];
  readonly workers: readonly number[];
  readonly tips: readonly number[];
  readonly sums: BatchSums;
  readonly timeMs: number;
}

/** A batch that is about to be written. */
interface BatchEntry {
  readonly content: BatchContent;
  readonly header: BatchHeader;
  readonly head: Hash;
  /** The values of ENTER_BATCH. */
  readonly row: readonly SqlValue[];
}

function makeEntry(before: ChainHead, content: BatchContent): BatchEntry {
  const { shares, sums, timeMs } = content;
  const { header, digest, head } = link(before, shares, timeMs);
  const hashes = Buffer.allocUnsafe(32 * shares.length);
  for (const [index, { hash }] of shares.entries()) hashes.set(hash, 32 * index);
  const columns = [shareRows(content), hashes, difficultyBytes(shares), originRows(shares), minuteRows(sums)];
  const row = [...headerRow(header), digest, head, ...columns];
  return { content, header, head, row };
}

/** The shares as rows of the table, in JSON, without their hashes, difficulties and origins. */
function shareRows({ shares, workers, tips }: BatchContent): string {
  const rows = shares.map(({ sequence, timeMs, jobId, bits, weight, late }, index) => {
    const job = JSON.stringify(jobId);
    return `[${sequence},${timeMs},${workers[index]},${job},${tips[index]},${bits},"${weight}",${late ? 1 : 0}]`;
  });
  return `[${rows.join()}]`;
}

/** Which of them came from edges. */
function originRows(shares: readonly LedgerShare[]): string {
  const rows = shares.flatMap(({ sequence, origin }) =>
    origin === undefined ? [] : [[sequence, origin.edge, origin.sequence]],
  );
  return JSON.stringify(rows);
}

/** The next link of the chain. */
function link(before: ChainHead, shares: readonly LedgerShare[], timeMs: number) {
  const header: BatchHeader = {
    batch: before.batch + 1,
    firstSequence: shares[0]?.sequence ?? before.sequence,
    lastSequence: shares.at(-1)?.sequence ?? before.sequence,
    count: shares.length,
    timeMs,
  };
  const digest = batchDigest(shares);
  return { header, digest, head: nextHead(before.head, header, digest) };
}

function headerRow({ batch, firstSequence, lastSequence, count, timeMs }: BatchHeader): number[] {
  return [batch, firstSequence, lastSequence, count, timeMs];
}

/** The shares without those of edges that are in the ledger already, or come twice. */
async function withoutRepeats(
  shares: readonly LedgerShare[],
  statements: Statements,
): Promise<readonly LedgerShare[]> {
  const origins = shares.flatMap(({ origin }) => (origin === undefined ? [] : [origin]));
  if (origins.length === 0) return shares;
  const rows = await statements.all<{ edge: string; edge_sequence: number }>(
    `SELECT edge, edge_sequence FROM shares WHERE edge IS NOT NULL
     AND (edge, edge_sequence) IN (SELECT value->>0, value->>1 FROM json_each(?))`,
    [JSON.stringify(origins.map(({ edge, sequence }) => [edge, sequence]))],
  );
  const entered = new Set(rows.map((row) => originKey(row.edge, row.edge_sequence)));
  return shares.filter(({ origin }) => {
    if (origin === undefined) return true;
    const key = originKey(origin.edge, origin.sequence);
    return !entered.has(key) && entered.add(key);
  });
}

function originKey(edge: string, sequence: number): string {
  return `${sequence} ${edge}`;
}

async function insertTips(
  tips: readonly TipOfShare[],
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

/** Where the chain stands in the file. */
async function lastHead(statements: Statements): Promise<ChainHead> {
  const batch = await statements.get<BatchRow>('SELECT * FROM batches ORDER BY id DESC LIMIT 1');
  if (batch !== undefined) {
    const { id, last_sequence: sequence, time_ms: timeMs } = batch;
    return { batch: id, sequence, timeMs, head: plainBytes(batch.head) };
  }
  const base = await statements.get<ShareLogRow>('SELECT * FROM share_log');
  if (base === undefined) throw new Error('the ledger has lost the row of its share log');
  const { base_batch, base_sequence, base_head } = base;
  return { batch: base_batch, sequence: base_sequence, timeMs: undefined, head: plainBytes(base_head) };
}

/** Begins the chain with the shares of a ledger that had none yet. */
async function chainOlderShares(
  database: Database,
  start: ChainHead,
  wallMs: () => number,
): Promise<ChainHead> {
  return database.transaction(async (statements) => {
    let last = start;
    for (;;) {
      const rows = await statements.all<ShareRow>(
        `${SELECT_SHARES} WHERE s.sequence > ? ORDER BY s.sequence LIMIT ${CHAINED_AT_ONCE}`,
        [last.sequence],
      );
      const shares = rows.map(readShare);
      if (shares.length === 0) return last;
      const { header, digest, head } = link(last, shares, wallMs());
      await statements.run(
        `INSERT INTO batches (id, first_sequence, last_sequence, count, time_ms, digest, head)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        [...headerRow(header), digest, head],
      );
      last = { batch: header.batch, sequence: header.lastSequence, timeMs: header.timeMs, head };
    }
  });
}
