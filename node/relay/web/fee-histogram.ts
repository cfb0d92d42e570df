/** How much waits at which fee rate: one bar per band, the best-paying on top, since that one goes first. */
import type { FeeBin } from '../../../protocol/relay.ts';
import { h, show } from '../../../service/web/element.ts';
import { count, plural, significant } from '../../../service/web/format.ts';
import { vsizeText } from './parts.ts';

/** What one block holds at most (BIP 141). */
const BLOCK_VSIZE = 1_000_000;

export class FeeHistogram {
  readonly element = h('div', { class: 'histogram' });

  update(bins: readonly FeeBin[]): void {
    const filled = bins.filter(({ transactions }) => transactions > 0);
    if (filled.length === 0) {
      show(
        this.element,
        h('p', { class: 'empty' }, 'Nothing waits: any fee that is let in is enough for the next block.'),
      );
      return;
    }
    const most = Math.max(...filled.map(({ vsize }) => vsize));
    let above = 0;
    const rows = filled.map((bin) => {
      const blocks = Math.floor(above / BLOCK_VSIZE);
      above += bin.vsize;
      return row(bin, most, blocks);
    });
    show(this.element, h('ol', { class: 'bars', 'aria-label': 'Waiting transactions by fee rate' }, ...rows));
  }
}

/** @param blocks full ones that stand before this band */
function row({ from, to, transactions, vsize }: FeeBin, most: number, blocks: number): HTMLElement {
  const fill = h('span', { class: 'bar-fill', 'data-wait': Math.min(blocks, 2) });
  fill.style.setProperty('width', `${Math.max(1, (vsize / most) * 100)}%`);
  const band = to === null ? `${significant(from)} and more` : `${significant(from)} – ${significant(to)}`;
  return h(
    'li',
    { class: 'bar' },
    h('span', { class: 'bar-name' }, band),
    h('span', { class: 'bar-track', 'aria-hidden': 'true' }, fill),
    h(
      'span',
      { class: 'bar-value' },
      plural(transactions, 'transaction'),
      h('span', { class: 'aside' }, ` ${vsizeText(vsize)}`),
    ),
    h('span', { class: 'bar-wait' }, blocks === 0 ? 'next block' : `${count(blocks + 1)} blocks`),
  );
}
