/** Blocks as rows. */
import type { BlockRow } from '../../../protocol/relay.ts';
import { type Column, DataTable } from '../../../service/web/data-table.ts';
import { count, scaled } from '../../../service/web/format.ts';
import { unknown } from '../../../service/web/panel.ts';
import { when } from '../../../service/web/when.ts';
import { addressLink, blockLink, bytesText, foreignText, heightLink, money } from './parts.ts';
import { coinbaseText } from './readable-text.ts';

const EMPTY = 'No block is known yet: the node is still fetching the chain.';

const HEIGHT: Column<BlockRow> = {
  label: 'Height',
  numeric: true,
  cell: ({ height, hash }) => heightLink(height, hash),
};
const TIME: Column<BlockRow> = { label: 'Time', cell: ({ time }) => when(time) };
const TRANSACTIONS: Column<BlockRow> = {
  label: 'Transactions',
  numeric: true,
  cell: ({ transactions }) => count(transactions),
};
const SIZE: Column<BlockRow> = { label: 'Size', numeric: true, cell: ({ size }) => bytesText(size) };

/** Everything that a row has room for. */
export function blockTable(): DataTable<BlockRow> {
  return new DataTable<BlockRow>({
    caption: 'Blocks',
    key: ({ hash }) => hash,
    compact: true,
    empty: EMPTY,
    columns: [
      HEIGHT,
      TIME,
      TRANSACTIONS,
      SIZE,
      { label: 'Reward', numeric: true, roomy: true, cell: ({ reward_nits }) => money(reward_nits) },
      { label: 'Fees', numeric: true, detail: true, cell: ({ fees_nits }) => money(fees_nits) },
      { label: 'Difficulty', numeric: true, detail: true, cell: ({ difficulty }) => scaled(difficulty) },
      {
        label: 'Found by',
        detail: true,
        hint: 'the address that got the reward, and what it wrote into the block',
        cell: (block) => [finderOf(block), ' ', signatureOf(block)],
      },
      { label: 'Hash', detail: true, cell: ({ hash }) => blockLink(hash) },
    ],
  });
}

/** The newest few, in short. */
export function newestBlockTable(): DataTable<BlockRow> {
  return new DataTable<BlockRow>({
    caption: 'Newest blocks',
    key: ({ hash }) => hash,
    compact: true,
    empty: EMPTY,
    columns: [HEIGHT, TIME, TRANSACTIONS, SIZE, { label: 'Found by', roomy: true, cell: finderOf }],
  });
}

/** The address that the reward goes to. */
function finderOf({ finder }: BlockRow): HTMLElement {
  return finder === null ? unknown() : addressLink(finder, 9, 5);
}

function signatureOf({ coinbase_hex: scriptHex }: BlockRow): HTMLElement | null {
  const text = coinbaseText(scriptHex);
  return text === null ? null : foreignText(text, 'signature');
}
