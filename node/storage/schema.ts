/**
 * The tables of `node.sqlite`. Each list of statements leads from one schema version to the next; a list that
 * has been released is never edited.
 *
 * What is written in bulk is kept in byte columns of fixed encodings (see the file of each table), because one
 * statement can then write thousands of rows (packed-rows.ts). Coins and outputs are keyed by their place in
 * the chain, not by txid: a block's new rows then stand side by side, and few pages change.
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

    /** The last block of the best chain; transactions, coins and outputs are as of this block. One row. */
    `CREATE TABLE tip (
       id INTEGER PRIMARY KEY CHECK (id = 1),
       block_id INTEGER NOT NULL REFERENCES blocks
     ) STRICT`,

    /** Blocks as they came over the wire, and what undoing them takes. Apart, so that headers stay close together. */
    `CREATE TABLE bodies (block_id INTEGER PRIMARY KEY REFERENCES blocks, body BLOB NOT NULL) STRICT`,
    `CREATE TABLE undo (block_id INTEGER PRIMARY KEY REFERENCES blocks, undo BLOB NOT NULL) STRICT`,

    /** Every transaction of the best chain: `place` is its height and its position in the block. */
    `CREATE TABLE transactions (txid BLOB PRIMARY KEY, place BLOB NOT NULL) STRICT, WITHOUT ROWID`,

    /** What can be spent: `place` is that of the transaction and the index of the output. */
    `CREATE TABLE coins (place BLOB PRIMARY KEY, coin BLOB NOT NULL) STRICT, WITHOUT ROWID`,

    /**
     * Every output of the best chain by its script: the address index. `created` is its place, `fact` its
     * value and txid, `spent` place and txid of the input that spends it.
     */
    `CREATE TABLE outputs (
       script BLOB NOT NULL,
       created BLOB NOT NULL,
       fact BLOB NOT NULL,
       spent BLOB,
       PRIMARY KEY (script, created)
     ) STRICT, WITHOUT ROWID`,

    /** Unconfirmed transactions, kept across restarts. */
    `CREATE TABLE mempool (
       txid BLOB PRIMARY KEY,
       raw BLOB NOT NULL,
       added_seconds INTEGER NOT NULL,
       added_height INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID`,
  ],

  [
    /** Addresses of other nodes: `address` is sixteen bytes and the port. Times are seconds since 1970. */
    `CREATE TABLE peers (
       address BLOB PRIMARY KEY,
       services BLOB NOT NULL,
       source TEXT NOT NULL,
       last_seen INTEGER NOT NULL,
       last_try INTEGER,
       last_success INTEGER,
       failures INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID`,

    /** Ranges of addresses that the operator refuses. */
    `CREATE TABLE bans (
       subnet TEXT PRIMARY KEY,
       created INTEGER NOT NULL,
       until INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID`,
  ],

  [
    /** What the operator lets count beside the fees of transactions, in nits; of any transaction not mined yet. */
    `CREATE TABLE priorities (txid BLOB PRIMARY KEY, delta INTEGER NOT NULL) STRICT, WITHOUT ROWID`,

    /** What the fee estimator has learned, as JSON. One row. */
    `CREATE TABLE fee_estimates (id INTEGER PRIMARY KEY CHECK (id = 1), learned TEXT NOT NULL) STRICT`,
  ],

  [
    /**
     * What came to each script and went: the address index. `place` is that of the output or input, an input's
     * with the highest bit of its index set; `fact` value and txid, and of an input the place of the output that
     * it spends. Rows are only added, where the outputs table had to look for each output that was spent.
     */
    `CREATE TABLE deltas (
       script BLOB NOT NULL,
       place BLOB NOT NULL,
       fact BLOB NOT NULL,
       PRIMARY KEY (script, place)
     ) STRICT, WITHOUT ROWID`,
    'INSERT INTO deltas SELECT script, created, fact FROM outputs ORDER BY script, created',
    `INSERT INTO deltas
       SELECT script, CAST(substr(spent, 1, 8) || x'80' || substr(spent, 10, 3) AS BLOB),
         CAST(substr(fact, 1, 8) || substr(spent, 13) || created AS BLOB)
       FROM outputs WHERE spent IS NOT NULL ORDER BY script, created`,
    'DROP TABLE outputs',
  ],
];
