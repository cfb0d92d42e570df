/** How fast this page hashes: now, over a minute, over a quarter of an hour, and each thread for itself. */
import type { HashRates, MinerStats } from '../../../miner/figures/statistics.ts';
import { h, show } from '../../../service/web/element.ts';
import { hashRate } from '../../../service/web/format.ts';
import { figure, panel, quantity, stateWord } from '../../../service/web/panel.ts';
import { type Condition, conditionOf } from './condition.ts';
import type { RunState } from './mining-run.ts';

const NOTHING: HashRates = { now: null, seconds10: null, minute1: null, minutes15: null };

export class RateBoard {
  readonly element: HTMLElement;
  readonly #condition = h('div', { class: 'mine-condition', role: 'status' });
  readonly #rates = h('dl', { class: 'figures mine-rates' });
  readonly #threads = h('ol', { class: 'thread-list', 'aria-label': 'Hash rate of each thread' });

  constructor() {
    this.element = panel('Hash rate', this.#condition, this.#rates, this.#threads);
    this.element.classList.add('rate-board');
    this.update({ name: 'off' }, undefined);
  }

  update(run: RunState, stats: MinerStats | undefined): void {
    show(this.#condition, ...conditionLine(conditionOf(run, stats)));
    show(this.#rates, ...rateFigures(run, stats));
    show(this.#threads, ...threadRows(stats));
  }
}

function conditionLine({ word, tone, words }: Condition): HTMLElement[] {
  return [stateWord(word, tone), h('span', { class: 'mine-condition-words' }, words)];
}

function rateFigures(run: RunState, stats: MinerStats | undefined): HTMLElement[] {
  const { now, minute1, minutes15 } = stats?.hashRate ?? NOTHING;
  const early = run.name === 'running' ? 'too early to tell' : null;
  return [
    figure('Now', quantity(hashRate(now)), now === null ? early : 'last 10 s'),
    figure('1 min', quantity(hashRate(minute1)), minute1 === null ? early : 'mean'),
    figure('15 min', quantity(hashRate(minutes15)), minutes15 === null ? early : 'mean'),
  ];
}

function threadRows(stats: MinerStats | undefined): HTMLElement[] {
  const rates = stats?.threadHashRates ?? [];
  const fastest = Math.max(...rates.map((rate) => rate ?? 0), 1);
  return rates.map((rate, thread) => {
    const bar = h('span', { class: 'thread-bar', 'aria-hidden': 'true' });
    bar.style.setProperty('--part', `${Math.round(((rate ?? 0) / fastest) * 100)}%`);
    return h(
      'li',
      { class: 'thread-row' },
      h('span', { class: 'thread-name' }, `Thread ${thread}`),
      bar,
      h('span', { class: 'thread-rate' }, hashRate(rate)),
    );
  });
}
