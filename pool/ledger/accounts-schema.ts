import type { Bits, Hash, Height, Nits } from '../../protocol/units.ts';
import type { BlockState, Delivery } from '../accounting/block-state.ts';
import { parseFee, type Scheme, type Terms } from '../accounting/scheme.ts';
import type { Worker } from '../stratum/worker-name.ts';
import { plainBytes } from './blob.ts';

export type { Delivery };

/** A block of this pool. */
export interface LedgerBlock {
  readonly hash: Hash;
  readonly previous: Hash;
  readonly height: Height;
  readonly bits: Bits;
  readonly timeMs: number;
  /** Subsidy and fees. */
  readonly reward: Nits;
  /** Who found it; undefined when it was found in the chain and not in the ledger. */
  readonly worker: Worker | undefined;
  readonly delivery: Delivery;
  /** The node's word for it: `inconclusive`, `high-hash`, … */
  readonly reason: string | undefined;
  /** Its round ends with this share, inclusive. Undefined when it was found in the chain: then the ledger is asked. */
  readonly endSequence?: number | undefined;
  /** What it is divided by. Undefined when it was found in the chain, or by a pool that kept no accounts. */
  readonly terms?: Terms | undefined;
}

/**
 * What blocks, credits and payouts add to the second form of the ledger. Amounts are whole nits; weights are text,
 * as in `shares`.
 */
export const ACCOUNTS_V2: readonly string[] = [
  'ALTER TABLE blocks ADD COLUMN end_sequence INTEGER',
  'ALTER TABLE blocks ADD COLUMN scheme TEXT',
  'ALTER TABLE blocks ADD COLUMN fee_percent TEXT',
  "ALTER TABLE blocks ADD COLUMN state TEXT NOT NULL DEFAULT 'pending'",
  'CREATE INDEX blocks_by_state ON blocks (state)',
  'CREATE INDEX blocks_by_end ON blocks (end_sequence)',
  // Up to where the chain was looked at: everything is looked at again when this block is not in it any more.
  'CREATE TABLE chain_seen (one INTEGER PRIMARY KEY CHECK (one = 1), hash BLOB NOT NULL, height INTEGER NOT NULL)',
  'CREATE TABLE payees (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE)',
  // One row per block, for ever. `work`: what a block of its difficulty takes. `batch` and `head` are those of the
  // share log when the shares had been summed up.
  `CREATE TABLE rounds (block INTEGER PRIMARY KEY REFERENCES blocks (id), scheme TEXT NOT NULL,
     fee_percent TEXT NOT NULL, start_sequence INTEGER NOT NULL, end_sequence INTEGER NOT NULL,
     work TEXT NOT NULL, weight TEXT NOT NULL, counted TEXT NOT NULL, operator INTEGER NOT NULL,
     batch INTEGER NOT NULL, head BLOB NOT NULL)`,
  // What everyone did in the round, what of it the reward was divided by, and what that came to. `direct`: the
  // coinbase pays it. `payout`: which payout carries it.
  `CREATE TABLE credits (block INTEGER NOT NULL REFERENCES blocks (id),
     payee INTEGER NOT NULL REFERENCES payees (id), weight TEXT NOT NULL, counted TEXT NOT NULL,
     amount INTEGER NOT NULL, direct INTEGER NOT NULL, payout INTEGER REFERENCES payouts (id),
     PRIMARY KEY (block, payee)) WITHOUT ROWID`,
  'CREATE INDEX credits_by_payee ON credits (payee)',
  'CREATE INDEX credits_by_payout ON credits (payout) WHERE payout IS NOT NULL',
  'CREATE INDEX credits_unpaid ON credits (block) WHERE payout IS NULL AND direct = 0 AND amount > 0',
  // The place columns say which block holds it, and since which block none of its transactions is possible.
  `CREATE TABLE payouts (id INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, state TEXT NOT NULL,
     block_hash BLOB, block_height INTEGER, block_txid BLOB, impossible_hash BLOB, impossible_height INTEGER)`,
  'CREATE INDEX payouts_by_state ON payouts (state)',
  `CREATE TABLE payout_items (payout INTEGER NOT NULL REFERENCES payouts (id),
     payee INTEGER NOT NULL REFERENCES payees (id), amount INTEGER NOT NULL,
     PRIMARY KEY (payout, payee)) WITHOUT ROWID`,
  'CREATE INDEX payout_items_by_payee ON payout_items (payee)',
  // A payout's transactions: the first and its replacements. Each pays the same items.
  `CREATE TABLE payout_transactions (id INTEGER PRIMARY KEY, payout INTEGER NOT NULL REFERENCES payouts (id),
     txid BLOB NOT NULL UNIQUE, raw BLOB NOT NULL, fee INTEGER NOT NULL, time_ms INTEGER NOT NULL,
     height INTEGER NOT NULL)`,
  'CREATE INDEX payout_transactions_by_payout ON payout_transactions (payout)',
  // The coinbase columns: the block whose coinbase made the coin, if one did.
  `CREATE TABLE payout_inputs (payout_transaction INTEGER NOT NULL REFERENCES payout_transactions (id),
     txid BLOB NOT NULL, output INTEGER NOT NULL, value INTEGER NOT NULL, script BLOB NOT NULL,
     coinbase_hash BLOB, coinbase_height INTEGER, PRIMARY KEY (payout_transaction, txid, output)) WITHOUT ROWID`,
];

/** A row of `blocks` with its worker's. */
export interface BlockRow {
  readonly id: number;
  readonly hash: Hash;
  readonly previous: Hash;
  readonly height: Height;
  readonly bits: Bits;
  readonly time_ms: number;
  readonly reward: string;
  readonly address: string | null;
  readonly name: string | null;
  readonly delivery: Delivery;
  readonly reason: string | null;
  readonly end_sequence: number | null;
  readonly scheme: Scheme | null;
  readonly fee_percent: string | null;
  readonly state: BlockState;
}

export function readBlock(row: BlockRow): LedgerBlock {
  const { scheme, fee_percent: percent } = row;
  return {
    hash: plainBytes(row.hash),
    previous: plainBytes(row.previous),
    height: row.height,
    bits: row.bits,
    timeMs: row.time_ms,
    reward: BigInt(row.reward),
    worker: row.address === null ? undefined : { address: row.address, name: row.name ?? '' },
    delivery: row.delivery,
    reason: row.reason ?? undefined,
    endSequence: row.end_sequence ?? undefined,
    terms: scheme === null || percent === null ? undefined : { scheme, fee: parseFee(percent) },
  };
}
