/**
 * One SQLite connection behind promises: the only file that touches `sqlite3`. Errors name the file, say
 * what is the matter and what to do.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import sqlite3 from 'sqlite3';

/** What a statement takes. A bigint is bound as an integer and must lie within ±2^53. */
export type SqlValue = number | bigint | string | boolean | Uint8Array | null;

/** A failure of the database. `code` is SQLite's result code or one of our own; the message names the file. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
  readonly code: string;
  readonly file: string;

  constructor(code: string, file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.file = file;
  }
}

const BUSY_TIMEOUT_MS = 5_000;
const CACHED_STATEMENTS = 200;

/** One SQLite connection whose calls run in the order they are made, with its prepared statements kept. */
export class SqliteConnection {
  readonly file: string;
  readonly #handle: sqlite3.Database;
  readonly #recovery: string;
  readonly #prepared = new Map<string, sqlite3.Statement>();
  #closed: Promise<void> | undefined;

  private constructor(file: string, handle: sqlite3.Database, recovery: string) {
    this.file = file;
    this.#handle = handle;
    this.#recovery = recovery;
    handle.serialize();
    handle.configure('busyTimeout', BUSY_TIMEOUT_MS);
  }

  /**
   * @param mode `unchanging` reads a file nobody has open and leaves no trace beside it: without locks, without
   * looking for a write-ahead log
   */
  static open(
    file: string,
    recovery: string,
    mode: 'read' | 'unchanging' | 'write' = 'write',
  ): Promise<SqliteConnection> {
    const name = mode === 'unchanging' ? `${pathToFileURL(file).href}?immutable=1` : file;
    const flags =
      mode === 'write'
        ? sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE
        : sqlite3.OPEN_READONLY | sqlite3.OPEN_URI;
    return new Promise((accept, reject) => {
      const handle = new sqlite3.Database(name, flags, (error) => {
        if (error) reject(explain(error, file, recovery));
        else accept(new SqliteConnection(file, handle, recovery));
      });
    });
  }

  all<Row>(sql: string, params: readonly SqlValue[] = []): Promise<Row[]> {
    return new Promise((accept, reject) => {
      const statement = this.#statement(sql, reject);
      statement.all<Row>(params.map(bindable), (error: Error | null, rows: Row[]) => {
        if (error) reject(this.#failed(sql, error));
        else accept(rows);
      });
    });
  }

  async get<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined> {
    // Not sqlite3's own get: it leaves the statement unfinished, which would pin an old snapshot.
    return (await this.all<Row>(sql, params))[0];
  }

  run(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    return new Promise((accept, reject) => {
      const statement = this.#statement(sql, reject);
      const finished = (error: Error | null): void => {
        if (error) reject(this.#failed(sql, error));
        else accept((statement as sqlite3.RunResult).changes);
      };
      statement.run(params.map(bindable), finished);
    });
  }

  exec(sql: string): Promise<void> {
    return new Promise((accept, reject) => {
      this.#handle.exec(sql, (error) => (error ? reject(this.#explain(error)) : accept()));
    });
  }

  /** Ends the open transaction, if SQLite has not already done so because of an I/O error. */
  async rollback(): Promise<void> {
    try {
      await this.run('ROLLBACK');
    } catch (error) {
      if (!(error instanceof DatabaseError && /no transaction is active/.test(error.message))) throw error;
    }
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((accept, reject) => {
      for (const statement of this.#prepared.values()) statement.finalize();
      this.#prepared.clear();
      this.#handle.close((error) => (error ? reject(this.#explain(error)) : accept()));
    });
    return this.#closed;
  }

  #explain(error: Error): DatabaseError {
    return explain(error, this.file, this.#recovery);
  }

  /** The prepared form of `sql`: preparing anew would double the cost of a call. */
  #statement(sql: string, reject: (error: Error) => void): sqlite3.Statement {
    if (this.#closed !== undefined) throw new DatabaseError('CLOSED', this.file, `${this.file} is closed`);
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#handle.prepare(sql, (error) => {
      if (error) reject(this.#failed(sql, error));
    });
    if (this.#prepared.size >= CACHED_STATEMENTS) this.#forget(this.#prepared.keys().next().value ?? sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #failed(sql: string, error: Error): DatabaseError {
    this.#forget(sql);
    return this.#explain(error);
  }

  #forget(sql: string): void {
    this.#prepared.get(sql)?.finalize();
    this.#prepared.delete(sql);
  }
}

/**
 * Takes a lock on `file` that the operating system releases when the process ends, however it ends.
 * Node.js offers no file locks of its own; SQLite's exclusive lock is one (fcntl, or LockFileEx). Network
 * file systems may not keep it. Resolves to the function that releases it, or to undefined when another
 * process, or another part of this one, holds it.
 */
export async function lockFile(file: string): Promise<(() => Promise<void>) | undefined> {
  const connection = await SqliteConnection.open(resolve(file), 'Delete it: it holds no data.');
  try {
    await connection.exec('PRAGMA busy_timeout = 0');
    await connection.run('BEGIN EXCLUSIVE');
    return () => connection.close();
  } catch (error) {
    await connection.close();
    if (error instanceof DatabaseError && error.code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}

/** sqlite3 binds a bigint as NULL without a word, so it becomes a number here, or an error. */
export function bindable(value: SqlValue): number | string | boolean | Uint8Array | null {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} does not fit; store it as text or bytes`);
  return number;
}

/** What to tell about the failures that a user can do something about; `$detail` are SQLite's own words. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  SQLITE_CORRUPT: 'the database $file is damaged: $detail. Nothing in it was changed. $recovery',
  SQLITE_NOTADB: 'the database $file is damaged: $detail. Nothing in it was changed. $recovery',
  SQLITE_BUSY: 'the database $file is in use by another process; stop that one first',
  SQLITE_FULL: 'no space left on the disk of $file; free some and start again, nothing committed is lost',
  SQLITE_CANTOPEN: 'cannot open $file: check that it is a file this user may read and write',
  SQLITE_READONLY: 'cannot write to $file: $detail',
};

/** The error for one of SQLite's result codes: it names the file, says what is the matter and what to do. */
export function sqliteError(
  code: string,
  detail: string,
  file: string,
  recovery: string,
  cause?: Error,
): DatabaseError {
  const text = EXPLANATIONS[code] ?? 'database $file: $detail';
  const words: Readonly<Record<string, string>> = { $file: file, $detail: detail, $recovery: recovery };
  const message = text.replace(/\$\w+/g, (word) => words[word] ?? word);
  return new DatabaseError(code, file, message, cause && { cause });
}

/** The same from an error of sqlite3. */
function explain(error: Error, file: string, recovery: string): DatabaseError {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'SQLITE_ERROR';
  return sqliteError(code, error.message.replace(/^SQLITE_[A-Z]+: /, ''), file, recovery, error);
}
