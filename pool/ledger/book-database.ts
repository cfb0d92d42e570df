import type { Database, Statements } from '../../service/database.ts';

/** What a book asks of the database it stands in. */
export type BookDatabase = Pick<Database, 'all' | 'get' | 'run' | 'transaction'>;

/** The books of a file that is only read. */
export function onlyRead(reads: Pick<Statements, 'all' | 'get'>): BookDatabase {
  const refuse = (): Promise<never> => Promise.reject(new Error('this ledger is only read'));
  return {
    all: (sql, params) => reads.all(sql, params),
    get: (sql, params) => reads.get(sql, params),
    run: refuse,
    transaction: refuse,
  };
}
