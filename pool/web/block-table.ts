/** Blocks that the pool found, with how far each is on its way to being paid. */
import { copyable } from '../../service/web/copy.ts';
import { DataTable } from '../../service/web/data-table.ts';
import { type Child, h } from '../../service/web/element.ts';
import { count, percent } from '../../service/web/format.ts';
import { exactAmount } from '../../service/web/panel.ts';
import { when } from '../../service/web/when.ts';
import type { Block } from './answers.ts';
import { BLOCK_STATES } from './explanations.ts';
import { addressLink, state, workerLink } from './parts.ts';

/** @param coin what amounts are counted in, as far as it is known by then */
export function blockTable(coin: () => string, empty: readonly Child[]): DataTable<Block> {
  return new DataTable<Block>({
    caption: 'Blocks found',
    key: ({ hash }) => hash,
    empty,
    columns: [
      { label: 'Height', numeric: true, cell: ({ height }) => count(height) },
      { label: 'Found', cell: ({ time }) => when(time) },
      { label: 'State', cell: maturity },
      {
        label: 'Effort',
        numeric: true,
        hint: 'work done for it, in parts of what a block takes on average; below 100 % is luck',
        cell: ({ effort }) => percent(effort),
      },
      { label: 'Reward', numeric: true, cell: ({ reward_nits }) => exactAmount(reward_nits, coin()) },
      { label: 'Found by', cell: finder },
      { label: 'Hash', cell: ({ hash }) => copyable(hash, 'the hash of the block') },
    ],
  });
}

function finder({ address, worker }: Block): readonly Child[] {
  if (address === null) return [h('span', { class: 'unknown' }, '—')];
  return [workerLink(address, worker ?? ''), ' ', addressLink(address, 8, 4)];
}

/** The state and, until it is deep enough, how deep it is. */
function maturity(block: Block): readonly Child[] {
  const word = state(block.state, BLOCK_STATES);
  if (block.reason !== null && block.reason !== '') word.title = block.reason;
  const { confirmations, maturity: needed } = block;
  if (block.state !== 'immature' || confirmations === null || needed === null || needed === 0) return [word];
  return [word, ' ', depth(confirmations, needed)];
}

/** "7 of 100", with a bar. */
export function depth(confirmations: number, needed: number): HTMLElement {
  const text = `${count(Math.min(confirmations, needed))} of ${count(needed)}`;
  return h(
    'span',
    { class: 'depth' },
    h('progress', {
      max: needed,
      value: Math.min(confirmations, needed),
      'aria-label': `${text} blocks deep`,
    }),
    h('span', { class: 'depth-text' }, text),
  );
}
