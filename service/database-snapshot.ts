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
  readonly #isUnchanging: boolean;

  constructor(connection: SqliteConnection, isUnchanging: boolean) {
    this.file = connection.file;
    this.#connection = connection;
    this.#isUnchanging = isUnchanging;
  }

  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]> {
    return this.#connection.all<Row>(sql, params);
  }

  get<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#connection.get<Row>(sql, params);
  }

  /**
   * Lets go of the moment: until then the write-ahead log of the others cannot shrink.
   * @throws DatabaseError when somebody has begun to write to a file that nobody had open: what was read may be
   * of two moments
   */
  async close(): Promise<void> {
    await this.#connection.rollback();
    await this.#connection.close();
    if (this.#isUnchanging && isOpenElsewhere(this.file)) {
      throw new DatabaseError(
        'CHANGED',
        this.file,
        `${this.file} was opened by another program; read it again`,
      );
    }
  }
}

/**
 * Opens a database for reading only, and leaves no trace. All reads see the moment of the opening, whatever is
 * written meanwhile.
 * @throws DatabaseError when the file is missing, not ours, or of another version than the reader knows
 */
export async function openSnapshot(file: string, options: SnapshotOptions): Promise<Snapshot> {
  const path = resolve(file);
  const recovery = options.recovery ?? 'Put a backup in its place.';
  if (!existsSync(path)) throw new DatabaseError('MISSING', path, `${path} does not exist`);
  const isUnchanging = !isOpenElsewhere(path);
  const connection = await SqliteConnection.open(path, recovery, isUnchanging ? 'unchanging' : 'read');
  try {
    await connection.run('BEGIN');
    // The first read is what fixes the moment.
    const id = await connection.get<{ application_id: number }>('PRAGMA application_id');
    const version = await connection.get<{ user_version: number }>('PRAGMA user_version');
    if (id?.application_id !== options.applicationId) {
      throw new DatabaseError('FOREIGN', path, `${path} is a database of another program`);
    }
    checkVersion(path, version?.user_version ?? 0, options.version);
    return new Snapshot(connection, isUnchanging);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function checkVersion(path: string, found: number, known: number): void {
  if (found === known) return;
  const advice =
    found < known ? 'start what writes it once, it brings the file up to date' : 'update the program';
  throw new DatabaseError('VERSION', path, `${path} has schema ${found}, this reads ${known}; ${advice}`);
}

/** The write-ahead log is there while a program has the file open, and after one that was killed. */
export function isOpenElsewhere(path: string): boolean {
  return existsSync(`${path}-wal`);
}
