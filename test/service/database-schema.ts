import type { DatabaseOptions } from '../../service/database.ts';

/** One table of numbers by key, as the database tests use it. */
export const NUMBERS = {
  applicationId: 0x4e5a01,
  migrations: [['CREATE TABLE numbers (key BLOB PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID']],
  recovery: 'Move it away.',
} satisfies DatabaseOptions;
