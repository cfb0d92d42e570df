/**
 * An SQLite database: opened with care, written by one transaction at a time.
 *
 * One file, two connections. Everything that writes goes through the first, one transaction at a time;
 * reads outside a transaction use the second, which in WAL mode sees the last committed state and never
 * waits for a writer. Every commit reaches the disk before its promise resolves (`synchronous=FULL`).
 *
 * A call costs 50–200 µs however small it is, so the number of statements is what counts: write many
 * rows with {@link Statements.insertRows}, read many keys with `… IN (SELECT unhex(value) FROM
 * json_each(?))` and {@link hexList}.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  bindable,
  DatabaseError,
  SqliteConnection,
  type SqlValue,
  sqliteError,
} from './sqlite-connection.ts';

export { DatabaseError, lockFile, type SqlValue } from './sqlite-connection.ts';

/** How a column of {@link Statements.insertRows} travels through JSON: blobs as hex, the rest as it is. */
export type ColumnKind = 'blob' | 'integer' | 'real' | 'text';

/** The statements of a database or of one open transaction. All of them throw {@link DatabaseError}. */
export interface Statements {
  /** All rows of a query. Blobs arrive as `Uint8Array`, integers are exact up to 2^53. */
  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]>;
  /** The first row of a query, if there is one. */
  get<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined>;
  /** Runs one statement that returns no rows; resolves to the number of rows it changed. */
  run(sql: string, params?: readonly SqlValue[]): Promise<number>;
  /**
   * Inserts many rows with one statement per 10,000 of them (20 times faster than row by row).
   * `columns` names the columns in the order of the values, with their kinds; `conflict` says what
   * happens to a row whose key exists (default: the whole call fails).
   */
  insertRows(
    table: string,
    columns: Readonly<Record<string, ColumnKind>>,
    rows: readonly (readonly SqlValue[])[],
    conflict?: 'replace' | 'ignore',
  ): Promise<void>;
}

export interface DatabaseOptions {
  /** Marks the file as ours (`PRAGMA application_id`, a 31-bit number); another program's file is refused. */
  readonly applicationId: number;
  /** Statements that lead from schema version n to n + 1; the version is their count (`user_version`). */
  readonly migrations: readonly (readonly string[])[];
  /** Page cache of the writing connection in KiB (default 16 MiB). */
  readonly cacheKib?: number;
  /**
   * Pages the write-ahead log may hold before it is moved into the file, between two transactions (default: as
   * SQLite does it, 1,000 pages, within the commit that goes beyond them: whoever waits for it waits for both).
   */
  readonly logPages?: number;
  /** What to do when the file is damaged, as a sentence; it ends every such message. */
  readonly recovery?: string;
  /** Whether to look for damaged pages when opening (default true; takes about 2 s per GB). */
  readonly check?: boolean;
}

const ROWS_PER_STATEMENT = 10_000;
const DEFAULT_CACHE_KIB = 16 * 1024;
const WAL_SIZE_LIMIT_BYTES = 64 * 1024 * 1024;
const DEFAULT_RECOVERY = 'Put a backup in its place, or move it away to begin with an empty one.';

/**
 * Opens the database, creating it whole or not at all when it does not exist.
 *
 * @throws DatabaseError when the file is not SQLite, is damaged, belongs to another program, was written
 * by a newer version, or is locked by another process. Nothing is repaired or recreated behind one's back.
 */
