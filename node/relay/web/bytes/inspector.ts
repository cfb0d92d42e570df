/** Bytes and what they mean, side by side: what is chosen here is shown there. */
import { FIELD_SORTS, type FieldSort } from '../../../../protocol/field-meaning.ts';
import { type Span, spanAt } from '../../../../protocol/layout.ts';
import { announce } from '../../../../service/web/announce.ts';
import { h } from '../../../../service/web/element.ts';
import { FieldPanel } from './field-panel.ts';
import { fieldName, sortsOf } from './hex-rows.ts';
import { HexView } from './hex-view.ts';
import { inBrief, type Prefix } from './readings.ts';

/** Takes less room on the page. */
const SHORT_BYTES = 200;

export interface InspectorOptions {
  readonly whole: Span;
  readonly label: string;
  readonly prefix: () => Prefix;
  /** Told of the path of what is chosen, for a link to it. */
  readonly onSelect: (path: string) => void;
}

export class Inspector {
  readonly element: HTMLElement;
  readonly #options: InspectorOptions;
  readonly #hex: HexView;
  readonly #panel: FieldPanel;
  #selected: Span;

  constructor(options: InspectorOptions) {
    const { whole, label, prefix } = options;
    this.#options = options;
    this.#selected = whole;
    this.#panel = new FieldPanel({ prefix, onSelect: (span) => this.#choose(span) });
    this.#hex = new HexView({
      whole,
      label,
      onSelect: (leaf) => this.#choose(leaf),
      onHover: (leaf) => this.#panel.show(leaf ?? this.#selected),
    });
    this.#panel.show(whole);
    this.element = h(
      'div',
      { class: 'inspector', 'data-short': whole.end <= SHORT_BYTES },
      h('div', { class: 'inspector-bytes' }, legend(sortsOf(whole)), this.#hex.element),
      this.#panel.element,
    );
  }

  /** Chooses what stands at a path, if anything does. */
  selectPath(path: string): void {
    const span = spanAt(this.#options.whole, path);
    if (span !== undefined) this.#select(span);
  }

  close(): void {
    this.#hex.close();
  }

  #choose(span: Span): void {
    this.#select(span);
    this.#options.onSelect(span.path);
    announce(`${fieldName(span)}: ${inBrief(span, this.#options.prefix())}`);
  }

  #select(span: Span): void {
    this.#selected = span;
    this.#panel.show(span);
    this.#hex.select(span);
  }
}

/** Which colour stands for what. */
function legend(sorts: readonly FieldSort[]): HTMLElement {
  return h(
    'ul',
    { class: 'hex-legend', 'aria-label': 'Colours' },
    ...sorts.map((sort) =>
      h(
        'li',
        {},
        h('span', { class: 'hex-swatch', 'data-sort': sort, 'aria-hidden': 'true' }),
        FIELD_SORTS[sort],
      ),
    ),
  );
}
