/** Blocks as rows. */
import type { BlockRow } from '../../../protocol/relay.ts';
import { DataTable } from '../../../service/web/data-table.ts';
import { count, scaled } from '../../../service/web/format.ts';
import { unknown } from '../../../service/web/panel.ts';
import { when } from '../../../service/web/when.ts';
import { addressLink, blockLink, bytesText, foreignText, heightLink, money } from './parts.ts';
import { coinbaseText } from './readable-text.ts';

export function blockTable(): DataTable<BlockRow> {
  return new DataTable<BlockRow>({
    caption: 'Blocks',
    key: ({ hash }) => hash,
    empty: 'No block is known yet: the node is still fetching the chain.',
    columns: [
      { label: 'Height', numeric: true, cell: ({ height, hash }) => heightLink(height, hash) },
      { label: 'Time', cell: ({ time }) => when(time) },
      { label: 'Transactions', numeric: true, cell: ({ transactions }) => count(transactions) },
      { label: 'Size', numeric: true, cell: ({ size }) => bytesText(size) },
      { label: 'Reward', numeric: true, cell: ({ reward_nits }) => money(reward_nits) },
      { label: 'Fees', numeric: true, detail: true, cell: ({ fees_nits }) => money(fees_nits) },
      { label: 'Difficulty', numeric: true, detail: true, cell: ({ difficulty }) => scaled(difficulty) },
      {
        label: 'Found by',
        hint: 'the address that got the reward, and what it wrote into the block',
        cell: ({ finder, coinbase_hex }) => {
          const text = coinbaseText(coinbase_hex);
          return [
            finder === null ? unknown() : addressLink(finder, 9, 5),
            ...(text === null ? [] : [' ', foreignText(text, 'signature')]),
          ];
        },
      },
      { label: 'Hash', detail: true, cell: ({ hash }) => blockLink(hash) },
    ],
  });
}
