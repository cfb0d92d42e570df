import { ACCOUNTS_V2 } from './accounts-schema.ts';
import { EDGES_V2 } from './edges-schema.ts';
import { SESSIONS_V2 } from './session-book.ts';
import { SHARE_LOG_V2 } from './share-log-schema.ts';

/** Marks the file as a pool's ledger. */
export const APPLICATION_ID = 0x4e5a504c;

/** How the ledger's file came to its present form, step by step. */
export const MIGRATIONS = [
  [
    'CREATE TABLE identity (network TEXT NOT NULL)',
    'CREATE TABLE workers (id INTEGER PRIMARY KEY, address TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (address, name))',
    `CREATE TABLE tips (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, height INTEGER NOT NULL,
       first_share INTEGER NOT NULL)`,
    // The weight is text: it must stay exact, and may exceed what an SQLite integer holds.
    `CREATE TABLE shares (sequence INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,
       worker INTEGER NOT NULL REFERENCES workers (id), job TEXT NOT NULL,
       tip INTEGER NOT NULL REFERENCES tips (id), bits INTEGER NOT NULL,
       difficulty REAL NOT NULL, weight TEXT NOT NULL, hash BLOB NOT NULL, late INTEGER NOT NULL)`,
    `CREATE TABLE blocks (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, previous BLOB NOT NULL, height INTEGER NOT NULL,
       bits INTEGER NOT NULL, time_ms INTEGER NOT NULL, reward TEXT NOT NULL,
       worker INTEGER REFERENCES workers (id), delivery TEXT NOT NULL, reason TEXT, raw TEXT)`,
    'CREATE INDEX blocks_by_height ON blocks (height)',
  ],
  [...SHARE_LOG_V2, ...ACCOUNTS_V2, ...SESSIONS_V2, ...EDGES_V2],
  // 32 random bits that the coinbases of this ledger's pool carry: by them it knows its blocks in solo.
  ['ALTER TABLE identity ADD COLUMN mark INTEGER', 'UPDATE identity SET mark = random() & 0xffffffff'],
] as const;
