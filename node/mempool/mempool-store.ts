import { hashKey } from '../../protocol/bytes.ts';
import { CodecError } from '../../protocol/codec.ts';
import { decodeTransaction, type Transaction, txid } from '../../protocol/transaction.ts';
import type { Hash, Nits } from '../../protocol/units.ts';
import type { Logger } from '../../service/log.ts';
import type { MempoolRow, MempoolTable, PriorityRow } from '../storage/mempool-table.ts';
import { type Admission, RELOADED, type Returning } from './admission.ts';
import type { MempoolEntry } from './entry.ts';
import type { FeeEstimator } from './fee-estimator.ts';
import type { Mempool, MempoolListener } from './mempool.ts';

/** Where the rows are kept. */
export type MempoolRows = Pick<
  MempoolTable,
  'file' | 'load' | 'loadPriorities' | 'save' | 'loadEstimates' | 'saveEstimates'
>;

/** Changes gather for this long before they are written, so a stream of transactions costs few commits. */
const WRITE_DELAY_MS = 100;
/** After a failed write (a full disk, say) the next attempt waits longer. */
const RETRY_DELAY_MS = 1_000;

/** What was learned about fees is written this often, and at the end: the rest is learned again. */
const ESTIMATES_INTERVAL_MS = 60_000;

/**
 * Keeps the mempool across restarts: every change is durable within half a second, and written in batches.
 * Priorities are kept in the same way, and what was learned about fees now and then.
 */
export class MempoolStore implements MempoolListener {
  readonly #rows: MempoolRows;
  readonly #estimator: FeeEstimator;
  readonly #log: Logger;
  /** The last word on each txid that is not written yet: the entry, or its removal. */
  #changed = new Map<string, { readonly txid: Hash; readonly entry?: MempoolEntry }>();
  /** The same for priorities. */
  #prioritised = new Map<string, PriorityRow>();
  #estimatesTimer: NodeJS.Timeout | undefined;
  #writtenEstimates = '';
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(parts: { rows: MempoolRows; estimator: FeeEstimator; log: Logger }) {
    this.#rows = parts.rows;
    this.#estimator = parts.estimator;
    this.#log = parts.log;
  }

  /** Puts back what the database holds, as far as it still fits the chain; call before following the mempool. */
  async load(mempool: Mempool, admission: Admission): Promise<void> {
    for (const { txid, delta } of await this.#rows.loadPriorities()) mempool.prioritise(txid, BigInt(delta));
    await this.#loadEstimates();
    const rows = await this.#rows.load();
    if (rows.length === 0) return;
    const { returning, damaged } = readRows(rows);
    const verdicts = await admission.readmit(parentsFirst(returning), RELOADED);
    const dropped = rows.filter((row) => !mempool.get(hashKey(row.txid))).map((row) => row.txid);
    if (dropped.length > 0) await this.#rows.save({ written: [], removed: dropped, priorities: [] });
    const restored = verdicts.filter((verdict) => 'accepted' in verdict).length;
    this.#log.info({ restored, dropped: dropped.length, damaged }, 'mempool restored');
  }

  added(entry: MempoolEntry): void {
    this.#note(entry.key, { txid: entry.txid, entry });
  }

  removed(entry: MempoolEntry): void {
    this.#note(entry.key, { txid: entry.txid });
  }

  prioritised(txid: Hash, delta: Nits): void {
    this.#prioritised.set(hashKey(txid), { txid, delta: Number(delta) });
    this.#schedule(WRITE_DELAY_MS);
  }

  /** Writes what has gathered; resolves when it is durable, to the name of the file. */
  async flush(): Promise<string> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#write();
    return this.#rows.file;
  }

  /** Writes the rest and stops. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#estimatesTimer);
    await this.flush();
    await this.#writeEstimates();
  }

  async #loadEstimates(): Promise<void> {
    const learned = await this.#rows.loadEstimates();
    if (learned !== undefined && !this.#estimator.restore(learned)) {
      this.#log.warn('what was learned about fees cannot be read: it is learned anew');
    }
    this.#estimatesTimer = setInterval(() => {
      this.#writeEstimates().catch((error: unknown) => {
        this.#log.error({ err: error }, 'what was learned about fees could not be written');
      });
    }, ESTIMATES_INTERVAL_MS).unref();
  }

  async #writeEstimates(): Promise<void> {
    const learned = this.#estimator.learned();
    if (learned === this.#writtenEstimates) return;
    await this.#rows.saveEstimates(learned);
    this.#writtenEstimates = learned;
  }

  #note(key: string, change: { readonly txid: Hash; readonly entry?: MempoolEntry }): void {
    this.#changed.set(key, change);
    this.#schedule(WRITE_DELAY_MS);
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#write().catch((error: unknown) => {
        this.#log.error({ err: error }, 'the mempool could not be written; trying again');
      });
    }, delayMs);
  }

  /** One write at a time; what it could not write stays noted, unless there is newer word of it. */
  #write(): Promise<void> {
    const next = this.#writing.then(async () => {
      if (this.#changed.size === 0 && this.#prioritised.size === 0) return;
      const [changes, prioritised] = [this.#changed, this.#prioritised];
      this.#changed = new Map();
      this.#prioritised = new Map();
      try {
        const written: MempoolRow[] = [];
        const removed: Hash[] = [];
        for (const { txid, entry } of changes.values()) {
          if (entry) written.push(rowOf(entry));
          else removed.push(txid);
        }
        await this.#rows.save({ written, removed, priorities: [...prioritised.values()] });
      } catch (error) {
        this.#prioritised = new Map([...prioritised, ...this.#prioritised]);
        this.#changed = new Map([...changes, ...this.#changed]);
        this.#schedule(RETRY_DELAY_MS);
        throw error;
      }
    });
    this.#writing = next.catch(() => undefined);
    return next;
  }
}

function rowOf({ txid, raw, addedSeconds, addedHeight }: MempoolEntry): MempoolRow {
  return { txid, raw, addedSeconds, addedHeight };
}

/** The transactions of the rows; a row that is no transaction, or another one, is damage and only counted. */
function readRows(rows: readonly MempoolRow[]): { returning: Returning[]; damaged: number } {
  const returning: Returning[] = [];
  for (const { txid: expected, raw, addedSeconds, addedHeight } of rows) {
    const transaction = decodeRow(raw);
    if (transaction === undefined || hashKey(txid(transaction)) !== hashKey(expected)) continue;
    returning.push({ transaction, addedSeconds, addedHeight });
  }
  return { returning, damaged: rows.length - returning.length };
}

function decodeRow(raw: Uint8Array): Transaction | undefined {
  try {
    return decodeTransaction(raw);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** Orders transactions so that each comes after those among them whose outputs it spends. */
function parentsFirst(items: readonly Returning[]): Returning[] {
  const byKey = new Map(items.map((item) => [hashKey(txid(item.transaction)), item]));
  const ordered = new Set<Returning>();
  const path = [...items].reverse();
  for (let item = path.at(-1); item !== undefined; item = path.at(-1)) {
    const missing = item.transaction.inputs
      .map(({ previous }) => byKey.get(hashKey(previous.txid)))
      .filter((parent) => parent !== undefined)
      .filter((parent) => !ordered.has(parent));
    if (missing.length === 0 || ordered.has(item)) ordered.add(path.pop() as Returning);
    else path.push(...missing);
  }
  return [...ordered];
}
