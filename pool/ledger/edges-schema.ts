/** What edges add to the second form of the ledger. */
export const EDGES_V2: readonly string[] = [
  // The prefix is what the extranonce1 of the edge's miners begins with, 0 to 32,767.
  'CREATE TABLE edges (name TEXT PRIMARY KEY, prefix INTEGER NOT NULL UNIQUE, seen_ms INTEGER NOT NULL) WITHOUT ROWID',
  // Jobs that edges were sent, with all that makes blocks of them; hashes of a list stand one after the other.
  `CREATE TABLE edge_templates (id INTEGER PRIMARY KEY, previous BLOB NOT NULL, height INTEGER NOT NULL,
     version INTEGER NOT NULL, bits INTEGER NOT NULL, time INTEGER NOT NULL, reward TEXT NOT NULL,
     auxiliary BLOB NOT NULL, branch BLOB NOT NULL, commitment BLOB, txids BLOB NOT NULL)`,
  `CREATE TABLE edge_jobs (job TEXT PRIMARY KEY, template INTEGER NOT NULL REFERENCES edge_templates (id),
     coinbase1 BLOB NOT NULL, coinbase2 BLOB NOT NULL, created_ms INTEGER NOT NULL) WITHOUT ROWID`,
  'CREATE TABLE edge_transactions (txid BLOB PRIMARY KEY, wtxid BLOB NOT NULL, bytes BLOB NOT NULL)',
];
