/**
 * The tables of `node.sqlite`. Each list of statements leads from one schema version to the next; a list that
 * has been released is never edited.
 *
 * Byte columns that are written in bulk hold fixed encodings (see the file of each table), so that one
 * statement can write thousands of rows (see packed-rows.ts).
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    /** Whose chain this is. One row. */
    `CREATE TABLE identity (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       network TEXT NOT NULL,
       magic BLOB NOT NULL,
       genesis BLOB NOT NULL
     ) STRICT`,

    /** Every known header; `id` is the order of their arrival, so a parent stands before its children. */
    `CREATE TABLE blocks (
       id INTEGER PRIMARY KEY,
       hash BLOB NOT NULL UNIQUE,
       header BLOB NOT NULL,
       height INTEGER NOT NULL,
       chain_work BLOB NOT NULL,
       status TEXT NOT NULL,
       sequence INTEGER NOT NULL,
       transaction_count INTEGER NOT NULL
     ) STRICT`,

    /** The last block of the best chain; the coins and both indexes below are as of this block. One row. */
    `CREATE TABLE tip (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       block_id INTEGER NOT NULL REFERENCES blocks
     ) STRICT`,

    /** Blocks as they came over the wire, and what undoing them takes. Apart, so that headers stay close together. */
    `CREATE TABLE bodies (block_id INTEGER PRIMARY KEY REFERENCES blocks, body BLOB NOT NULL) STRICT`,
    `CREATE TABLE undo (block_id INTEGER PRIMARY KEY REFERENCES blocks, undo BLOB NOT NULL) STRICT`,

    /** What can be spent. */
    `CREATE TABLE coins (outpoint BLOB PRIMARY KEY, coin BLOB NOT NULL) STRICT, WITHOUT ROWID`,

    /** Every output of the best chain by its script, with the place where it was spent: the address index. */
    `CREATE TABLE outputs (
       script BLOB NOT NULL,
       outpoint BLOB NOT NULL,
       value BLOB NOT NULL,
       created BLOB NOT NULL,
       spent BLOB,
       PRIMARY KEY (script, outpoint)
     ) STRICT, WITHOUT ROWID`,

    /** Every transaction of the best chain; `id` is height × 100,000 + position in the block. */
    `CREATE TABLE transactions (id INTEGER PRIMARY KEY, txid BLOB NOT NULL UNIQUE) STRICT`,

    /** Unconfirmed transactions, kept across restarts. */
    `CREATE TABLE mempool (
       txid BLOB PRIMARY KEY,
       raw BLOB NOT NULL,
       added_seconds INTEGER NOT NULL,
       added_height INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID`,
  ],
];
