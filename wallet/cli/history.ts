/** `nilz wallet history`: what happened, newest first. */
import { formatAmount } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { integer, string } from '../../service/config.ts';
import type { Counterparty, HistoryEntry } from '../history/history.ts';
import { parseLabel } from '../keys/contents.ts';
import { walletCommand } from './command.ts';
import { amountJson, shownAmount, table } from './table.ts';

export const history = walletCommand({
  name: 'history',
  summary: 'what was sent, received and mined, newest first',
  settings: {
    label: string({ help: 'of this label only' }),
    limit: integer({ help: 'at most so many entries', default: 50, min: 1, max: 1_000_000 }),
  },
  async run(session, { label, limit }) {
    const wallet = await session.openWallet();
    const entries = await wallet.history({ limit, ...(label !== undefined && { label: parseLabel(label) }) });
    const head = ['time', 'label', 'what', 'amount', 'fee', 'status', 'with', 'transaction'];
    const lines = table(
      [head, ...entries.map(row)],
      ['left', 'left', 'left', 'right', 'right', 'left', 'left', 'left'],
    );
    const nothing = 'Nothing yet. "nilz wallet new-address" makes an address to be paid at.';
    session.result(
      { network: session.profile.name, entries: entries.map(entryJson) },
      entries.length > 0 ? lines : [nothing],
    );
  },
});

function row(entry: HistoryEntry): string[] {
  const status = entry.status === 'pending' ? 'pending' : `${entry.status} (${entry.confirmations})`;
  const { label, direction } = entry;
  const sign = direction === 'sent' ? '-' : direction === 'moved' ? '' : '+';
  const fee = direction === 'sent' || direction === 'moved' ? shownAmount(entry.fee) : '';
  return [
    timeOf(entry),
    label,
    direction,
    sign + formatAmount(entry.amount),
    fee,
    status,
    others(entry),
    displayHash(entry.txid),
  ];
}

/** Local time to the minute, sortable. */
function timeOf({ time }: HistoryEntry): string {
  if (time === undefined) return '—';
  const date = new Date(time * 1_000);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16).replace('T', ' ');
}

/** Who was at the other end: a label where it is ours, else the address. */
function others({ paid, from }: HistoryEntry): string {
  const names = paid.map((payee: Counterparty) => payee.label ?? payee.address ?? 'data');
  const [first = from ?? '', ...more] = names;
  return more.length > 0 ? `${first} and ${more.length} more` : first;
}

function entryJson(entry: HistoryEntry): Record<string, unknown> {
  const { label, direction, status, confirmations, time, from } = entry;
  return {
    txid: displayHash(entry.txid),
    ...{ label, direction, status, confirmations },
    time: time ?? null,
    ...amountJson('amount', entry.amount),
    ...amountJson('fee', entry.fee),
    ...amountJson('net', entry.net),
    from: from ?? null,
    paid: entry.paid.map((payee) => ({
      address: payee.address ?? null,
      label: payee.label ?? null,
      ...amountJson('amount', payee.amount),
    })),
  };
}
