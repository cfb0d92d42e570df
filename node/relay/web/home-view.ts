/** The chain as it grows. */
import { type MempoolRow, RelayFees, RelayMempool } from '../../../protocol/relay.ts';
import { h, show } from '../../../service/web/element.ts';
import { panel } from '../../../service/web/panel.ts';
import { Poll } from '../../../service/web/poll.ts';
import type { View } from '../../../service/web/router.ts';
import { BlockStrip } from './block-strip.ts';
import { newestBlockTable } from './block-table.ts';
import { chainFigures } from './chain-figures.ts';
import { closeAll } from './closing.ts';
import { NewsRefresh } from './news-refresh.ts';
import { BLOCKS_PATH, MEMPOOL_PATH } from './paths.ts';
import type { RelayFeed } from './relay-feed.ts';
import { newestTransactionTable } from './transaction-table.ts';

const MEMPOOL_INTERVAL_MS = 20_000;
const FEES_INTERVAL_MS = 60_000;
const SHOWN_TRANSACTIONS = 8;
const SHOWN_BLOCKS = 8;

export function homeView(feed: RelayFeed): View {
  const strip = new BlockStrip();
  const figures = h('dl', { class: 'figures chain-figures' });
  const blocks = newestBlockTable();
  const waiting = newestTransactionTable(
    'No transaction waits for a block. The next one appears here the moment it is broadcast.',
  );
  let newest: readonly MempoolRow[] = [];
  let fees: RelayFees | undefined;
  let totals = feed.mempool;
  const showFigures = () => {
    const { chain, blocks: known } = feed;
    show(figures, ...chainFigures({ chain, blocks: known, mempool: totals, fees }));
    const tip = feed.tip;
    strip.showTemplate(feed.template, tip === undefined ? null : tip.height + 1);
  };
  const showWaiting = (rows: readonly MempoolRow[]) => {
    newest = rows.slice(0, SHOWN_TRANSACTIONS);
    waiting.update(newest);
  };
  const mempool = new Poll({
    url: () => `/mempool?limit=${SHOWN_TRANSACTIONS}`,
    read: (body) => RelayMempool.parse(body),
    intervalMs: MEMPOOL_INTERVAL_MS,
    onData: ({ size, vsize, rows }) => {
      totals = { size, vsize };
      showWaiting(rows);
      showFigures();
    },
    // The feed tells of a relay or a node that is away.
    onError: () => undefined,
  });
  const feePoll = new Poll({
    url: () => '/fees',
    read: (body) => RelayFees.parse(body),
    intervalMs: FEES_INTERVAL_MS,
    onData: (answer) => {
      fees = answer;
      showFigures();
    },
    onError: () => undefined,
  });
  const element = h(
    'div',
    { class: 'stack' },
    h('h1', { class: 'visually-hidden' }, 'The chain now'),
    strip.element,
    panel('Network', figures),
    h(
      'div',
      { class: 'halves newest' },
      panel(
        'Blocks',
        blocks.element,
        h('p', { class: 'about' }, h('a', { href: BLOCKS_PATH }, 'All blocks')),
      ),
      panel(
        'Newest transactions',
        waiting.element,
        h('p', { class: 'about' }, h('a', { href: MEMPOOL_PATH }, 'All that wait for a block')),
      ),
    ),
  );
  showFigures();
  const news = new NewsRefresh(() => mempool.soon());
  const closers = [
    feed.onBlocks((window) => {
      strip.update(window);
      blocks.update(window.slice(0, SHOWN_BLOCKS));
      showFigures();
    }),
    feed.onChain(showFigures),
    feed.onEvent((event) => {
      if (event.type === 'template' || event.type === 'hello') showFigures();
      if (event.type !== 'mempool') return;
      totals = { size: event.size, vsize: event.vsize };
      const gone = new Set(event.removed.map(({ txid }) => txid));
      const arrived = event.added.toReversed();
      const known = new Set(arrived.map(({ txid }) => txid));
      const stays = newest.filter(({ txid }) => !gone.has(txid) && !known.has(txid));
      showWaiting([...arrived.filter(({ txid }) => !gone.has(txid)), ...stays]);
      // A gap among the newest, or more than was listed: the list has to be asked for.
      if (event.left_out > 0 || newest.length < Math.min(SHOWN_TRANSACTIONS, event.size)) news.hear();
      showFigures();
    }),
    feed.onMissed(() => news.hear()),
    () => news.close(),
    () => mempool.close(),
    () => feePoll.close(),
  ];
  const ready = Promise.all([feed.first, mempool.first, feePoll.first]);
  return { title: '', element, ready, close: closeAll(closers) };
}
