/** What an audit found, in words and as JSON. */
import { bytesToHex } from '../../protocol/bytes.ts';
import { type AuditReport, outcomeOf } from './audit.ts';
import type { ChainReport, NotedHead } from './chain-audit.ts';

/** For people: a line for each thing that is known. */
export function auditText(report: AuditReport, noted?: NotedHead): string {
  const { shareLog } = report;
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
    ...findings.map((text) => `WRONG       ${text}`),
    ...(findingsTotal > findings.length ? [`WRONG       and ${findingsTotal - findings.length} more`] : []),
    { 'adds-up': 'Everything adds up.', 'does-not': 'This ledger does not add up.', undecided: UNDECIDED }[
      outcomeOf(report)
    ],
  ];
  return lines.join('\n');
}

const UNDECIDED = 'What is kept adds up; of the noted head nothing can be said.';

/** For programs. Times are Unix seconds. */
export function auditJson(report: AuditReport, noted?: NotedHead) {
  const { shareLog } = report;
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
