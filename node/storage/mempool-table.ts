import type { Hash, Height } from '../../protocol/units.ts';
import { type Database, hexList } from '../../service/database.ts';

/** An unconfirmed transaction as the table holds it. */
export interface MempoolRow {
  readonly txid: Hash;
  /** The transaction as it goes over the wire. */
  readonly raw: Uint8Array;
  /** When it entered, seconds since 1970, and the height of the tip then. */
  readonly addedSeconds: number;
  readonly addedHeight: Height;
}

/** What counts beside the fee of a transaction, in nits. */
export interface PriorityRow {
  readonly txid: Hash;
  readonly delta: number;
}

/** What is to be written at once. */
export interface MempoolChange {
  readonly written: readonly MempoolRow[];
  readonly removed: readonly Hash[];
  /** A delta of 0 removes the row. */
  readonly priorities: readonly PriorityRow[];
}

/** The unconfirmed transactions on disk, their priorities, and what was learned about fees. */
export class MempoolTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The file that holds them. */
  get file(): string {
    return this.#database.file;
  }

  async load(): Promise<MempoolRow[]> {
    return this.#database.all<MempoolRow>(
      `SELECT txid, raw, added_seconds AS addedSeconds, added_height AS addedHeight FROM mempool
       ORDER BY added_seconds`,
    );
  }

  async loadPriorities(): Promise<PriorityRow[]> {
    return this.#database.all<PriorityRow>('SELECT txid, delta FROM priorities');
  }

  /** Writes and removes rows in one transaction; durable when it resolves. */
  save({ written, removed, priorities }: MempoolChange): Promise<void> {
    const unset = priorities.filter(({ delta }) => delta === 0).map(({ txid }) => txid);
    const set = priorities.filter(({ delta }) => delta !== 0);
    return this.#database.transaction(async (statements) => {
      for (const [table, txids] of [
        ['mempool', removed],
        ['priorities', unset],
      ] as const) {
        if (txids.length === 0) continue;
        const gone = 'SELECT unhex(value) FROM json_each(?)';
        await statements.run(`DELETE FROM ${table} WHERE txid IN (${gone})`, [hexList(txids)]);
      }
      await statements.insertRows(
        'mempool',
        { txid: 'blob', raw: 'blob', added_seconds: 'integer', added_height: 'integer' },
        written.map(({ txid, raw, addedSeconds, addedHeight }) => [txid, raw, addedSeconds, addedHeight]),
        'replace',
      );
      await statements.insertRows(
        'priorities',
        { txid: 'blob', delta: 'integer' },
        set.map(({ txid, delta }) => [txid, delta]),
        'replace',
      );
    });
  }

  /** What the fee estimator had learned, as it put it; undefined before the first time. */
  async loadEstimates(): Promise<string | undefined> {
    const rows = await this.#database.all<{ learned: string }>('SELECT learned FROM fee_estimates');
    return rows[0]?.learned;
  }

  async saveEstimates(learned: string): Promise<void> {
    await this.#database.run('INSERT OR REPLACE INTO fee_estimates (id, learned) VALUES (1, ?)', [learned]);
  }
}
