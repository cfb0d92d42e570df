/** Reads an SQLite database that others may be writing, as it stands at one moment, and changes nothing in it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseOptions, Statements } from './database.ts';
import { DatabaseError, SqliteConnection, type SqlValue } from './sqlite-connection.ts';

export interface SnapshotOptions extends Pick<DatabaseOptions, 'applicationId' | 'recovery'> {
  /** The schema version the reader knows: no other is read. */
  readonly version: number;
}

/** One moment of a database; see {@link openSnapshot}. */
export class Snapshot implements Pick<Statements, 'all' | 'get'> {
  readonly file: string;
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.file = connection.file;
    this.#connection = connection;
  }

  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]> {
    return this.#connection.all<Row>(sql, params);
  }

  get<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#connection.get<Row>(sql, params);
  }

  /** Lets go of the moment: until then the write-ahead log of the others cannot shrink. */
  async close(): Promise<void> {
    await this.#connection.rollback();
    await this.#connection.close();
  }
}

/**
 * Opens a database for reading only. All reads see the moment of the opening, whatever is written meanwhile.
 * @throws DatabaseError when the file is missing, not ours, or of another version than the reader knows
 */
export async function openSnapshot(file: string, options: SnapshotOptions): Promise<Snapshot> {
  const path = resolve(file);
  const recovery = options.recovery ?? 'Put a backup in its place.';
  if (!existsSync(path)) throw new DatabaseError('MISSING', path, `${path} does not exist`);
  const connection = await SqliteConnection.open(path, recovery, 'read');
  try {
    await connection.run('BEGIN');
    // The first read is what fixes the moment.
    const id = await connection.get<{ application_id: number }>('PRAGMA application_id');
    const version = await connection.get<{ user_version: number }>('PRAGMA user_version');
    if (id?.application_id !== options.applicationId) {
      throw new DatabaseError('FOREIGN', path, `${path} is a database of another program`);
    }
    if (version?.user_version !== options.version) {
      const is = version?.user_version ?? 0;
      const advice =
        is < options.version
          ? 'start what writes it once, it brings the file up to date'
          : 'update the program';
      throw new DatabaseError(
        'VERSION',
        path,
        `${path} has schema ${is}, this reads ${options.version}; ${advice}`,
      );
    }
    return new Snapshot(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
}
