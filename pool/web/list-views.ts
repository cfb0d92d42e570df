/** The long lists: all blocks, all payouts. */
import { h, show } from '../../service/web/element.ts';
import { Poll } from '../../service/web/poll.ts';
import type { View } from '../../service/web/router.ts';
import { readBlocks, readNextPayout, readPayouts } from './answers.ts';
import { blockTable } from './block-table.ts';
import { coinOf } from './coin.ts';
import { NextPayoutPanel } from './earnings-panel.ts';
import { BLOCK_STATES, PAYOUT_STATES } from './explanations.ts';
import { panel, state } from './parts.ts';
import { CONNECT_PATH } from './paths.ts';
import { payoutTable } from './payout-table.ts';
import type { PoolFeed } from './pool-feed.ts';

const LIMIT = 100;
const INTERVAL_MS = 20_000;

/** All blocks that the pool found, newest first. */
export function minedView(feed: PoolFeed): View {
  const table = blockTable([
    'No block yet. ',
    h('a', { href: CONNECT_PATH }, 'Every miner that joins'),
    ' makes the wait shorter.',
  ]);
  const problem = h('p', { class: 'about' });
  const poll = new Poll({
    url: () => `/blocks?limit=${LIMIT}`,
    read: readBlocks,
    intervalMs: INTERVAL_MS,
    onData: ({ blocks }) => {
      show(problem, blocks.length === LIMIT ? `The newest ${LIMIT}.` : '');
      table.update(blocks);
    },
    onError: (error) => show(problem, errorText(error)),
  });
  const element = h(
    'div',
    { class: 'stack' },
    h('header', { class: 'page-head' }, h('h1', { class: 'page-name' }, 'Blocks')),
    panel('Found by this pool', table.element, problem),
    meanings('What the states mean', BLOCK_STATES),
  );
  const unsubscribe = feed.onLive((message) => {
    if (message.type === 'block') poll.soon();
  });
  return {
    title: 'Blocks',
    element,
    close: () => {
      unsubscribe();
      poll.close();
    },
  };
}

/** All payments that the pool sent, newest first. */
export function paidView(feed: PoolFeed): View {
  const table = payoutTable(true, ['Nothing was paid yet. Payouts begin when a block has matured.']);
  const next = new NextPayoutPanel();
  const problem = h('p', { class: 'about' });
  const payouts = new Poll({
    url: () => `/payouts?limit=${LIMIT}`,
    read: readPayouts,
    intervalMs: INTERVAL_MS,
    onData: (data) => {
      show(problem, data.payouts.length === LIMIT ? `The newest ${LIMIT}.` : '');
      table.update(data.payouts);
    },
    onError: (error) => show(problem, errorText(error)),
  });
  const nextPayout = new Poll({
    url: () => '/next_payout',
    read: readNextPayout,
    intervalMs: INTERVAL_MS,
    onData: (data) => next.update(data, coinOf(feed.stats)),
    onError: () => next.update(undefined, ''),
  });
  const element = h(
    'div',
    { class: 'stack' },
    h('header', { class: 'page-head' }, h('h1', { class: 'page-name' }, 'Payouts')),
    h('div', { class: 'halves' }, next.element, meanings('What the states mean', PAYOUT_STATES)),
    panel('Payments', table.element, problem),
  );
  const unsubscribe = feed.onLive((message) => {
    if (message.type !== 'payout' && message.type !== 'block') return;
    payouts.soon();
    nextPayout.soon();
  });
  return {
    title: 'Payouts',
    element,
    close: () => {
      unsubscribe();
      payouts.close();
      nextPayout.close();
    },
  };
}

function meanings(title: string, words: Readonly<Record<string, string>>): HTMLElement {
  const rows = Object.entries(words).map(([word, meaning]) =>
    h('div', { class: 'meaning' }, h('dt', {}, state(word)), h('dd', {}, meaning)),
  );
  return panel(title, h('dl', { class: 'meanings' }, ...rows));
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
