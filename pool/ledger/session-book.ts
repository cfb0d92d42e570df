import type { Difficulty } from '../../protocol/units.ts';
import type { Database, Statements } from '../../service/database.ts';
import type { Logger } from '../../service/log.ts';
import type { Clock } from '../clock.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { plainBytes } from './blob.ts';
import { RecentEntries } from './recent-entries.ts';

/** What sessions add to the second form of the ledger. */
export const SESSIONS_V2: readonly string[] = [
  'CREATE TABLE sessions (id TEXT PRIMARY KEY, extranonce1 BLOB NOT NULL, seen_ms INTEGER NOT NULL) WITHOUT ROWID',
  // By text, not by a row of workers: those stay for ever, these do not.
  `CREATE TABLE difficulties (address TEXT NOT NULL, name TEXT NOT NULL, difficulty REAL NOT NULL,
     seen_ms INTEGER NOT NULL, PRIMARY KEY (address, name)) WITHOUT ROWID`,
];

/** A session that a miner may resume. */
export interface KeptSession {
  readonly extranonce1: Uint8Array;
  /** When it was last in use, milliseconds since 1970. */
  readonly seenMs: number;
}

interface KeptDifficulty extends Worker {
  readonly difficulty: Difficulty;
  readonly seenMs: number;
}

export interface SessionBookOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** How long a change may wait to be written (default 5,000). */
  readonly writeMs?: number;
}

const WRITE_MS = 5_000;
/** Of each kind; the ones unused for longest go. */
const MOST = 50_000;

/**
 * Sessions and the last difficulty of each worker, so that miners find after a restart what they had before.
 * Everything is answered from memory. Changes are written together, some seconds later: what a crash takes away
 * costs a miner no more than a new session.
 */
export class SessionBook {
  readonly #database: Database;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #writeMs: number;
  readonly #sessions: RecentEntries<KeptSession>;
  readonly #difficulties: RecentEntries<KeptDifficulty>;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;
  #closed = false;

  private constructor(
    database: Database,
    sessions: Iterable<[string, KeptSession]>,
    difficulties: Iterable<[string, KeptDifficulty]>,
    { log, clock, writeMs = WRITE_MS }: SessionBookOptions,
  ) {
    this.#database = database;
    this.#sessions = new RecentEntries(MOST, sessions);
    this.#difficulties = new RecentEntries(MOST, difficulties);
    this.#log = log;
    this.#clock = clock;
    this.#writeMs = writeMs;
  }

  static async open(database: Database, options: SessionBookOptions): Promise<SessionBook> {
    const sessions = await database.all<{ id: string; extranonce1: Uint8Array; seen_ms: number }>(
      'SELECT * FROM sessions ORDER BY seen_ms',
    );
    const difficulties = await database.all<Worker & { difficulty: number; seen_ms: number }>(
      'SELECT * FROM difficulties ORDER BY seen_ms',
    );
    return new SessionBook(
      database,
      sessions.map((row) => [row.id, { extranonce1: plainBytes(row.extranonce1), seenMs: row.seen_ms }]),
      difficulties.map(({ address, name, difficulty, seen_ms }) => [
        workerKey({ address, name }),
        { address, name, difficulty, seenMs: seen_ms },
      ]),
      options,
    );
  }

  /** A session that was kept, by the secret id the miner was given. */
  session(id: string): KeptSession | undefined {
    return this.#sessions.get(id);
  }

  /** All sessions, so that no extranonce1 of theirs is given to anybody else. */
  sessions(): Iterable<[id: string, session: KeptSession]> {
    return this.#sessions.entries();
  }

  /** Keeps a session, once its miner has brought a share: whoever merely connects writes nothing. */
  keepSession(id: string, extranonce1: Uint8Array): void {
    this.#sessions.set(id, { extranonce1, seenMs: this.#clock.wallMs() });
    this.#writeSoon();
  }

  /** The session is in use. */
  touchSession(id: string): void {
    const known = this.#sessions.get(id);
    if (known !== undefined) this.keepSession(id, known.extranonce1);
  }

  /** What a worker last had; undefined when it is not known. */
  difficultyOf(worker: Worker): Difficulty | undefined {
    return this.#difficulties.get(workerKey(worker))?.difficulty;
  }

  /** Keeps a difficulty that was found fit for a worker. */
  keepDifficulty({ address, name }: Worker, difficulty: Difficulty): void {
    const key = workerKey({ address, name });
    this.#difficulties.set(key, { address, name, difficulty, seenMs: this.#clock.wallMs() });
    this.#writeSoon();
  }

  /** Writes what has changed. Never rejects: it is tried again with the next change. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const sessions = this.#sessions.takeChanges();
    const difficulties = this.#difficulties.takeChanges();
    try {
      await this.#database.transaction(async (statements) => {
        await writeSessions(sessions, statements);
        await writeDifficulties(difficulties, statements);
      });
      this.#failed = false;
    } catch (error) {
      this.#sessions.giveBack(sessions);
      this.#difficulties.giveBack(difficulties);
      if (!this.#failed) this.#log.error({ err: error }, 'sessions could not be stored');
      this.#failed = true;
    }
  }

  /** Writes what has changed, and nothing afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  #writeSoon(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => void this.flush(), this.#writeMs).unref();
  }
}

type Changes<T> = ReadonlyMap<string, T | undefined>;

async function writeSessions(changes: Changes<KeptSession>, statements: Statements): Promise<void> {
  const rows = [];
  const gone = [];
  for (const [id, session] of changes) {
    if (session === undefined) gone.push(id);
    else rows.push([id, session.extranonce1, session.seenMs]);
  }
  const columns = { id: 'text', extranonce1: 'blob', seen_ms: 'integer' } as const;
  if (rows.length > 0) await statements.insertRows('sessions', columns, rows, 'replace');
  if (gone.length === 0) return;
  await statements.run('DELETE FROM sessions WHERE id IN (SELECT value FROM json_each(?))', [
    JSON.stringify(gone),
  ]);
}

async function writeDifficulties(changes: Changes<KeptDifficulty>, statements: Statements): Promise<void> {
  const rows = [];
  const gone = [];
  for (const [key, kept] of changes) {
    if (kept === undefined) gone.push(key.split(' '));
    else rows.push([kept.address, kept.name, kept.difficulty, kept.seenMs]);
  }
  const columns = { address: 'text', name: 'text', difficulty: 'real', seen_ms: 'integer' } as const;
  if (rows.length > 0) await statements.insertRows('difficulties', columns, rows, 'replace');
  if (gone.length === 0) return;
  await statements.run(
    'DELETE FROM difficulties WHERE (address, name) IN (SELECT value->>0, value->>1 FROM json_each(?))',
    [JSON.stringify(gone)],
  );
}

/** Neither part has a blank in it. */
function workerKey({ address, name }: Worker): string {
  return `${address} ${name}`;
}
