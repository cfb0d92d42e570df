/** What every view is put together from: panels, figures, values with their unit, words for states. */
import { type Child, h } from './element.ts';
import { amount, UNKNOWN } from './format.ts';

let lastId = 0;

/** A part of a view under a heading of its own. */
export function panel(title: string, ...children: readonly Child[]): HTMLElement {
  lastId += 1;
  const id = `panel-${lastId}`;
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': id },
    h('h2', { id, class: 'panel-title' }, title),
    ...children,
  );
}

/** The head of a view: of which kind it is, and its name. */
export function pageHead(kind: Child | readonly Child[], ...name: readonly Child[]): HTMLElement {
  const kinds = Array.isArray(kind) ? (kind as readonly Child[]) : [kind as Child];
  return h(
    'header',
    { class: 'page-head' },
    kind === null ? null : h('p', { class: 'page-kind' }, ...kinds),
    h('h1', { class: 'page-name' }, ...name),
  );
}

/** A figure with its name, and a line that says what it is about. */
export function figure(name: string, value: Child, about: Child = null): HTMLElement {
  return h(
    'div',
    { class: 'figure' },
    h('dt', { class: 'figure-name' }, name),
    h('dd', { class: 'figure-value' }, value),
    about === null ? null : h('dd', { class: 'figure-about' }, about),
  );
}

/** What is not known. */
export function unknown(): HTMLElement {
  return h('span', { class: 'unknown' }, UNKNOWN);
}

/** A text with its unit in a lighter hand: "3.21" large, "MH/s" beside it. */
export function quantity(text: string): HTMLElement {
  const match = /^([\d.,\- ×⁰¹²³⁴⁵⁶⁷⁸⁹⁻\u00a0]+)\u00a0(\D+)$/.exec(text);
  if (match === null) return h('span', { class: text === UNKNOWN ? 'unknown' : 'quantity' }, text);
  return h('span', { class: 'quantity' }, match[1] ?? '', h('span', { class: 'unit' }, `\u00a0${match[2]}`));
}

/** An exact amount, given in its smallest units, with what it is counted in. */
export function exactAmount(units: string | bigint | null, unit: string): HTMLElement {
  if (units === null) return unknown();
  return h('span', { class: 'quantity amount' }, amount(units), ' ', h('span', { class: 'unit' }, unit));
}

export type Tone = 'good' | 'warn' | 'bad';

/** A word for a state, coloured by how good it is, with its meaning on hover. */
export function stateWord(
  word: string,
  tone: Tone | null = null,
  meaning: string | null = null,
): HTMLElement {
  return h('span', { class: 'state', 'data-tone': tone, title: meaning }, word);
}
