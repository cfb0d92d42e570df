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

/** The unconfirmed transactions on disk. */
export class MempoolTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(): Promise<MempoolRow[]> {
    return this.#database.all<MempoolRow>(
      `SELECT txid, raw, added_seconds AS addedSeconds, added_height AS addedHeight FROM mempool
       ORDER BY added_seconds`,
    );
  }

  /** Writes and removes rows in one transaction; durable when it resolves. */
  save(written: readonly MempoolRow[], removed: readonly Hash[]): Promise<void> {
    return this.#database.transaction(async (statements) => {
      if (removed.length > 0) {
        await statements.run('DELETE FROM mempool WHERE txid IN (SELECT unhex(value) FROM json_each(?))', [
          hexList(removed),
        ]);
      }
      await statements.insertRows(
        'mempool',
        { txid: 'blob', raw: 'blob', added_seconds: 'integer', added_height: 'integer' },
        written.map(({ txid, raw, addedSeconds, addedHeight }) => [txid, raw, addedSeconds, addedHeight]),
        'replace',
      );
    });
  }
}
