import { bytesToHex, concatBytes, hexToBytes } from '../../protocol/bytes.ts';
import type { Template } from '../../protocol/template.ts';
import type { TemplateTransactions } from '../../protocol/template-transactions.ts';
import type { Bits, Hash, Height } from '../../protocol/units.ts';
import { type Database, hexList, type Statements } from '../../service/database.ts';
import type { Job } from '../jobs/job.ts';
import { plainBytes } from './blob.ts';

/** A job that outlives the process that made it: edges go on working on it while the pool is away. */
export interface StoredJob extends Pick<Job, 'jobId' | 'coinbase1' | 'coinbase2'> {
  readonly template: Template;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

/** Headers credited on a block, before a restart. */
export interface CreditedTip {
  readonly hash: Hash;
  readonly credited: readonly Hash[];
}

/** So many jobs are kept, the newest: with fees coming in that is some five minutes, else half an hour. */
const MOST = 64;
const HASH_SIZE = 32;

interface TemplateRow {
  readonly id: number;
  readonly previous: Hash;
  readonly height: Height;
  readonly version: number;
  readonly bits: Bits;
  readonly time: number;
  readonly reward: string;
  readonly auxiliary: Uint8Array;
  readonly branch: Uint8Array;
  readonly commitment: Hash | null;
  readonly txids: Uint8Array;
}

/** A template that is in the book. */
interface KeptTemplate {
  readonly id: number;
  /** Keys of its transactions, as in {@link Template}. */
  readonly keys: readonly string[];
  /** How many jobs of the book are made of it. */
  jobs: number;
}

/**
 * The jobs that edges were sent last, with everything that makes blocks of them. Transactions are kept once,
 * however many templates have them.
 */
export class JobBook {
  readonly #database: Database;
  /** From the oldest on, by job id. */
  readonly #jobs = new Map<string, KeptTemplate>();
  /** How many templates of the book have a transaction, by its key. */
  readonly #uses = new Map<string, number>();
  /** The last template that was kept, whose jobs come in a row. */
  #last: { readonly template: Template; readonly kept: KeptTemplate } | undefined;
  #lastId: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    database: Database,
    rows: readonly { job: string; template: number; txids: Uint8Array }[],
  ) {
    this.#database = database;
    const templates = new Map<number, KeptTemplate>();
    for (const { job, template: id, txids } of rows) {
      const kept = templates.get(id) ?? { id, keys: splitHashes(txids).map(bytesToHex), jobs: 0 };
      if (kept.jobs === 0) this.#count(kept.keys, 1);
      kept.jobs += 1;
      templates.set(id, kept);
      this.#jobs.set(job, kept);
    }
    this.#lastId = Math.max(0, ...templates.keys());
  }

  static async open(database: Database): Promise<JobBook> {
    const rows = await database.all<{ job: string; template: number; txids: Uint8Array }>(
      'SELECT j.job, j.template, t.txids FROM edge_jobs j JOIN edge_templates t ON t.id = j.template ORDER BY j.created_ms',
    );
    return new JobBook(database, rows);
  }

  /**
   * Writes a job down; the oldest ones make room. Writes happen in the order of the calls.
   * @throws DatabaseError; the job is not kept then
   */
  keep(job: StoredJob): Promise<void> {
    const written = this.#writing.then(() => this.#write(job));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  /** Resolves when nothing is being written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  /** All jobs of the book, the oldest first, with their templates. */
  async load(): Promise<StoredJob[]> {
    const rows = await this.#database.all<
      TemplateRow & { job: string; coinbase1: Uint8Array; coinbase2: Uint8Array; created_ms: number }
    >(
      'SELECT j.job, j.coinbase1, j.coinbase2, j.created_ms, t.* FROM edge_jobs j JOIN edge_templates t ON t.id = j.template ORDER BY j.created_ms',
    );
    const transactions = await this.#loadTransactions();
    const templates = new Map<number, Template>();
    return rows.map((row) => {
      const template = templates.get(row.id) ?? readTemplateRow(row, transactions);
      templates.set(row.id, template);
      return {
        jobId: row.job,
        coinbase1: plainBytes(row.coinbase1),
        coinbase2: plainBytes(row.coinbase2),
        createdMs: row.created_ms,
        template,
      };
    });
  }

  /** How many transactions the book holds for all its templates. */
  async transactionCount(): Promise<number> {
    const row = await this.#database.get<{ count: number }>(
      'SELECT count(*) AS count FROM edge_transactions',
    );
    return row?.count ?? 0;
  }

