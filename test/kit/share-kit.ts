/** Credited shares and ledgers to put them in. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Ledger, type LedgerOptions } from '../../pool/ledger/ledger.ts';
import { APPLICATION_ID, MIGRATIONS } from '../../pool/ledger/ledger-schema.ts';
import type { Share } from '../../pool/stratum/share.ts';
import { type Database, openDatabase } from '../../service/database.ts';
import { SILENT, temporaryDirectory } from './surroundings.ts';

let lastHash = 0;

/** A share no other share is equal to. */
export function share(changes: Partial<Share> = {}): Share {
  lastHash += 1;
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, lastHash);
  return {
    worker: { address: 'dnilz1qalice', name: 'rig' },
    jobId: '1f',
    tip: new Uint8Array(32).fill(7),
    tipHeight: 999,
    bits: 0x1d00ffff,
    difficulty: 0.001,
    weight: 4_294_967n,
    hash,
    timeMs: 1_795_132_800_123,
    late: false,
    ...changes,
  };
}

export type OpenOptions = Partial<LedgerOptions>;

/** A ledger in a directory of its own, or in a file; it is closed with the test. */
export async function openLedger(
  test: TestContext,
  options: OpenOptions = {},
): Promise<{ ledger: Ledger; file: string }> {
  const file = options.file ?? join(await temporaryDirectory(test), 'pool.sqlite');
  const ledger = await Ledger.open({ network: 'dev', log: SILENT, gatherMs: 1, ...options, file });
  test.after(() => ledger.close());
  return { ledger, file };
}

/** Does to a ledger's file what no pool would. */
export async function tamper(file: string, work: (database: Database) => Promise<void>): Promise<void> {
  const database = await openDatabase(file, { applicationId: APPLICATION_ID, migrations: MIGRATIONS });
  try {
    await database.exec('PRAGMA foreign_keys = OFF');
    await work(database);
  } finally {
    await database.close();
  }
}
