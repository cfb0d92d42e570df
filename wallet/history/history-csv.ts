/** A history as a table for other programs (RFC 4180). Pure. */
import { formatAmount } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import type { Counterparty, HistoryEntry } from './history.ts';

const HEAD = [
  'time',
  'status',
  'direction',
  'label',
  'amount',
  'fee',
  'net',
  'confirmations',
  'with',
  'note',
  'txid',
];

/** Times in UTC (ISO 8601), amounts in NILZ with a point; what is unknown is empty. Ends with a line break. */
export function historyCsv(entries: readonly HistoryEntry[]): string {
  const lines = entries.map((entry) => [
    entry.time === undefined ? '' : new Date(entry.time * 1_000).toISOString(),
    entry.problem === undefined ? entry.status : 'refused',
    entry.direction,
    plainText(entry.label ?? entry.labels.join(', ')),
    formatAmount(entry.amount),
    entry.fee === undefined ? '' : formatAmount(entry.fee),
    formatAmount(entry.net),
    String(entry.confirmations),
    plainText(othersOf(entry)),
    plainText(entry.note),
    displayHash(entry.txid),
  ]);
  return [HEAD, ...lines].map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

/** Who was at the other end: whom a payment went to, or where it came in. */
function othersOf({ direction, from, paid, received }: HistoryEntry): string {
  const name = ({ contact, label, address }: Counterparty) => contact ?? label ?? address ?? 'data';
  if (direction === 'sent') return paid.map(name).join('; ');
  return from ?? received.map(({ address }) => address ?? '').join('; ');
}

/** What others wrote must not become a formula in a spreadsheet (OWASP, CSV injection): a quote makes it text. */
function plainText(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
