/** The long lists: all blocks, all payouts. */
import { h } from '../../service/web/element.ts';
import { PagedList } from '../../service/web/paged-list.ts';
import { panel } from '../../service/web/panel.ts';
import { Poll } from '../../service/web/poll.ts';
import type { View } from '../../service/web/router.ts';
import { readBlocks, readNextPayout, readPayouts } from './answers.ts';
import { blockTable } from './block-table.ts';
import { coinOf } from './coin.ts';
import { BLOCK_STATES, PAYOUT_STATES } from './explanations.ts';
import { NextPayoutPanel } from './next-payout-panel.ts';
import { state } from './parts.ts';
import { CONNECT_PATH } from './paths.ts';
import { payoutKey, payoutTable } from './payout-table.ts';
import type { PoolFeed } from './pool-feed.ts';

const NEXT_PAYOUT_INTERVAL_MS = 20_000;

/** All blocks that the pool found, newest first. */
export function minedView(feed: PoolFeed): View {
  const list = new PagedList({
    path: '/blocks',
    read: readBlocks,
    keyOf: ({ hash }) => hash,
    table: blockTable(
      () => coinOf(feed.stats),
      [
        'No block yet. ',
        h('a', { href: CONNECT_PATH }, 'Every miner that joins'),
        ' makes the wait shorter.',
      ],
    ),
  });
  const element = h(
    'div',
    { class: 'stack' },
    h('header', { class: 'page-head' }, h('h1', { class: 'page-name' }, 'Blocks')),
    panel('Found by this pool', list.element),
    meanings('What the states mean', BLOCK_STATES),
  );
  const closers = [
    feed.onStats(() => list.refresh()),
    feed.onLive((message) => {
      if (message.type === 'block') list.soon();
    }),
    () => list.close(),
  ];
  const close = () => closers.forEach((end) => void end());
  return { title: 'Blocks', element, ready: list.first, close };
}

/** All payments that the pool sent, newest first. */
export function paidView(feed: PoolFeed): View {
  const list = new PagedList({
    path: '/payouts',
    read: readPayouts,
    keyOf: payoutKey,
    table: payoutTable(true, () => coinOf(feed.stats), ['No payout was made yet.']),
  });
  const next = new NextPayoutPanel();
  const nextPayout = new Poll({
    url: () => '/next_payout',
    read: readNextPayout,
    intervalMs: NEXT_PAYOUT_INTERVAL_MS,
    onData: (data) => next.update(data, feed.stats),
    onError: () => next.update(undefined, feed.stats),
  });
  const element = h(
    'div',
    { class: 'stack' },
    h('header', { class: 'page-head' }, h('h1', { class: 'page-name' }, 'Payouts')),
    h('div', { class: 'halves' }, next.element, meanings('What the states mean', PAYOUT_STATES)),
    panel('Payments', list.element),
  );
  const closers = [
    feed.onStats((stats) => {
      list.refresh();
      next.refresh(stats);
    }),
    feed.onLive((message) => {
      if (message.type !== 'payout' && message.type !== 'block') return;
      list.soon();
      nextPayout.soon();
    }),
    () => list.close(),
    () => nextPayout.close(),
  ];
  const close = () => closers.forEach((end) => void end());
  return { title: 'Payouts', element, ready: Promise.all([list.first, nextPayout.first]), close };
}

function meanings(title: string, words: Readonly<Record<string, string>>): HTMLElement {
  const rows = Object.entries(words).map(([word, meaning]) =>
    h('div', { class: 'meaning' }, h('dt', {}, state(word)), h('dd', {}, meaning)),
  );
  return panel(title, h('dl', { class: 'meanings' }, ...rows));
}
