/** What a faucet must never forget: one file, and a book for each subject in it. */
import { randomBytes } from 'node:crypto';
import { type Database, openDatabase } from '../../service/database.ts';
import { ClaimBook } from './claim-book.ts';
import { APPLICATION_ID, MIGRATIONS } from './faucet-schema.ts';
import { PayoutBook } from './payout-book.ts';

/** The file belongs to a faucet of another network. */
export class ForeignFaucetError extends Error {
  override readonly name = 'ForeignFaucetError';
}

export interface FaucetStoreOptions {
  readonly file: string;
  /** Tells networks apart: what was promised on one is never paid on another. */
  readonly network: string;
}

const SECRET_LENGTH = 32;

export class FaucetStore {
  readonly claims: ClaimBook;
  readonly payouts: PayoutBook;
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
    this.claims = new ClaimBook(database);
    this.payouts = new PayoutBook(database);
  }

  /**
   * Opens or makes the file.
   * @throws DatabaseError when it is damaged, ForeignFaucetError when it belongs to another network
   */
  static async open({ file, network }: FaucetStoreOptions): Promise<FaucetStore> {
    const database = await openDatabase(file, {
      applicationId: APPLICATION_ID,
      migrations: MIGRATIONS,
      recovery: 'Put a backup of the faucet in its place; what was promised stands nowhere else.',
    });
    try {
      await requireNetwork(database, file, network);
      return new FaucetStore(database);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async isPaused(): Promise<boolean> {
    const row = await this.#database.get<{ paused: number }>('SELECT paused FROM identity');
    return row?.paused === 1;
  }

  async setPaused(isPaused: boolean): Promise<void> {
    await this.#database.run('UPDATE identity SET paused = ?', [isPaused ? 1 : 0]);
  }

  /** 32 random bytes for a purpose: made when they are first asked for, and the same ever after. */
  secret(purpose: string): Promise<Uint8Array> {
    return this.#database.transaction(async (statements) => {
      await statements.run('INSERT OR IGNORE INTO secrets (purpose, value) VALUES (?, ?)', [
        purpose,
        randomBytes(SECRET_LENGTH),
      ]);
      const row = await statements.get<{ value: Uint8Array }>('SELECT value FROM secrets WHERE purpose = ?', [
        purpose,
      ]);
      if (row === undefined) throw new Error(`there is no secret for ${purpose}`);
      return row.value;
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** @throws ForeignFaucetError */
async function requireNetwork(database: Database, file: string, network: string): Promise<void> {
  await database.run('INSERT INTO identity (network) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM identity)', [
    network,
  ]);
  const row = await database.get<{ network: string }>('SELECT network FROM identity');
  if (row?.network === network) return;
  throw new ForeignFaucetError(
    `${file} belongs to a faucet of the network ${row?.network}, this one is of ${network}; ` +
      'choose another directory with --datadir',
  );
}
