import type { ChainReader } from '../ledger/chain-reader.ts';
import { LedgerSnapshot } from '../ledger/ledger-snapshot.ts';
import { ChainAudit, type ChainReport, type NotedHead } from './chain-audit.ts';
import { MoneyAudit, type MoneyReport } from './money-audit.ts';

/** What an audit of a pool's ledger found. */
export interface AuditReport {
  readonly file: string;
  readonly network: string;
  readonly shareLog: ChainReport;
  readonly money: MoneyReport;
}

/**
 * Recomputes what can be recomputed from a pool's ledger, and compares. The file is only read, all of it as it
 * stands at one moment; the pool may be running.
 * @throws DatabaseError when it cannot be read
 */
export async function auditLedger(file: string, noted?: NotedHead): Promise<AuditReport> {
  const snapshot = await LedgerSnapshot.open(file);
  try {
    const shareLog = await auditShareLog(snapshot.chain, noted);
    const money = await new MoneyAudit(snapshot).run();
    return { file: snapshot.file, network: snapshot.network, shareLog, money };
  } finally {
    await snapshot.close();
  }
}

async function auditShareLog(reader: ChainReader, noted: NotedHead | undefined): Promise<ChainReport> {
  const audit = new ChainAudit(await reader.start(), noted);
  for await (const batch of reader.batches()) audit.add(batch);
  return audit.report(await reader.rest(), await reader.count());
}

/** How an audit ends: everything adds up, something does not, or a noted head cannot be judged. */
export type AuditOutcome = 'adds-up' | 'does-not' | 'undecided';

export function outcomeOf({ shareLog, money }: AuditReport): AuditOutcome {
  const noted = shareLog.noted?.outcome;
  if (shareLog.findingsTotal + money.findingsTotal > 0 || noted === 'changed') return 'does-not';
  return noted === 'too-old' || noted === 'unknown' ? 'undecided' : 'adds-up';
}
