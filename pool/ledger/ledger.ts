import { randomBytes } from 'node:crypto';
import { type Database, openDatabase } from '../../service/database.ts';
import type { Logger } from '../../service/log.ts';
import { type Clock, systemClock } from '../clock.ts';
import { BlockBook } from './block-book.ts';
import { EdgeBook } from './edge-book.ts';
import { JobBook } from './job-book.ts';
import { APPLICATION_ID, MIGRATIONS } from './ledger-schema.ts';
import { PayoutBook } from './payout-book.ts';
import { Retention } from './retention.ts';
import { RoundBook } from './round-book.ts';
import { SessionBook } from './session-book.ts';
import { ShareLog } from './share-log.ts';
import { workerRows } from './worker-rows.ts';

export interface LedgerOptions {
  readonly file: string;
  /** Tells networks apart: a ledger of one never takes shares of another. */
  readonly network: string;
  readonly log: Logger;
  /** How long a share waits for others to be written with (default 20, at most 50). */
  readonly gatherMs?: number;
  readonly clock?: Clock;
}

/** The ledger belongs to another network than the node. */
export class ForeignLedgerError extends Error {
  override readonly name = 'ForeignLedgerError';
}

/** What the pool must never forget: one file, and a book for each subject in it. */
export class Ledger {
  readonly shares: ShareLog;
  readonly blocks: BlockBook;
  readonly rounds: RoundBook;
  readonly payouts: PayoutBook;
  readonly sessions: SessionBook;
  readonly edges: EdgeBook;
  readonly jobs: JobBook;
  /** Does nothing until it is started: the accounts say what they still need. */
  readonly retention: Retention;
  /** What the coinbases of this ledger's pool begin their unique value with: 32 random bits. */
  readonly mark: number;
  readonly #database: Database;

  private constructor(
    database: Database,
    mark: number,
    books: Pick<
      Ledger,
      'shares' | 'blocks' | 'rounds' | 'payouts' | 'sessions' | 'edges' | 'jobs' | 'retention'
    >,
  ) {
    this.#database = database;
    this.mark = mark;
    this.shares = books.shares;
    this.blocks = books.blocks;
    this.rounds = books.rounds;
    this.payouts = books.payouts;
    this.sessions = books.sessions;
    this.edges = books.edges;
    this.jobs = books.jobs;
    this.retention = books.retention;
  }

  /**
   * Opens or makes the ledger.
   * @throws DatabaseError when the file is damaged, ForeignLedgerError when it belongs to another network
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const database = await openDatabase(options.file, {
      applicationId: APPLICATION_ID,
      migrations: MIGRATIONS,
      recovery: 'Put a backup of the pool ledger in its place; what was credited stands nowhere else.',
    });
    try {
      const mark = await checkIdentity(database, options);
      const workers = workerRows();
      const surroundings = { clock: systemClock, ...options };
      const blocks = new BlockBook(database, workers);
      return new Ledger(database, mark, {
        shares: await ShareLog.open(database, workers, await blocks.lastEndSequence(), surroundings),
        blocks,
        rounds: new RoundBook(database),
        payouts: new PayoutBook(database),
        sessions: await SessionBook.open(database, surroundings),
        edges: new EdgeBook(database),
        jobs: await JobBook.open(database),
        retention: new Retention(database, surroundings),
      });
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Writes what waits, then lets go of the file. */
  async close(): Promise<void> {
    await this.retention.stop();
    await this.shares.close();
    await this.sessions.close();
    await this.jobs.close();
    await this.#database.close();
  }
}

/** @returns the mark */
async function checkIdentity(database: Database, { file, network }: LedgerOptions): Promise<number> {
  await database.run(
    'INSERT INTO identity (network, mark) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM identity)',
    [network, randomBytes(4).readUInt32BE()],
  );
  const row = await database.get<{ network: string; mark: number }>('SELECT network, mark FROM identity');
  if (row === undefined) throw new Error('the ledger has no identity');
  if (row.network !== network) {
    throw new ForeignLedgerError(
      `the ledger ${file} belongs to the network "${row.network}", the node is on "${network}"; ` +
        'choose another directory with --datadir',
    );
  }
  return row.mark;
}
