/** Marks the file as a faucet's. */
export const APPLICATION_ID = 0x4e5a4643;

/** How the faucet's file came to its present form, step by step. Amounts are nits, times Unix milliseconds. */
export const MIGRATIONS = [
  [
    'CREATE TABLE identity (network TEXT NOT NULL, paused INTEGER NOT NULL DEFAULT 0)',
    // Random values that must be the same after a restart, by what they are for.
    'CREATE TABLE secrets (purpose TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID',
    // Challenges that were used. Those that are not here and not expired may be.
    'CREATE TABLE challenges (id TEXT PRIMARY KEY, spent_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL) WITHOUT ROWID',
    'CREATE INDEX challenges_by_expiry ON challenges (expires_ms)',
    // A payout is one promise to pay its claims; its transactions replace each other, one of them is mined.
    `CREATE TABLE payouts (id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL,
       state TEXT NOT NULL CHECK (state IN ('sending', 'confirmed', 'settled', 'returned')),
       block_height INTEGER, block_txid BLOB)`,
    'CREATE INDEX payouts_by_state ON payouts (state)',
    `CREATE TABLE payout_transactions (id INTEGER PRIMARY KEY, payout INTEGER NOT NULL REFERENCES payouts (id),
       txid BLOB NOT NULL UNIQUE, raw BLOB NOT NULL, fee INTEGER NOT NULL, time_ms INTEGER NOT NULL,
       height INTEGER NOT NULL)`,
    'CREATE INDEX payout_transactions_by_payout ON payout_transactions (payout)',
    `CREATE TABLE payout_inputs (payout_transaction INTEGER NOT NULL REFERENCES payout_transactions (id),
       txid BLOB NOT NULL, output INTEGER NOT NULL, value INTEGER NOT NULL, script BLOB NOT NULL,
       PRIMARY KEY (payout_transaction, txid, output)) WITHOUT ROWID`,
    'CREATE INDEX payout_inputs_by_coin ON payout_inputs (txid, output)',
    // A claim is queued while it has neither payout nor reason to be refused: its state is nowhere else.
    `CREATE TABLE claims (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, address TEXT NOT NULL,
       client TEXT NOT NULL, proof TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0),
       created_ms INTEGER NOT NULL, payout INTEGER REFERENCES payouts (id), refused TEXT)`,
    'CREATE INDEX claims_by_address ON claims (address, created_ms)',
    'CREATE INDEX claims_by_client ON claims (client, created_ms)',
    'CREATE INDEX claims_by_time ON claims (created_ms, refused, amount)',
    'CREATE INDEX claims_by_payout ON claims (payout)',
    'CREATE INDEX claims_queued ON claims (number) WHERE payout IS NULL AND refused IS NULL',
  ],
] as const;
