/** Transactions of the wallet as a table. */
import { DataTable } from '../../../service/web/data-table.ts';
import { type Child, h } from '../../../service/web/element.ts';
import { when } from '../../../service/web/when.ts';
import type { HistoryRow } from '../../gui/api-values.ts';
import { transactionPath } from '../paths.ts';
import {
  change,
  directionMark,
  explorerLink,
  labelTag,
  ownText,
  shortAddress,
  statusWord,
} from '../pieces/money.ts';
import type { WalletFeed } from '../session/wallet-feed.ts';

export interface HistoryTableOptions {
  readonly caption: string;
  readonly feed: WalletFeed;
  /** Without notes and links: for a few rows. */
  readonly isShort?: boolean;
  readonly empty: Child | readonly Child[];
}

export function historyTable({
  caption,
  feed,
  isShort = false,
  empty,
}: HistoryTableOptions): DataTable<HistoryRow> {
  return new DataTable<HistoryRow>({
    caption,
    key: historyKey,
    empty,
    compact: isShort,
    columns: [
      {
        label: 'What',
        cell: ({ direction, txid }) =>
          h('a', { href: transactionPath(txid), class: 'row-link', title: txid }, directionMark(direction)),
      },
      {
        label: 'When',
        roomy: isShort,
        cell: ({ time }) => (time === null ? h('span', { class: 'unknown' }, 'not yet') : when(time)),
      },
      { label: 'With', detail: isShort, cell: otherEnds },
      ...(isShort ? [] : [{ label: 'Labels', detail: true, cell: labelCell }]),
      { label: 'State', cell: (row: HistoryRow) => statusWord(row) },
      {
        label: 'Amount',
        numeric: true,
        cell: (row: HistoryRow) => change(row.net_nits),
      },
      ...(isShort
        ? []
        : [
            {
              label: '',
              spoken: 'Elsewhere',
              detail: true,
              cell: ({ txid }: HistoryRow) => explorerLink(feed.state, `/tx/${txid}`, 'Explorer'),
            },
          ]),
    ],
  });
}

/** A transaction may stand there once for each label. */
export function historyKey({ txid, label }: HistoryRow): string {
  return `${txid} ${label ?? ''}`;
}

/** Whom it paid, who paid, and what is noted of it. */
function otherEnds({ direction, paid, received, from, note }: HistoryRow): Child[] {
  const words = note === '' ? null : h('span', { class: 'row-note' }, ownText(note));
  const ends = direction === 'sent' ? paid : received;
  const [first] = ends;
  const more = ends.length > 1 ? ` and ${ends.length - 1} more` : '';
  if (direction === 'received' && from !== null) return [h('span', {}, 'from ', labelTag(from)), words];
  if (first === undefined) return [words];
  const name =
    direction === 'sent' && first.label !== null
      ? labelTag(first.label)
      : first.address === null
        ? h('span', {}, 'data')
        : shortAddress(first.address);
  return [h('span', {}, direction === 'sent' ? 'to ' : 'at ', name, more), words];
}

function labelCell({ label, labels }: HistoryRow): Child[] {
  const names = label === null ? labels : [label];
  return names.map((name) => labelTag(name));
}
