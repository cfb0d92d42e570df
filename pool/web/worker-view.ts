/** One worker: its rates, its shares with the reasons of those refused, and what it calls itself. */
import { type Child, h, show } from '../../service/web/element.ts';
import { count, plural, scaled } from '../../service/web/format.ts';
import { figure, panel, quantity } from '../../service/web/panel.ts';
import { Poll, RefusedError } from '../../service/web/poll.ts';
import type { View } from '../../service/web/router.ts';
import { when } from '../../service/web/when.ts';
import { refusalWords } from './address-view.ts';
import { readAddress, type Worker } from './answers.ts';
import { WORKER_STATES } from './explanations.ts';
import { LiveShares } from './live-shares.ts';
import { addressLink, state } from './parts.ts';
import type { PoolFeed } from './pool-feed.ts';
import { RatePanel } from './rate-panel.ts';
import { SharePanel } from './share-panel.ts';
import { agentText } from './worker-table.ts';

const INTERVAL_MS = 10_000;
const FIRST_MINUTES = 1_440;

export function workerView(feed: PoolFeed, address: string, name: string): View {
  let minutes = FIRST_MINUTES;
  const rates = new RatePanel({
    title: 'Hash rate',
    empty: 'No share of this worker in this time.',
    minutes,
    onRange: (chosen) => {
      minutes = chosen;
      poll.soon();
    },
  });
  const facts = h('dl', { class: 'figures facts' });
  const shares = new SharePanel();
  const live = new LiveShares();
  const problem = h('div', { class: 'problem', role: 'alert' });
  problem.hidden = true;
  const shownName = name === '' ? 'no name' : name;
  const content = h(
    'div',
    { class: 'stack' },
    h('div', { class: 'wide-and-narrow' }, rates.element, live.element),
    h('div', { class: 'halves' }, panel('Now', facts), shares.element),
  );
  const element = h(
    'div',
    { class: 'stack' },
    h(
      'header',
      { class: 'page-head' },
      h('p', { class: 'page-kind' }, 'Worker of ', addressLink(address, 14, 8)),
      h('h1', { class: 'page-name' }, shownName),
    ),
    problem,
    content,
  );
  const refuse = (...words: readonly (Node | string | null)[]): void => {
    problem.hidden = false;
    content.hidden = true;
    show(problem, ...words);
  };
  const poll = new Poll({
    url: () => {
      const query = new URLSearchParams({ history_minutes: String(minutes), worker: name });
      return `/workers/${encodeURIComponent(address)}?${query}`;
    },
    read: readAddress,
    intervalMs: INTERVAL_MS,
    onData: ({ address: spelled, workers }) => {
      feed.listenTo(spelled);
      const worker = workers.find((candidate) => candidate.worker === name);
      if (worker === undefined) {
        refuse(
          h(
            'p',
            {},
            `There is no share of the worker “${shownName}” yet, or it was long ago. Its name goes behind the address: `,
            h('code', {}, `${address}.${name}`),
          ),
        );
        return;
      }
      problem.hidden = true;
      content.hidden = false;
      rates.updateRates(worker.hash_rate);
      rates.updateHistory([{ label: shownName, history: worker.history }]);
      show(facts, ...factsOf(worker));
      const { rejected } = worker;
      const reasons = typeof rejected === 'number' ? { rejected } : rejected;
      shares.update({ ...worker, rejected: reasons }, ...sinceWords(worker.since));
    },
    onError: (error) => {
      if (error instanceof RefusedError) refuse(...refusalWords(error));
    },
  });
  const closers = [
    feed.onLive((message) => {
      if (message.type !== 'share' && message.type !== 'reject') return;
      if (message.address?.toLowerCase() === address.toLowerCase() && message.worker === name)
        live.add(message);
    }),
    () => poll.close(),
    () => rates.close(),
    () => live.close(),
  ];
  return {
    title: `Worker ${shownName}`,
    element,
    ready: poll.first,
    close: () => closers.forEach((close) => void close()),
  };
}

function sinceWords(since: number | null): Child[] {
  return since === null
    ? []
    : ['Since ', when(since), ': the start of the pool, or the first share after it.'];
}

function factsOf(worker: Worker): HTMLElement[] {
  const { connections } = worker;
  return [
    figure('State', state(worker.state, WORKER_STATES), WORKER_STATES[worker.state ?? ''] ?? null),
    figure(
      'Last share',
      when(worker.last_share_time),
      connections === null ? null : plural(connections, 'connection'),
    ),
    figure('Difficulty', quantity(scaled(worker.difficulty)), 'of its shares; follows its hash rate'),
    figure('Best share', quantity(scaled(worker.best_share)), 'the highest difficulty it ever reached here'),
    figure('Accepted', quantity(count(worker.accepted)), 'shares'),
    figure('Program', agentText(worker.agent), 'what it calls itself'),
  ];
}
