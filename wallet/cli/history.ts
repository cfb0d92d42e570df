/** `nilz wallet history`: what happened, newest first. */
import { formatAmount } from '../../protocol/amount.ts';
import { displayHash } from '../../protocol/bytes.ts';
import { choice, integer, SettingError, string } from '../../service/config.ts';
import type { SyncProgress } from '../history/book-sync.ts';
import { type Counterparty, DIRECTIONS, type HistoryEntry, STATUSES } from '../history/history.ts';
import type { HistoryChoice } from '../history/history-page.ts';
import { parseLabel } from '../keys/contents.ts';
import type { Wallet } from '../wallet.ts';
import { walletCommand } from './command.ts';
import type { Session } from './session.ts';
import { amountJson, shownAmount, table } from './table.ts';
import { writeNewFile } from './text-file.ts';

/** `label`: a payment between two labels is told for each; `wallet`: once. */
const SCOPES = ['label', 'wallet'] as const;

export const history = walletCommand({
  name: 'history',
  summary: 'what was sent, received and mined, newest first',
  settings: {
    scope: choice(SCOPES, {
      help: 'as each label sees a transaction, or as the whole wallet does',
      default: 'label',
    }),
    label: string({ help: 'only what concerns this label' }),
    direction: choice(DIRECTIONS, { help: 'only these' }),
    status: choice(STATUSES, { help: 'only these' }),
    text: string({ help: 'only what has this in a note, a label, a contact, an address or an id' }),
    since: string({ help: 'only from this day on: YYYY-MM-DD, local time' }),
    until: string({ help: 'only to the end of this day: YYYY-MM-DD, local time' }),
    limit: integer({ help: 'at most so many entries', default: 50, min: 1, max: 1_000_000 }),
    csv: string({ help: 'all that was chosen as a table for spreadsheets, into this new file; - prints it' }),
  },
  async run(session, values) {
    const { terminal, profile } = session;
    const chosen = choiceOf(values);
    const wallet = await session.openWallet();
    await readFirst(wallet, session);
    if (values.csv !== undefined) return exportCsv(session, wallet, chosen, values.csv);
    const { rows, total } = await wallet.history({ ...chosen, limit: values.limit });
    const head = ['time', 'label', 'what', 'amount', 'fee', 'status', 'with', 'transaction'];
    const lines = table(
      [head, ...rows.map(row)],
      ['left', 'left', 'left', 'right', 'right', 'left', 'left', 'left'],
    );
    const nothing =
      chosen.filter === undefined && chosen.label === undefined
        ? 'Nothing yet. "nilz wallet receive" shows an address to be paid at.'
        : 'Nothing of this kind.';
    session.result(
      { network: profile.name, entries: rows.map(entryJson), total },
      rows.length > 0 ? lines : [nothing],
    );
    if (total > rows.length)
      terminal.note(`${total - rows.length} older ones are not shown: --limit ${total} shows all.`);
  },
});

interface ChoiceValues {
  readonly scope: (typeof SCOPES)[number];
  readonly label: string | undefined;
  readonly direction: HistoryEntry['direction'] | undefined;
  readonly status: HistoryEntry['status'] | undefined;
  readonly text: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
}

function choiceOf(values: ChoiceValues): HistoryChoice {
  const { scope, label, direction, status, text } = values;
  const since = values.since === undefined ? undefined : dayStart(values.since, '--since', 0);
  const until = values.until === undefined ? undefined : dayStart(values.until, '--until', 1);
  const filter = { direction, status, text, since, until };
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  return {
    scope,
    ...(label !== undefined && { label: parseLabel(label) }),
    ...(isFiltered && { filter }),
  };
}

/** Unix seconds at which a local day begins, or the day so many days later. */
function dayStart(text: string, option: string, daysLater: number): number {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number);
  const date = new Date(year ?? Number.NaN, (month ?? 0) - 1, day);
  if (Number.isNaN(date.getTime()) || date.getMonth() + 1 !== month || date.getDate() !== day)
    throw new SettingError(`${option} ${text}: must be a day as YYYY-MM-DD`);
  date.setDate(date.getDate() + daysLater);
  return Math.floor(date.getTime() / 1_000);
}

/** Reads what is new with a line of progress: the first time that may be all there ever was. */
async function readFirst(wallet: Wallet, { terminal }: Session): Promise<void> {
  let shown = false;
  await wallet.sync(({ read, listed }: SyncProgress) => {
    shown = true;
    terminal.progress(`${read} of ${listed} transactions read`);
  });
  if (shown) terminal.progress(undefined);
}

async function exportCsv(
  session: Session,
  wallet: Wallet,
  chosen: HistoryChoice,
  file: string,
): Promise<void> {
  if (file === '-' && session.json)
    throw new SettingError('--csv - and --json both print: give --csv a file, or leave --json out');
  const csv = await wallet.historyCsv(chosen);
  if (file === '-') {
    session.terminal.print(csv.trimEnd());
    return;
  }
  writeNewFile(file, csv, '--csv');
  session.result({ network: session.profile.name, csv: file }, [file]);
}

function row(entry: HistoryEntry): string[] {
  const { direction } = entry;
  const sign = direction === 'sent' ? '-' : direction === 'moved' ? '' : '+';
  const fee = direction === 'sent' || direction === 'moved' ? shownAmount(entry.fee) : '';
  return [
    timeOf(entry),
    entry.label ?? entry.labels.join(', '),
    direction,
    sign + formatAmount(entry.amount),
    fee,
    statusOf(entry),
    others(entry),
    displayHash(entry.txid),
    ...(entry.note === '' ? [] : [entry.note]),
  ];
}

function statusOf({ status, confirmations, blocksLeft, problem }: HistoryEntry): string {
  if (problem !== undefined) return 'not taken';
  if (status === 'pending') return 'pending';
  return blocksLeft === undefined ? `${status} (${confirmations})` : `${status}, ${blocksLeft} blocks left`;
}

/** Local time to the minute, sortable. */
function timeOf({ time }: HistoryEntry): string {
  if (time === undefined) return '—';
  const date = new Date(time * 1_000);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16).replace('T', ' ');
}

/** Who was at the other end: a label or a contact, else the address. */
function others({ paid, from }: HistoryEntry): string {
  const names = paid.map((payee) => payee.label ?? payee.contact ?? payee.address ?? 'data');
  const [first = from ?? '', ...more] = names;
  return more.length > 0 ? `${first} and ${more.length} more` : first;
}

function entryJson(entry: HistoryEntry): Record<string, unknown> {
  const { label, labels, direction, status, confirmations, time, from, note } = entry;
  return {
    txid: displayHash(entry.txid),
    label: label ?? null,
    ...{ labels, direction, status, confirmations },
    blocks_left: entry.blocksLeft ?? null,
    problem: entry.problem ?? null,
    height: entry.height ?? null,
    time: time ?? null,
    ...amountJson('amount', entry.amount),
    ...amountJson('fee', entry.fee),
    ...amountJson('net', entry.net),
    from: from ?? null,
    paid: entry.paid.map(partyJson),
    received: entry.received.map(partyJson),
    note,
  };
}

function partyJson({ address, label, contact, amount }: Counterparty): Record<string, unknown> {
  return {
    address: address ?? null,
    label: label ?? null,
    contact: contact ?? null,
    ...amountJson('amount', amount),
  };
}
