/** What one field says: where it stands, its value, its meaning and the clause that gives it, and its parts. */
import { bytesToHex } from '../../../../protocol/bytes.ts';
import { meaningOf } from '../../../../protocol/field-meaning.ts';
import type { Span } from '../../../../protocol/layout.ts';
import { type Child, h, show } from '../../../../service/web/element.ts';
import { count, plural, shortened } from '../../../../service/web/format.ts';
import { addressPath, blockPath, transactionPath } from '../paths.ts';
import { fieldName } from './hex-rows.ts';
import { inBrief, type Prefix, type Reading, readingsOf } from './readings.ts';

export interface FieldPanelOptions {
  /** What addresses of the network begin with, when it is known. */
  readonly prefix: () => Prefix;
  readonly onSelect: (span: Span) => void;
}

/** Parts that are listed at once. */
const PAGE_PARTS = 25;
/** Bytes that are written out. */
const MAX_SHOWN_BYTES = 96;
const BRIEF_HEAD = 18;
const BRIEF_TAIL = 8;

const PATHS = { transaction: transactionPath, block: blockPath, address: addressPath } as const;

export class FieldPanel {
  readonly element = h('section', { class: 'field-panel', 'aria-label': 'Field' });
  readonly #options: FieldPanelOptions;

  constructor(options: FieldPanelOptions) {
    this.#options = options;
  }

  /** @param from the first of the parts that are listed */
  show(span: Span, from = 0): void {
    const meaning = meaningOf(span.kind);
    const readings = readingsOf(span, this.#options.prefix());
    show(
      this.element,
      this.#trail(span),
      h('h3', { class: 'field-name' }, fieldName(span)),
      h('p', { class: 'field-place' }, placeOf(span)),
      readings.length === 0 ? null : h('dl', { class: 'readings' }, ...readings.map(readingElement)),
      meaning === undefined ? null : h('p', { class: 'field-meaning' }, meaning.says),
      meaning === undefined
        ? null
        : h('p', { class: 'about field-source' }, `Defined by: ${meaning.source}.`),
      span.parts.length === 0 ? rawBytes(span) : this.#parts(span, from),
    );
  }

  /** The way from the whole down to the span. */
  #trail(span: Span): HTMLElement {
    const steps = [h('li', { 'aria-current': 'true' }, span.name)];
    for (let above = span.parent; above !== undefined; above = above.parent) {
      steps.unshift(h('li', {}, this.#button(above, above.name)));
    }
    return h('nav', { class: 'field-trail', 'aria-label': 'Part of' }, h('ol', {}, ...steps));
  }

  #parts(span: Span, from: number): HTMLElement {
    const { parts } = span;
    const prefix = this.#options.prefix();
    const page = parts.slice(from, from + PAGE_PARTS);
    const items = page.map((part) =>
      h(
        'li',
        {},
        this.#button(part, part.name, h('span', { class: 'part-value' }, brief(inBrief(part, prefix)))),
      ),
    );
    return h('div', { class: 'field-parts' }, h('ol', {}, ...items), this.#pages(span, from));
  }

  #pages(span: Span, from: number): HTMLElement | null {
    const { length } = span.parts;
    if (length <= PAGE_PARTS) return null;
    const turn = (words: string, to: number) => {
      const button = h(
        'button',
        { type: 'button', class: 'choice', disabled: to < 0 || to >= length },
        words,
      );
      button.addEventListener('click', () => this.show(span, to));
      return button;
    };
    const last = Math.min(from + PAGE_PARTS, length);
    return h(
      'div',
      { class: 'part-pages' },
      turn('Before', from - PAGE_PARTS),
      h('span', { class: 'about' }, `${count(from + 1)} to ${count(last)} of ${count(length)}`),
      turn('After', from + PAGE_PARTS),
    );
  }

  #button(span: Span, name: string, ...more: readonly Child[]): HTMLButtonElement {
    const sort = meaningOf(span.kind)?.sort ?? null;
    const button = h(
      'button',
      { type: 'button', class: 'part', 'data-sort': span.parts.length === 0 ? sort : null },
      h('span', { class: 'part-name' }, name),
      ...more,
    );
    button.addEventListener('click', () => this.#options.onSelect(span));
    return button;
  }
}

function placeOf({ type, start, end }: Span): string {
  const bytes = end - start === 1 ? `byte ${count(start)}` : `bytes ${count(start)} to ${count(end - 1)}`;
  return `${type}, ${plural(end - start, 'byte')}: ${bytes}`;
}

/** Digits lose their middle, words stay whole. */
function brief(text: string): string {
  return text.includes(' ') ? text : shortened(text, BRIEF_HEAD, BRIEF_TAIL);
}

function readingElement({ name, text, isCode = false, leadsTo }: Reading): HTMLElement {
  const shown: Child = isCode ? h('span', { class: 'hash' }, text) : text;
  const linked = leadsTo === undefined ? shown : h('a', { href: PATHS[leadsTo.what](leadsTo.id) }, shown);
  return h('div', { class: 'reading' }, h('dt', {}, name), h('dd', {}, linked));
}

function rawBytes(span: Span): HTMLElement {
  const { length } = span.bytes;
  const hex = bytesToHex(span.bytes.subarray(0, MAX_SHOWN_BYTES));
  const rest = length > MAX_SHOWN_BYTES ? `… and ${plural(length - MAX_SHOWN_BYTES, 'byte')} more` : null;
  return h('p', { class: 'field-bytes' }, h('span', { class: 'hash' }, hex), rest);
}