export async function openDatabase(file: string, options: DatabaseOptions): Promise<Database> {
  if (file === ':memory:') throw new TypeError('a database lives in a file; use a temporary directory');
  const path = resolve(file);
  const recovery = options.recovery ?? DEFAULT_RECOVERY;
  await mkdir(dirname(path), { recursive: true });
  if (!(await isPresent(path, recovery))) await createDatabase(path, options);

  const writer = await SqliteConnection.open(path, recovery);
  try {
    await prepareForUse(writer, options);
    const reader = await SqliteConnection.open(path, recovery);
    await reader.exec('PRAGMA query_only = 1');
    return new Database(writer, reader, options.logPages);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** An open database; see {@link openDatabase}. */
export class Database implements Statements {
  readonly file: string;
  readonly #writer: SqliteConnection;
  readonly #reader: SqliteConnection;
  /** The end of the queue of writers: each waits for the one before it. */
  #lastWriter: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  readonly #logPages: number | undefined;

  constructor(writer: SqliteConnection, reader: SqliteConnection, logPages?: number) {
    this.file = writer.file;
    this.#logPages = logPages;
    this.#writer = writer;
    this.#reader = reader;
  }

  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]> {
    return this.#reader.all<Row>(sql, params);
  }

  get<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#reader.get<Row>(sql, params);
  }

  run(sql: string, params?: readonly SqlValue[]): Promise<number> {
    return this.#inTurn(() => this.#writer.run(sql, params));
  }

  /** Runs several statements separated by semicolons, without parameters. */
  exec(sql: string): Promise<void> {
    return this.#inTurn(() => this.#writer.exec(sql));
  }

  insertRows(...call: Parameters<Statements['insertRows']>): Promise<void> {
    return this.transaction((statements) => statements.insertRows(...call));
  }

  /**
   * Runs `work` inside one transaction: committed when it resolves, rolled back when it throws, and never
   * interleaved with another. Inside, use only the handle that is passed in: a write on the database
   * itself would wait for the very transaction it stands in.
   */
  transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#writer.run('BEGIN IMMEDIATE');
      const statements = new TransactionStatements(this.#writer);
      try {
        const result = await work(statements);
        await statements.end();
        await this.#writer.run('COMMIT');
        return result;
      } catch (error) {
        await statements.end();
        await this.#writer.rollback();
        throw error;
      }
    });
  }

  /** Reads the whole file and compares every index with its table. Resolves to what is wrong, if anything. */
  async integrityErrors(): Promise<string[]> {
    const rows = await this.#reader.all<{ integrity_check: string }>('PRAGMA integrity_check');
    return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
  }

  /** Writes a consistent copy to `target` (which must not exist) while others go on reading and writing. */
  async backup(target: string): Promise<void> {
    const path = resolve(target);
    if (existsSync(path)) throw new DatabaseError('EXISTS', path, `${path} exists; choose another name`);
    const source = await SqliteConnection.open(this.file, DEFAULT_RECOVERY);
    try {
      await source.run('VACUUM INTO ?', [path]);
    } finally {
      await source.close();
    }
    await syncToDisk(path);
  }

  /** Waits for the running transactions, moves the write-ahead log into the file and closes it. */
  close(): Promise<void> {
    this.#closing ??= this.#inTurn(async () => {
      await this.#reader.close();
      await this.#writer.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      await this.#writer.close();
    });
    return this.#closing;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) {
      return Promise.reject(new DatabaseError('CLOSED', this.file, `${this.file} is closed`));
    }
    const turn = this.#lastWriter.then(work, work);
    this.#lastWriter = turn.then(() => this.#moveLog()).catch(() => undefined);
    return turn;
  }

  /**
   * Moves a log that has grown long into the file; the next writer waits for that, not the one before. What
   * fails here is tried again after the next transaction: nothing is lost, the log only grows.
   */
  async #moveLog(): Promise<void> {
    if (this.#logPages === undefined || this.#closing !== undefined) return;
    const state = await this.#writer.get<{ log: number }>('PRAGMA wal_checkpoint(NOOP)');
    if (state !== undefined && state.log > this.#logPages)
      await this.#writer.exec('PRAGMA wal_checkpoint(PASSIVE)');
  }
}

/** The statements of one open transaction; refuses to be used after its end. */
class TransactionStatements implements Statements {
  readonly #connection: SqliteConnection;
  readonly #underWay = new Set<Promise<unknown>>();
  #ended = false;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  all<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]> {
    return this.#followed(this.#open().all<Row>(sql, params));
  }

  get<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row | undefined> {
    return this.#followed(this.#open().get<Row>(sql, params));
  }

  run(sql: string, params?: readonly SqlValue[]): Promise<number> {
    return this.#followed(this.#open().run(sql, params));
  }

  async insertRows(
    table: string,
    columns: Readonly<Record<string, ColumnKind>>,
    rows: readonly (readonly SqlValue[])[],
    conflict?: 'replace' | 'ignore',
  ): Promise<void> {
    const sql = insertStatement(table, columns, conflict);
    for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
      await this.run(sql, [rowsToJson(rows.slice(start, start + ROWS_PER_STATEMENT))]);
    }
  }

  /**
   * Refuses further statements and waits for those that nobody waited for, because something else failed meanwhile:
   * they run in other threads, where ROLLBACK could overtake them, and they would be written for good.
   */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled(this.#underWay);
  }

  #followed<T>(statement: Promise<T>): Promise<T> {
    const done = (): void => void this.#underWay.delete(statement);
    this.#underWay.add(statement);
    statement.then(done, done);
    return statement;
  }

  #open(): SqliteConnection {
    if (this.#ended) throw new Error('a statement was issued after the end of its transaction');
    return this.#connection;
  }
}

/** The argument of `json_each(?)` for a list of blob keys, read as `unhex(value)`. */
export function hexList(keys: readonly Uint8Array[]): string {
  return JSON.stringify(keys.map(toHex));
}

