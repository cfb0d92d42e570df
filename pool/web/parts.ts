/** Small things that several views show: names with links, states with their meaning, rates. */
import { type Child, h } from '../../service/web/element.ts';
import { hashRate, roughDuration, windowName } from '../../service/web/format.ts';
import { figure, quantity, stateWord, type Tone, unknown } from '../../service/web/panel.ts';
import type { HashRate } from './answers.ts';
import { addressPath, workerPath } from './paths.ts';

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
  if (word === null) return unknown();
  const meaning = Object.hasOwn(meanings, word) ? (meanings[word] ?? null) : null;
  return stateWord(word, Object.hasOwn(TONES, word) ? (TONES[word] ?? null) : null, meaning);
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