  /** What was credited on each of these blocks: it must not be credited again. */
  async creditedOn(tips: readonly Hash[]): Promise<CreditedTip[]> {
    const rows = await this.#database.all<{ tip: Hash; hash: Hash }>(
      `SELECT t.hash AS tip, s.hash FROM tips t JOIN shares s ON s.sequence >= t.first_share AND s.tip = t.id
       WHERE t.hash IN (SELECT unhex(value) FROM json_each(?))`,
      [hexList(tips)],
    );
    const byTip = new Map<string, Hash[]>(tips.map((tip) => [bytesToHex(tip), []]));
    for (const { tip, hash } of rows) byTip.get(bytesToHex(tip))?.push(plainBytes(hash));
    return [...byTip].map(([tip, credited]) => ({ hash: hexToBytes(tip), credited }));
  }

  async #loadTransactions(): Promise<TemplateTransactions> {
    const rows = await this.#database.all<{ txid: Hash; wtxid: Hash; bytes: Uint8Array }>(
      'SELECT * FROM edge_transactions',
    );
    return new Map(
      rows.map(({ txid, wtxid, bytes }) => [
        bytesToHex(txid),
        { bytes: plainBytes(bytes), wtxid: plainBytes(wtxid) },
      ]),
    );
  }

  async #write(job: StoredJob): Promise<void> {
    if (this.#jobs.has(job.jobId)) return;
    const isKnown = this.#last?.template === job.template && this.#last.kept.jobs > 0;
    const kept =
      isKnown && this.#last !== undefined
        ? this.#last.kept
        : { id: this.#lastId + 1, keys: [...job.template.transactions.keys()], jobs: 0 };
    const old = [...this.#jobs.keys()].slice(0, Math.max(this.#jobs.size + 1 - MOST, 0));
    const gone = this.#templatesOf(old);
    await this.#database.transaction(async (statements) => {
      if (!isKnown) await this.#insertTemplate(kept, job.template, statements);
      await statements.run(
        'INSERT INTO edge_jobs (job, template, coinbase1, coinbase2, created_ms) VALUES (?, ?, ?, ?, ?)',
        [job.jobId, kept.id, job.coinbase1, job.coinbase2, job.createdMs],
      );
      await this.#delete(old, gone, kept, statements);
    });
    this.#lastId = Math.max(this.#lastId, kept.id);
    this.#last = { template: job.template, kept };
    if (!isKnown) this.#count(kept.keys, 1);
    kept.jobs += 1;
    this.#jobs.set(job.jobId, kept);
    for (const id of old) {
      const template = this.#jobs.get(id);
      if (template !== undefined) template.jobs -= 1;
      this.#jobs.delete(id);
    }
    for (const { keys } of gone) this.#count(keys, -1);
  }

  /** The templates of which nothing is left once these jobs are gone. */
  #templatesOf(old: readonly string[]): KeptTemplate[] {
    const lost = new Map<KeptTemplate, number>();
    for (const id of old) {
      const kept = this.#jobs.get(id);
      if (kept !== undefined) lost.set(kept, (lost.get(kept) ?? 0) + 1);
    }
    return [...lost].filter(([kept, jobs]) => kept.jobs === jobs).map(([kept]) => kept);
  }

  async #insertTemplate(
    { id, keys }: KeptTemplate,
    template: Template,
    statements: Statements,
  ): Promise<void> {
    await statements.run(
      `INSERT INTO edge_templates (id, previous, height, version, bits, time, reward, auxiliary, branch, commitment, txids)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        id,
        template.previous,
        template.height,
        template.version,
        template.bits,
        template.time,
        template.reward.toString(),
        template.auxiliary,
        concatBytes(...template.branch),
        template.commitment ?? null,
        concatBytes(...keys.map(hexToBytes)),
      ],
    );
    const rows = [...template.transactions]
      .filter(([key]) => !this.#uses.has(key))
      .map(([key, { wtxid, bytes }]) => [hexToBytes(key), wtxid, bytes]);
    const columns = { txid: 'blob', wtxid: 'blob', bytes: 'blob' } as const;
    if (rows.length > 0) await statements.insertRows('edge_transactions', columns, rows, 'ignore');
  }

  /** @param added a template that comes in at the same time */
  async #delete(
    jobs: readonly string[],
    templates: readonly KeptTemplate[],
    added: KeptTemplate,
    statements: Statements,
  ): Promise<void> {
    if (jobs.length === 0) return;
    await statements.run('DELETE FROM edge_jobs WHERE job IN (SELECT value FROM json_each(?))', [
      JSON.stringify(jobs),
    ]);
    if (templates.length === 0) return;
    await statements.run('DELETE FROM edge_templates WHERE id IN (SELECT value FROM json_each(?))', [
      JSON.stringify(templates.map(({ id }) => id)),
    ]);
    const kept = new Set(added.keys);
    const lost = new Map<string, number>();
    for (const { keys } of templates) for (const key of keys) lost.set(key, (lost.get(key) ?? 0) + 1);
    const unused = [...lost].filter(([key, uses]) => !kept.has(key) && this.#uses.get(key) === uses);
    if (unused.length === 0) return;
    await statements.run(
      'DELETE FROM edge_transactions WHERE txid IN (SELECT unhex(value) FROM json_each(?))',
      [JSON.stringify(unused.map(([key]) => key))],
    );
  }

  #count(keys: readonly string[], change: 1 | -1): void {
    for (const key of keys) {
      const uses = (this.#uses.get(key) ?? 0) + change;
      if (uses === 0) this.#uses.delete(key);
      else this.#uses.set(key, uses);
    }
  }
}

function readTemplateRow(row: TemplateRow, all: TemplateTransactions): Template {
  const transactions = new Map<string, { readonly bytes: Uint8Array; readonly wtxid: Hash }>();
  for (const txid of splitHashes(row.txids)) {
    const key = bytesToHex(txid);
    const transaction = all.get(key);
    if (transaction === undefined) throw new Error(`the ledger has lost the transaction ${key} of a job`);
    transactions.set(key, transaction);
  }
  return {
    previous: plainBytes(row.previous),
    height: row.height,
    version: row.version,
    bits: row.bits,
    time: row.time,
    reward: BigInt(row.reward),
    auxiliary: plainBytes(row.auxiliary),
    branch: splitHashes(row.branch),
    commitment: row.commitment === null ? undefined : plainBytes(row.commitment),
    transactions,
    longPollId: undefined,
    workId: undefined,
  };
}

function splitHashes(bytes: Uint8Array): Hash[] {
  const count = bytes.length / HASH_SIZE;
  return Array.from({ length: count }, (_, index) =>
    plainBytes(bytes.subarray(HASH_SIZE * index, HASH_SIZE * (index + 1))),
  );
}
