/** What stands out among the workers: the best shares, and the programs they run. */
import { h } from '../../service/web/element.ts';
import { count, scaled } from '../../service/web/format.ts';
import type { Stats, Worker } from './answers.ts';
import { workerLink } from './parts.ts';

const SHOWN = 5;

/** The workers with the best shares, best first. */
export function highScores(workers: readonly Worker[]): HTMLElement {
  const best = workers
    .flatMap((worker) => (worker.best_share === null ? [] : [{ worker, difficulty: worker.best_share }]))
    .sort((one, other) => other.difficulty - one.difficulty)
    .slice(0, SHOWN);
  if (best.length === 0)
    return h('p', { class: 'about' }, 'The best shares stand here as soon as there are any.');
  const rows = best.map(({ worker, difficulty }) =>
    h(
      'li',
      { class: 'ranked' },
      h('span', { class: 'ranked-name' }, workerLink(worker.address, worker.worker)),
      h('span', { class: 'ranked-value' }, scaled(difficulty)),
    ),
  );
  return h('ol', { class: 'ranking', 'aria-label': 'Best shares by difficulty' }, ...rows);
}

/** What the open connections call themselves, and how many do: text that anybody may have chosen. */
export function programs(agents: Stats['agents']): HTMLElement {
  if (agents.length === 0)
    return h('p', { class: 'about' }, 'No miner that is connected has said what it is.');
  const rows = agents
    .slice(0, SHOWN)
    .map(({ agent, connections }) =>
      h(
        'li',
        { class: 'ranked' },
        h('span', { class: 'ranked-name hash', title: agent }, agent),
        h('span', { class: 'ranked-value' }, count(connections)),
      ),
    );
  return h('ol', { class: 'ranking', 'aria-label': 'Programs by open connections' }, ...rows);
}
