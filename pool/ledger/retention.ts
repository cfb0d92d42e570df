import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Statements } from '../../service/database.ts';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';
import { plainBytes } from './blob.ts';
import type { BatchRow, ShareLogRow } from './share-log-schema.ts';

/** What the accounts still need of the share log. */
export interface ShareWindow {
  /** Shares from this sequence on may still decide who is paid. */
  firstNeeded(): Promise<number>;
}

export interface RetentionOptions {
  readonly log: Logger;
  readonly clock: Clock;
}

/** How many rows a sweep took out. */
export interface Swept {
  readonly shares: number;
  readonly batches: number;
  readonly minutes: number;
}

const DAY_MS = 86_400_000;
const SHARES_KEPT_MS = DAY_MS;
const BATCHES_KEPT_MS = 30 * DAY_MS;
const MINUTES_KEPT_MS = 30 * DAY_MS;
const MINUTE_MS = 60_000;
const SWEEP_MS = 600_000;
/** Rows of one transaction: some milliseconds, which is all a share may have to wait for it. */
const ROWS_PER_STEP = 1_000;
const WORKERS_PER_STEP = 100;
const PAUSE_MS = 20;

/**
 * Takes old rows out of the ledger: shares after a day unless the accounts need them, batches and sums by the
 * minute after 30 days. Shares go batch by batch, and what is gone is written down with it, so that the hash
 * chain can be followed over the gap. It works in small steps with pauses: shares are acknowledged in between.
 */
export class Retention {
  readonly #database: Database;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(database: Database, { log, clock }: RetentionOptions) {
    this.#database = database;
    this.#log = log;
    this.#clock = clock;
  }

  /** Sweeps now and every ten minutes, until it is stopped. */
  start(window: ShareWindow): void {
    this.#running ??= this.#run(window);
  }

  /** Resolves when nothing is taken out any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Takes out all that is too old now. */
  async sweep(window: ShareWindow): Promise<Swept> {
    const nowMs = this.#clock.wallMs();
    const firstNeeded = await window.firstNeeded();
    const shares = await this.#inSteps((statements) =>
      dropShares(nowMs - SHARES_KEPT_MS, firstNeeded, statements),
    );
    const batches = await this.#inSteps((statements) => dropBatches(nowMs - BATCHES_KEPT_MS, statements));
    const minutes = await this.#sweepMinutes(Math.floor((nowMs - MINUTES_KEPT_MS) / MINUTE_MS));
    return { shares, batches, minutes };
  }

  async #run(window: ShareWindow): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const swept = await this.sweep(window);
        if (swept.shares > 0 || swept.batches > 0) this.#log.debug({ ...swept }, 'old rows are gone');
      } catch (error) {
        this.#log.error({ err: error }, 'old rows could not be taken out of the ledger');
      }
      // Not a failure: told to stop while it waits.
      await sleep(SWEEP_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Repeats a step, each in a transaction of its own, until it finds nothing. */
  async #inSteps(step: (statements: Statements) => Promise<number>): Promise<number> {
    let total = 0;
    while (!this.#stopping.signal.aborted) {
      const rows = await this.#database.transaction(step);
      if (rows === 0) break;
      total += rows;
      await sleep(PAUSE_MS);
    }
    return total;
  }

  /** Worker by worker, as the rows lie. */
  async #sweepMinutes(firstKept: number): Promise<number> {
    let total = 0;
    let some = [0];
    while (some.length > 0 && !this.#stopping.signal.aborted) {
      const workers = some;
      total += await this.#inSteps((statements) => dropMinutes(workers, firstKept, statements));
      const next = await this.#database.all<{ id: number }>(
        'SELECT id FROM workers WHERE id > ? ORDER BY id LIMIT ?',
        [workers.at(-1) ?? 0, WORKERS_PER_STEP],
      );
      some = next.map(({ id }) => id);
    }
    return total;
  }
}

/** Drops the shares of the oldest batches that have them still. @returns how many shares */
async function dropShares(beforeMs: number, firstNeeded: number, statements: Statements): Promise<number> {
  const log = await shareLogRow(statements);
  const batches = await statements.all<BatchRow>('SELECT * FROM batches WHERE id > ? ORDER BY id LIMIT ?', [
    log.dropped_batch,
    ROWS_PER_STEP,
  ]);
  let last: BatchRow | undefined;
  let rows = 0;
  for (const batch of batches) {
    const isOld = batch.time_ms < beforeMs && batch.last_sequence < firstNeeded;
    if (!isOld || (last !== undefined && rows + batch.count > ROWS_PER_STEP)) break;
    rows += batch.count;
    last = batch;
  }
  if (last === undefined) return 0;
  await statements.run('UPDATE share_log SET dropped_batch = ?, dropped_sequence = ?', [
    last.id,
    last.last_sequence,
  ]);
  return statements.run('DELETE FROM shares WHERE sequence <= ?', [last.last_sequence]);
}

/** Drops the oldest batches; the head of the last one stays, for the chain begins there. @returns how many */
async function dropBatches(beforeMs: number, statements: Statements): Promise<number> {
  const log = await shareLogRow(statements);
  const batches = await statements.all<BatchRow>('SELECT * FROM batches WHERE id <= ? ORDER BY id LIMIT ?', [
    log.dropped_batch,
    ROWS_PER_STEP,
  ]);
  const firstKept = batches.findIndex(({ time_ms }) => time_ms >= beforeMs);
  const last = firstKept < 0 ? batches.at(-1) : batches[firstKept - 1];
  if (last === undefined) return 0;
  await statements.run('UPDATE share_log SET base_batch = ?, base_sequence = ?, base_head = ?', [
    last.id,
    last.last_sequence,
    plainBytes(last.head),
  ]);
  return statements.run('DELETE FROM batches WHERE id <= ?', [last.id]);
}

/** Drops minutes of some workers. @returns how many */
function dropMinutes(workers: readonly number[], firstKept: number, statements: Statements): Promise<number> {
  return statements.run(
    `DELETE FROM minutes WHERE (worker, minute) IN
       (SELECT m.worker, m.minute FROM json_each(?) j CROSS JOIN minutes m
        ON m.worker = j.value AND m.minute < ? LIMIT ?)`,
    [JSON.stringify(workers), firstKept, ROWS_PER_STEP],
  );
}

async function shareLogRow(statements: Statements): Promise<ShareLogRow> {
  const row = await statements.get<ShareLogRow>('SELECT * FROM share_log');
  if (row === undefined) throw new Error('the ledger has lost the row of its share log');
  return row;
}
