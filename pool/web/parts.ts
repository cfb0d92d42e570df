/** Small things that several views show: panels, figures, names with links, states with their meaning. */
import { type Child, h } from '../../service/web/element.ts';
import { amount, hashRate, roughDuration, UNKNOWN, windowName } from '../../service/web/format.ts';
import type { HashRate } from './answers.ts';
import { addressPath, workerPath } from './paths.ts';

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

/** A text with its unit in a lighter hand: "3.21" large, "MH/s" beside it. */
export function quantity(text: string): HTMLElement {
  const match = /^([\d.,\- ×⁰¹²³⁴⁵⁶⁷⁸⁹⁻\u00a0]+)\u00a0(\D+)$/.exec(text);
  if (match === null) return h('span', { class: text === UNKNOWN ? 'unknown' : 'quantity' }, text);
  return h('span', { class: 'quantity' }, match[1] ?? '', h('span', { class: 'unit' }, `\u00a0${match[2]}`));
}

type Tone = 'good' | 'warn' | 'bad';

const TONES: Readonly<Record<string, Tone>> = {
  ok: 'good',
  answers: 'good',
  confirmed: 'good',
  settled: 'good',
  low: 'warn',
  behind: 'warn',
  immature: 'warn',
  pending: 'warn',
  sending: 'warn',
  orphaned: 'bad',
  rejected: 'bad',
  away: 'bad',
  foreign: 'bad',
  lying: 'bad',
  returned: 'bad',
};

/** A word for a state, coloured, with its meaning on hover. */
export function state(word: string | null, meanings: Readonly<Record<string, string>> = {}): HTMLElement {
  if (word === null) return h('span', { class: 'unknown' }, UNKNOWN);
  const meaning = Object.hasOwn(meanings, word) ? (meanings[word] ?? null) : null;
  const tone = Object.hasOwn(TONES, word) ? (TONES[word] ?? null) : null;
  return h('span', { class: 'state', 'data-tone': tone, title: meaning }, word);
}

/** An exact amount with what it is counted in. */
export function money(nits: string | null, coin: string): HTMLElement {
  if (nits === null) return h('span', { class: 'unknown' }, UNKNOWN);
  return h('span', { class: 'quantity' }, amount(nits), h('span', { class: 'unit' }, `\u00a0${coin}`));
}

/** An address as a link to its page; whole on hover. */
export function addressLink(address: string, head = 10, tail = 6): HTMLElement {
  const short =
    address.length > head + tail + 1 ? `${address.slice(0, head)}…${address.slice(-tail)}` : address;
  return h('a', { href: addressPath(address), class: 'hash', title: address }, short);
}

/** The name somebody gave a machine, as a link to its page. */
export function workerLink(address: string, worker: string): HTMLElement {
  return h(
    'a',
    { href: workerPath(address, worker), class: 'worker-name', title: `${worker} of ${address}` },
    ...workerName(worker),
  );
}

export function workerName(worker: string): Child[] {
  return [worker === '' ? h('span', { class: 'unknown' }, 'no name') : worker];
}

/** The rate over one of the windows; null where the window is missing or unknown. */
export function rateOver(rates: readonly HashRate[], seconds: number): number | null {
  return rates.find(({ window_seconds }) => window_seconds === seconds)?.hashes_per_second ?? null;
}

const SHOWN_WINDOWS = [60, 300, 3_600, 86_400] as const;

/** A rate for each window, the window named with it. */
export function rateFigures(rates: readonly HashRate[]): HTMLElement[] {
  return SHOWN_WINDOWS.map((seconds) => {
    const rate = rates.find(({ window_seconds }) => window_seconds === seconds);
    const value = rate?.hashes_per_second ?? null;
    return figure(
      windowName(seconds),
      quantity(hashRate(value)),
      value === null ? 'too early to tell' : coveredPart(rate?.covered_seconds ?? null, seconds),
    );
  });
}

function coveredPart(covered: number | null, seconds: number): string {
  if (covered === null || covered >= seconds * 0.95) return 'mean';
  return `so far over ${roughDuration(covered)}`;
}