/** Whether the file is there. A file without content, or only its log without the file, is damage. */
async function isPresent(file: string, recovery: string): Promise<boolean> {
  const size = existsSync(file) ? (await stat(file)).size : undefined;
  if (size === 0) throw sqliteError('SQLITE_NOTADB', 'it is empty', file, recovery);
  if (size === undefined && existsSync(`${file}-wal`)) {
    throw sqliteError(
      'SQLITE_NOTADB',
      'it is missing, but its write-ahead log (-wal) is there',
      file,
      recovery,
    );
  }
  return size !== undefined;
}

/** Builds the file under another name first, so that a crash never leaves half a database behind. */
async function createDatabase(file: string, options: DatabaseOptions): Promise<void> {
  const unfinished = `${file}.new`;
  for (const suffix of ['', '-wal', '-shm', '-journal']) await rm(unfinished + suffix, { force: true });
  const connection = await SqliteConnection.open(unfinished, DEFAULT_RECOVERY);
  try {
    await connection.exec(`PRAGMA application_id = ${options.applicationId}`);
    await migrate(connection, options);
  } finally {
    await connection.close();
  }
  await rename(unfinished, file);
  await syncToDisk(dirname(file));
}

/** Sets the connection up, and refuses the file if it is not ours, too new or damaged. */
async function prepareForUse(connection: SqliteConnection, options: DatabaseOptions): Promise<void> {
  const { file } = connection;
  const found = (await connection.get<{ application_id: number }>('PRAGMA application_id'))?.application_id;
  if (found !== options.applicationId) {
    throw new DatabaseError(
      'FOREIGN',
      file,
      `${file} is an SQLite database of another program (application id ${found}, expected ${options.applicationId})`,
    );
  }
  await requireWritable(connection, options);
  if (options.check ?? true) {
    const lines = await connection.all<{ quick_check: string }>('PRAGMA quick_check(3)');
    const wrong = lines.map((line) => line.quick_check).filter((line) => line !== 'ok');
    const detail = wrong.join('; ').replaceAll('\n', ' ');
    if (wrong.length > 0)
      throw sqliteError('SQLITE_CORRUPT', detail, file, options.recovery ?? DEFAULT_RECOVERY);
  }
  await connection.exec('PRAGMA journal_mode = WAL');
  await connection.exec('PRAGMA synchronous = FULL');
  await connection.exec('PRAGMA foreign_keys = ON');
  await connection.exec(`PRAGMA cache_size = ${-(options.cacheKib ?? DEFAULT_CACHE_KIB)}`);
  if (options.logPages !== undefined) await connection.exec('PRAGMA wal_autocheckpoint = 0');
  await connection.exec(`PRAGMA journal_size_limit = ${WAL_SIZE_LIMIT_BYTES}`);
  await migrate(connection, options);
}

/** SQLite opens a file that may only be read without a word, begins transactions, and fails at the first write. */
async function requireWritable(connection: SqliteConnection, options: DatabaseOptions): Promise<void> {
  await connection.run('BEGIN');
  try {
    await connection.exec(`PRAGMA application_id = ${options.applicationId}`);
  } finally {
    await connection.rollback();
  }
}

/** Brings the schema to the newest version, each step in a transaction of its own. */
async function migrate(connection: SqliteConnection, options: DatabaseOptions): Promise<void> {
  const newest = options.migrations.length;
  const row = await connection.get<{ user_version: number }>('PRAGMA user_version');
  const present = row?.user_version ?? 0;
  if (present > newest) {
    throw new DatabaseError(
      'NEWER',
      connection.file,
      `${connection.file} was written by a newer version of this program (schema ${present}, this one knows ${newest}); update the program`,
    );
  }
  for (const [index, statements] of options.migrations.entries()) {
    if (index < present) continue;
    await connection.run('BEGIN IMMEDIATE');
    try {
      for (const statement of statements) await connection.exec(statement);
      await connection.exec(`PRAGMA user_version = ${index + 1}`);
      await connection.run('COMMIT');
    } catch (error) {
      await connection.rollback();
      throw error;
    }
  }
}

function insertStatement(
  table: string,
  columns: Readonly<Record<string, ColumnKind>>,
  conflict: 'replace' | 'ignore' | undefined,
): string {
  const values = Object.values(columns).map((kind, index) => {
    const element = `value->>${index}`;
    return kind === 'blob' ? `unhex(${element})` : element;
  });
  const verb = conflict === undefined ? 'INSERT' : `INSERT OR ${conflict.toUpperCase()}`;
  return `${verb} INTO ${table} (${Object.keys(columns).join(', ')}) SELECT ${values.join(', ')} FROM json_each(?)`;
}

function rowsToJson(rows: readonly (readonly SqlValue[])[]): string {
  return JSON.stringify(
    rows.map((row) => row.map((value) => (value instanceof Uint8Array ? toHex(value) : bindable(value)))),
  );
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
