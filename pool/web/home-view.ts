/** The pool as a whole. */
import { type Child, h, show } from '../../service/web/element.ts';
import { plural } from '../../service/web/format.ts';
import { panel } from '../../service/web/panel.ts';
import { Poll } from '../../service/web/poll.ts';
import type { View } from '../../service/web/router.ts';
import { when } from '../../service/web/when.ts';
import { readNextPayout, type Stats } from './answers.ts';
import { blockTable } from './block-table.ts';
import { coinOf } from './coin.ts';
import { LiveShares } from './live-shares.ts';
import { NextPayoutPanel } from './next-payout-panel.ts';
import { CONNECT_PATH, MINED_PATH } from './paths.ts';
import { factFigures, nodeItems } from './pool-facts.ts';
import type { PoolFeed } from './pool-feed.ts';
import { highScores, programs } from './rankings.ts';
import { RatePanel } from './rate-panel.ts';
import { ShareLogPanel } from './share-log-panel.ts';
import { SharePanel } from './share-panel.ts';
import { byRate, workerTable } from './worker-table.ts';

const SHOWN_WORKERS = 50;
const SHOWN_BLOCKS = 6;
const NEXT_PAYOUT_INTERVAL_MS = 30_000;

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
    h('div', { class: 'thirds' }, shares.element, next.element, log.element),
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
    next.refresh(stats);
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
    onData: (data) => next.update(data, feed.stats),
    // The feed tells of a pool that is away; a pool that pays by the block itself has no next payout.
    onError: () => next.update(undefined, feed.stats),
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
