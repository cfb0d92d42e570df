/** The pool and its network in figures. */
import { h } from '../../service/web/element.ts';
import {
  count,
  hashRate,
  percent,
  plural,
  roughDuration,
  scaled,
  UNKNOWN,
} from '../../service/web/format.ts';
import { figure, quantity } from '../../service/web/panel.ts';
import type { Stats } from './answers.ts';
import { expectedSeconds } from './estimate.ts';
import { SCHEMES } from './explanations.ts';
import { rateOver, state } from './parts.ts';

/** The window that the time to a block is judged by: steady, and there soon. */
const STEADY_S = 300;

/** Network, luck and scheme in figures; dashes before anything is known. */
export function factFigures(stats: Stats | undefined): HTMLElement[] {
  const network = stats?.network;
  const difficulty = network?.difficulty ?? null;
  const rate = rateOver(stats?.hash_rate ?? [], STEADY_S);
  const toBlock = expectedSeconds(difficulty, rate);
  const total = stats === undefined ? null : blockTotal(stats);
  const scheme = SCHEMES[stats?.scheme ?? ''];
  const effort = stats?.luck?.effort_mean ?? null;
  return [
    figure('Miners', quantity(count(stats?.miners ?? null)), stats === undefined ? null : minerWords(stats)),
    figure('Height', quantity(count(network?.height ?? null)), 'of the chain'),
    figure('Difficulty', quantity(scaled(difficulty)), 'of the network'),
    figure(
      'Time to a block',
      quantity(roughDuration(toBlock)),
      `on average, at ${rate === null ? 'the rate of 5 min' : hashRate(rate)}`,
    ),
    figure(
      'Running round',
      quantity(percent(stats?.round?.effort ?? null)),
      'effort: work done, of what a block takes on average',
    ),
    figure('Blocks found', quantity(count(total)), stats === undefined ? null : orphanWords(stats)),
    figure('Luck', quantity(percent(effort)), luckWords(stats)),
    figure(
      'Scheme',
      h('span', { class: 'quantity' }, scheme?.name ?? stats?.scheme ?? UNKNOWN),
      `${scheme?.meaning ?? ''}${feeWords(stats?.fee_percent ?? null)}`,
    ),
  ];
}

function feeWords(percentage: number | string | null): string {
  if (percentage === null) return '';
  return Number(percentage) === 0 ? ' No fee.' : ` Fee ${percentage} %.`;
}

function minerWords({ workers_online: online, workers_total: total, workers }: Stats): string {
  const all = total ?? workers.length;
  return online === null
    ? `with ${plural(all, 'worker')}`
    : `with ${count(online)} of ${plural(all, 'worker')} online`;
}

/** What counts as found: whatever the node took. */
function blockTotal({ blocks_total: { total, rejected: _, ...states } }: Stats): number {
  return total ?? Object.values(states).reduce((sum, value) => sum + value, 0);
}

function orphanWords({ blocks_total }: Stats): string {
  const orphaned = blocks_total.orphaned ?? 0;
  return orphaned === 0 ? 'none orphaned' : `${count(orphaned)} of them orphaned`;
}

function luckWords(stats: Stats | undefined): string {
  return stats?.luck?.meaning ?? 'Work per block, of what a block takes on average; below 100 % is luck.';
}

/** The nodes that the pool works with, and how they do. */
export function nodeItems({ nodes }: Stats): HTMLElement[] {
  if (nodes.length === 0) return [h('li', { class: 'unknown' }, UNKNOWN)];
  return nodes.map((node) =>
    h(
      'li',
      { class: 'node' },
      state(node.state),
      h('span', { class: 'hash' }, node.url),
      h(
        'span',
        { class: 'about' },
        [
          node.active === true ? 'gives the work' : '',
          node.height === null ? '' : `height ${count(node.height)}`,
          node.reason ?? '',
        ]
          .filter((words) => words !== '')
          .join(', '),
      ),
    ),
  );
}
