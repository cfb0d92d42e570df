/** Transactions as rows: of a block, of the mempool. */
import type { MempoolRow, TxRow } from '../../../protocol/relay.ts';
import { type Column, DataTable } from '../../../service/web/data-table.ts';
import type { Child } from '../../../service/web/element.ts';
import { count } from '../../../service/web/format.ts';
import { stateWord, unknown } from '../../../service/web/panel.ts';
import { when } from '../../../service/web/when.ts';
import { feeRateText, money, transactionLink, vsizeText } from './parts.ts';

const COLUMNS: readonly Column<TxRow>[] = [
  {
    label: 'Amount',
    numeric: true,
    hint: 'sum of its outputs, what goes back to its sender included',
    cell: ({ output_nits }) => money(output_nits),
  },
  { label: 'Inputs', numeric: true, detail: true, cell: ({ inputs }) => count(inputs) },
  { label: 'Outputs', numeric: true, detail: true, cell: ({ outputs }) => count(outputs) },
  { label: 'Size', numeric: true, hint: 'virtual bytes', cell: ({ vsize }) => vsizeText(vsize) },
  { label: 'Fee', numeric: true, cell: ({ fee_nits }) => (fee_nits === null ? unknown() : money(fee_nits)) },
  { label: 'Rate', numeric: true, hint: 'fee by size', cell: ({ fee_rate }) => feeRateText(fee_rate) },
];

/** In their order of the block. */
export function blockTransactionTable(): DataTable<TxRow> {
  return new DataTable<TxRow>({
    caption: 'Transactions of the block',
    key: ({ txid }) => txid,
    empty: 'The list is on its way.',
    columns: [
      {
        label: 'Transaction',
        cell: ({ txid, is_coinbase }) => [
          transactionLink(txid, 10, 10),
          ...(is_coinbase ? [' ', stateWord('reward', null, 'makes the new coins of this block')] : []),
        ],
      },
      ...COLUMNS,
    ],
  });
}

/** Newest first. */
export function mempoolTable(caption: string, empty: Child | readonly Child[]): DataTable<MempoolRow> {
  return new DataTable<MempoolRow>({
    caption,
    key: ({ txid }) => txid,
    empty,
    columns: [
      { label: 'Transaction', cell: ({ txid }) => transactionLink(txid, 10, 10) },
      { label: 'Seen', cell: ({ time }) => when(time) },
      ...COLUMNS,
    ],
  });
}
