/** Payments that the pool has sent. */
import { copyable } from '../../service/web/copy.ts';
import { DataTable } from '../../service/web/data-table.ts';
import { type Child, h } from '../../service/web/element.ts';
import { count, UNKNOWN } from '../../service/web/format.ts';
import { exactAmount } from '../../service/web/panel.ts';
import { when } from '../../service/web/when.ts';
import type { Payout } from './answers.ts';
import { PAYOUT_STATES } from './explanations.ts';
import { state } from './parts.ts';

/**
 * @param showRecipients how many addresses each payment went to. Without it the payments are those of one
 * address, and the amount is what it got.
 */
export function payoutTable(
  showRecipients: boolean,
  coin: () => string,
  empty: readonly Child[],
): DataTable<Payout> {
  return new DataTable<Payout>({
    caption: 'Payouts',
    key: payoutKey,
    empty,
    columns: [
      { label: 'When', cell: ({ time }) => when(time) },
      { label: 'State', cell: (payout) => state(payout.state, PAYOUT_STATES) },
      {
        label: 'Amount',
        numeric: true,
        cell: ({ total_nits, items }) =>
          exactAmount(showRecipients ? total_nits : (items[0]?.amount_nits ?? null), coin()),
      },
      ...(showRecipients
        ? [{ label: 'Addresses', numeric: true, cell: ({ items }: Payout) => count(items.length) }]
        : []),
      {
        label: 'Transaction',
        cell: ({ txid }) =>
          txid === null
            ? h('span', { class: 'unknown' }, UNKNOWN)
            : copyable(txid, 'the id of the transaction', 6, 6),
      },
    ],
  });
}

/** A payment whose fee was raised has another txid, and is the same payment. */
export function payoutKey({ id, txid }: Payout): string {
  return String(id ?? txid);
}
