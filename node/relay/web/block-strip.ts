/** The newest blocks side by side, with the one that is being mined at their head. */
import { MAX_BLOCK_WEIGHT } from '../../../protocol/check-transaction.ts';
import type { BlockRow, TemplateSummary } from '../../../protocol/relay.ts';
import { h, show } from '../../../service/web/element.ts';
import { count, percent, plural, shortened } from '../../../service/web/format.ts';
import { when } from '../../../service/web/when.ts';
import type { ChainWindow } from './chain-window.ts';
import { feeRateText, money } from './parts.ts';
import { blockPath, MEMPOOL_PATH } from './paths.ts';
import { coinbaseText } from './readable-text.ts';

const ARRIVAL_MS = 600;

export class BlockStrip {
  readonly element: HTMLElement;
  readonly #next = h('a', { class: 'strip-block strip-next', href: MEMPOOL_PATH });
  readonly #blocks = h('ol', { class: 'strip-blocks', 'aria-label': 'Newest blocks, newest first' });
  readonly #cards = new Map<string, HTMLElement>();

  constructor() {
    // Scrolls by itself, so it has to be reachable by keyboard.
    this.element = h(
      'div',
      { class: 'strip', tabindex: 0, role: 'group', 'aria-label': 'Chain' },
      this.#next,
      h('span', { class: 'strip-tip', 'aria-hidden': 'true' }),
      this.#blocks,
    );
    this.showTemplate(null, null);
  }

  /** @param height of the next block, where there is no template to tell it */
  showTemplate(template: TemplateSummary | null, height: number | null): void {
    const transactions = template?.transactions ?? null;
    show(
      this.#next,
      h('span', { class: 'strip-height' }, template === null ? count(height) : count(template.height)),
      h('span', { class: 'strip-when' }, 'next block'),
      h('span', { class: 'strip-fact' }, transactions === null ? '—' : plural(transactions, 'payment')),
      h('span', { class: 'strip-fact' }, template === null ? '—' : feeWords(template)),
      h('span', { class: 'strip-by' }, template === null ? '' : 'being mined'),
      fillBar(template?.weight ?? 0),
    );
  }

  update(blocks: ChainWindow): void {
    const isFirst = this.#cards.size === 0;
    const arrivals = blocks.filter(({ hash }) => !this.#cards.has(hash));
    for (const block of arrivals) this.#cards.set(block.hash, card(block));
    for (const hash of this.#cards.keys()) {
      if (!blocks.some((block) => block.hash === hash)) this.#cards.delete(hash);
    }
    const wanted = blocks.flatMap(({ hash }) => this.#cards.get(hash) ?? []);
    // Cards that stay are the same elements: focus stays where it is.
    for (const child of [...this.#blocks.children]) {
      if (!wanted.some((element) => element === child)) child.remove();
    }
    wanted.forEach((element, index) => {
      const present = this.#blocks.children[index] ?? null;
      if (present !== element) this.#blocks.insertBefore(element, present);
    });
    if (!isFirst && arrivals.length > 0) this.#slide(arrivals.length);
  }

  /** Moves the row from where it was to where it is. */
  #slide(arrivals: number): void {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const [first, second] = this.#blocks.children;
    if (first === undefined || second === undefined) return;
    const step = second.getBoundingClientRect().left - first.getBoundingClientRect().left;
    this.#blocks.animate(
      [{ transform: `translateX(${-step * arrivals}px)` }, { transform: 'translateX(0)' }],
      { duration: ARRIVAL_MS, easing: 'ease-out' },
    );
  }
}

function feeWords({ fee_rates }: TemplateSummary): string {
  if (fee_rates === null) return 'no fees';
  const { min, max } = fee_rates;
  return min === max ? feeRateText(max) : `${feeRateText(min).replace(/\u00a0.*/, '')}–${feeRateText(max)}`;
}

function card(block: BlockRow): HTMLElement {
  const { hash, height, time, transactions, weight, reward_nits, finder, coinbase_hex } = block;
  const text = coinbaseText(coinbase_hex);
  const by = text ?? (finder === null ? '' : shortened(finder, 8, 4));
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'strip-block', href: blockPath(hash), title: hash },
      h('span', { class: 'strip-height' }, count(height)),
      h('span', { class: 'strip-when' }, when(time)),
      h('span', { class: 'strip-fact' }, plural(transactions, 'transaction')),
      h('span', { class: 'strip-fact' }, money(reward_nits)),
      h('bdi', { class: 'strip-by', title: text ?? finder }, by),
      fillBar(weight),
    ),
  );
}

/** How full it is. */
function fillBar(weight: number): HTMLElement {
  const part = Math.min(1, weight / MAX_BLOCK_WEIGHT);
  const fill = h('span', { class: 'strip-fill' });
  fill.style.setProperty('width', `${Math.max(part * 100, weight > 0 ? 1.5 : 0)}%`);
  return h('span', { class: 'strip-bar', title: `${percent(part)} full` }, fill);
}
