/** The pool as a whole. */
import { type Child, h, show } from '../../service/web/element.ts';
import {
  count,
  hashRate,
  percent,
  plural,
  roughDuration,
  scaled,
  UNKNOWN,
} from '../../service/web/format.ts';
import { Poll } from '../../service/web/poll.ts';
import type { View } from '../../service/web/router.ts';
import { when } from '../../service/web/when.ts';
import { readNextPayout, type Stats } from './answers.ts';
import { blockTable } from './block-table.ts';
import { coinOf } from './coin.ts';
import { NextPayoutPanel } from './earnings-panel.ts';
import { expectedSeconds } from './estimate.ts';
import { SCHEMES } from './explanations.ts';
import { LiveShares } from './live-shares.ts';
import { figure, panel, quantity, rateOver, state } from './parts.ts';
import { CONNECT_PATH, MINED_PATH } from './paths.ts';
import type { PoolFeed } from './pool-feed.ts';
import { highScores, programs } from './rankings.ts';
import { RatePanel } from './rate-panel.ts';
import { ShareLogPanel } from './share-log-panel.ts';
import { SharePanel } from './share-panel.ts';
import { byRate, workerTable } from './worker-table.ts';

const SHOWN_WORKERS = 50;
const SHOWN_BLOCKS = 6;
const NEXT_PAYOUT_INTERVAL_MS = 30_000;
/** The window that the time to a block is judged by: steady, and there soon. */
const STEADY_S = 300;

export function homeView(feed: PoolFeed): View {
  const rates = new RatePanel({
    title: 'Pool hash rate',
    empty: 'The line begins with the second minute of mining.',
    minutes: feed.historyMinutes,
    onRange: (minutes) => feed.showHistory(minutes),
  });
  const facts = h('dl', { class: 'figures facts' }, ...factFigures(undefined));
  const shares = new SharePanel();
  const live = new LiveShares();
  const log = new ShareLogPanel();
  const next = new NextPayoutPanel();
  const workers = workerTable({
    showAddress: true,
    empty: ['Nobody is mining. ', h('a', { href: CONNECT_PATH }, 'Connect the first miner'), '.'],
  });
  const moreWorkers = h('p', { class: 'about' });
  const blocks = blockTable(
    () => coinOf(feed.stats),
    ['No block yet. It takes luck and patience; the effort shows how much of both.'],
  );
  const nodes = h('ul', { class: 'nodes' });
  const scores = h('div');
  const agents = h('div');
  const element = h(
    'div',
    { class: 'stack' },
    h('h1', { class: 'visually-hidden' }, 'Overview'),
    h('div', { class: 'wide-and-narrow' }, rates.element, live.element),
    panel('Network and luck', facts),
    h(
      'div',
      { class: 'wide-and-narrow' },
      shares.element,
      h('div', { class: 'stack' }, next.element, log.element),
    ),
    panel('Workers', workers.element, moreWorkers),
    panel('Blocks', blocks.element, h('p', { class: 'about' }, h('a', { href: MINED_PATH }, 'All blocks'))),
    h(
      'div',
      { class: 'thirds' },
      panel('Best shares', scores),
      panel('Programs', agents),
      panel('Nodes', nodes),
    ),
  );
  feed.listenTo(null);
  const update = (stats: Stats): void => {
    rates.updateRates(stats.hash_rate);
    rates.updateHistory([{ label: 'Pool', history: stats.history }]);
    show(facts, ...factFigures(stats));
    shares.update(stats.shares, ...sharesWords(stats));
    log.update(stats.share_log);
    const sorted = [...stats.workers].sort(byRate);
    workers.update(sorted.slice(0, SHOWN_WORKERS));
    const hidden = (stats.workers_total ?? sorted.length) - Math.min(sorted.length, SHOWN_WORKERS);
    show(
      moreWorkers,
      hidden > 0 ? `${plural(hidden, 'more worker')}: search for an address to see its own.` : '',
    );
    blocks.update(stats.blocks.slice(0, SHOWN_BLOCKS));
    show(nodes, ...nodeItems(stats));
    show(scores, highScores(stats.workers));
    show(agents, programs(stats.agents));
  };
  const nextPayout = new Poll({
    url: () => '/next_payout',
    read: readNextPayout,
    intervalMs: NEXT_PAYOUT_INTERVAL_MS,
    onData: (data) => next.update(data, coinOf(feed.stats)),
    // The feed tells of a pool that is away; a pool that pays by the block itself has no next payout.
    onError: () => next.update(undefined, ''),
  });
  const closers = [
    feed.onStats(update),
    feed.onLive((message) => {
      if (message.type === 'share' || message.type === 'reject') live.add(message);
      if (message.type === 'rates' && message.address === null) rates.updateRates(message.hash_rate);
      if (message.type === 'chain_head') log.update(message);
      if (message.type === 'payout') nextPayout.soon();
    }),
    () => rates.close(),
    () => live.close(),
    () => nextPayout.close(),
  ];
  const ready = Promise.all([feed.first, nextPayout.first]);
  return { title: '', element, ready, close: () => closers.forEach((close) => void close()) };
}

function sharesWords({ shares, workers }: Stats): Child[] {
  const since = shares.since === null ? [] : ['Since the pool was started, ', when(shares.since), '. '];
  const link = h('a', { href: CONNECT_PATH }, 'When does my first share come?');
  return shares.accepted === 0 && workers.length === 0 ? [...since, 'No share yet. ', link] : since;
}

function factFigures(stats: Stats | undefined): HTMLElement[] {
  const network = stats?.network;
  const difficulty = network?.difficulty ?? null;
  const rate = rateOver(stats?.hash_rate ?? [], STEADY_S);
  const toBlock = expectedSeconds(difficulty, rate);
  const total = stats === undefined ? null : blockTotal(stats);
  const scheme = SCHEMES[stats?.scheme ?? ''];
  const effort = stats?.luck?.effort_mean ?? null;
  const fee = stats?.fee_percent ?? null;
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
      `${scheme?.meaning ?? ''}${fee === null ? '' : ` Fee ${fee} %.`}`,
    ),
  ];
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

function nodeItems({ nodes }: Stats): HTMLElement[] {
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
