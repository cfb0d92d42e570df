/** What an audit found, in words and as JSON. */
import { formatAmount } from '../../protocol/amount.ts';
import { bytesToHex } from '../../protocol/bytes.ts';
import { type AuditReport, outcomeOf } from './audit.ts';
import type { ChainReport, NotedHead } from './chain-audit.ts';
import type { MoneyReport } from './money-audit.ts';

/** For people: a line for each thing that is known. */
export function auditText(report: AuditReport, noted?: NotedHead): string {
  const { shareLog, money } = report;
  const { batches, shares, first, last, head, findings, findingsTotal } = shareLog;
  const lines = [
    `ledger      ${report.file}`,
    `network     ${report.network}`,
    first === undefined || last === undefined
      ? 'share log   no batch is kept'
      : `share log   ${batches} batches (${first.batch} to ${last.batch}, ${time(first.timeMs)} to ${time(last.timeMs)}), ` +
        `${shares} shares`,
    `head        ${bytesToHex(head)}`,
    ...(noted === undefined ? [] : [`noted head  ${verdictText(shareLog, noted)}`]),
    ...moneyText(money),
    ...findingsText(findings, findingsTotal),
    ...findingsText(money.findings, money.findingsTotal),
    { 'adds-up': 'Everything adds up.', 'does-not': 'This ledger does not add up.', undecided: UNDECIDED }[
      outcomeOf(report)
    ],
  ];
  return lines.join('\n');
}

/** Blocks, payouts, and what all balances come to. */
function moneyText({ blocks, rounds, roundsFromShares, payouts, totals }: MoneyReport): string[] {
  const { owed, inPayout, paid, immature, lostToOperator } = totals;
  return [
    `blocks      ${blocks}, ${rounds} divided, ${roundsFromShares} of them recomputed from shares`,
    `payouts     ${payouts}`,
    `balances    ${formatAmount(paid)} paid, ${formatAmount(inPayout)} in payout, ${formatAmount(owed)} owed, ` +
      `${formatAmount(immature)} immature, ${formatAmount(lostToOperator)} lost to the operator`,
  ];
}

function findingsText(findings: readonly string[], total: number): string[] {
  const more = total > findings.length ? [`WRONG       and ${total - findings.length} more`] : [];
  return [...findings.map((text) => `WRONG       ${text}`), ...more];
}

const UNDECIDED = 'What is kept adds up; of the noted head nothing can be said.';

/** For programs. Times are Unix seconds. */
export function auditJson(report: AuditReport, noted?: NotedHead) {
  const { shareLog, money } = report;
  const { first, last } = shareLog;
  return {
    ledger: report.file,
    network: report.network,
    outcome: outcomeOf(report),
    share_log: {
      findings: shareLog.findings,
      findings_total: shareLog.findingsTotal,
      batches: shareLog.batches,
      shares: shareLog.shares,
      first: first === undefined ? null : { batch: first.batch, time: first.timeMs / 1000 },
      last: last === undefined ? null : { batch: last.batch, time: last.timeMs / 1000 },
      head: bytesToHex(shareLog.head),
    },
    money: {
      findings: money.findings,
      findings_total: money.findingsTotal,
      blocks: money.blocks,
      rounds: money.rounds,
      rounds_from_shares: money.roundsFromShares,
      payouts: money.payouts,
      totals_nits: Object.fromEntries(
        Object.entries(money.totals).map(([part, nits]) => [snakeCase(part), String(nits)]),
      ),
    },
    noted_head:
      noted === undefined
        ? null
        : {
            head: bytesToHex(noted.head),
            outcome: shareLog.noted?.outcome,
            message: verdictText(shareLog, noted),
          },
  };
}

/** `inPayout` as `in_payout`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function verdictText({ noted: verdict, first, last }: ChainReport, { batch }: NotedHead): string {
  switch (verdict?.outcome) {
    case 'confirmed':
      return (
        `confirmed: it is the head of batch ${verdict.batch}${verdict.timeMs === undefined ? '' : `, ${time(verdict.timeMs)}`}; ` +
        'nothing up to it was removed, changed or put in another order since'
      );
    case 'changed':
      return batch !== undefined && batch > (last?.batch ?? 0)
        ? `CHANGED: batch ${batch} is not there, the log ends with batch ${last?.batch ?? 0}: what came after it was removed`
        : `CHANGED: ${batch === undefined ? 'the batch' : `batch ${batch}`} is not what it was when this head was noted: ` +
            'something up to it was removed, changed or put in another order';
    case 'too-old':
      return `too old: batch ${batch} is older than what is kept (from ${kept(first)} on) and cannot be checked any more`;
    case 'unknown':
      return (
        `unknown: no batch that is kept (${kept(first)} to ${kept(last)}) has it. Noted before, it is too old to be checked; ` +
        'noted since, it is of another pool, or what it covers was removed or changed. ' +
        'Give the number of its batch too (BATCH:HEAD) to tell these apart'
      );
    case undefined:
      return 'not looked for';
  }
}

function kept(batch: ChainReport['first']): string {
  return batch === undefined ? 'none' : `batch ${batch.batch}, ${time(batch.timeMs)}`;
}

function time(timeMs: number): string {
  return Number.isFinite(timeMs) && Math.abs(timeMs) <= 8.64e15
    ? new Date(timeMs).toISOString()
    : `time ${timeMs}`;
}
