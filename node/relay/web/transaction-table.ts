/** Transactions as rows: of a block, of the mempool. */
import type { MempoolRow, TxRow } from '../../../protocol/relay.ts';
import { type Column, DataTable } from '../../../service/web/data-table.ts';
import type { Child } from '../../../service/web/element.ts';
import { count } from '../../../service/web/format.ts';
import { stateWord } from '../../../service/web/panel.ts';
import { when } from '../../../service/web/when.ts';
import { feeRateText, money, transactionLink, vsizeText } from './parts.ts';

/** Of an id, before and behind what is left out: has room on a phone. */
const DIGITS = [6, 5] as const;

const AMOUNT: Column<TxRow> = {
  label: 'Amount',
  numeric: true,
  hint: 'sum of its outputs, what goes back to its sender included',
  cell: ({ output_nits }) => money(output_nits),
};
const RATE: Column<TxRow> = {
  label: 'Rate',
  numeric: true,
  roomy: true,
  hint: 'fee by size',
  cell: ({ fee_rate }) => feeRateText(fee_rate),
};
const SIZES: readonly Column<TxRow>[] = [
  { label: 'Inputs', numeric: true, detail: true, cell: ({ inputs }) => count(inputs) },
  { label: 'Outputs', numeric: true, detail: true, cell: ({ outputs }) => count(outputs) },
  { label: 'Size', numeric: true, roomy: true, hint: 'virtual bytes', cell: ({ vsize }) => vsizeText(vsize) },
  { label: 'Fee', numeric: true, roomy: true, cell: ({ fee_nits }) => money(fee_nits) },
];
const SEEN: Column<MempoolRow> = { label: 'Seen', cell: ({ time }) => when(time) };

const ID: Column<TxRow> = { label: 'Transaction', cell: ({ txid }) => transactionLink(txid, ...DIGITS) };

/** In their order of the block. */
export function blockTransactionTable(): DataTable<TxRow> {
  return new DataTable<TxRow>({
    caption: 'Transactions of the block',
    key: ({ txid }) => txid,
    compact: true,
    empty: 'The list is on its way.',
    columns: [
      {
        label: 'Transaction',
        cell: ({ txid, is_coinbase }) => [
          transactionLink(txid, ...DIGITS),
          ...(is_coinbase ? [' ', stateWord('reward', null, 'makes the new coins of this block')] : []),
        ],
      },
      AMOUNT,
      ...SIZES,
      RATE,
    ],
  });
}

/** Those that wait, newest first. */
export function mempoolTable(empty: Child | readonly Child[]): DataTable<MempoolRow> {
  return new DataTable<MempoolRow>({
    caption: 'Transactions that wait',
    key: ({ txid }) => txid,
    compact: true,
    empty,
    columns: [ID, SEEN, AMOUNT, ...SIZES, RATE],
  });
}

/** The newest few, in short. */
export function newestTransactionTable(empty: Child | readonly Child[]): DataTable<MempoolRow> {
  return new DataTable<MempoolRow>({
    caption: 'Newest transactions',
    key: ({ txid }) => txid,
    compact: true,
    empty,
    columns: [ID, SEEN, AMOUNT, RATE],
  });
}
