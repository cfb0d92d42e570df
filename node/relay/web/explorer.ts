/** The explorer: begins here in the browser. */
import './strict-policy.ts';
import { type Route, Router } from '../../../service/web/router.ts';
import { startClock } from '../../../service/web/when.ts';
import { addressView } from './address-view.ts';
import { blockView } from './block-view.ts';
import { blocksView } from './blocks-view.ts';
import { broadcastView } from './broadcast-view.ts';
import { bytesView } from './bytes/bytes-view.ts';
import { chartsView } from './charts-view.ts';
import { forksView } from './forks-view.ts';
import { explorerFrame } from './frame.ts';
import { homeView } from './home-view.ts';
import { mempoolView } from './mempool-view.ts';
import { missingView } from './missing-view.ts';
import { networkView } from './network-view.ts';
import { RelayFeed } from './relay-feed.ts';
import { searchView } from './search-view.ts';
import { transactionView } from './transaction-view.ts';

const feed = new RelayFeed();
const go = (path: string) => router.go(path);
const frame = explorerFrame(feed, go);

const routes: readonly Route[] = [
  { path: /^\/(?:explorer\/?)?$/, open: () => homeView(feed) },
  { path: /^\/explorer\/blocks$/, open: () => blocksView(feed) },
  { path: /^\/explorer\/block\/([^/]+)$/, open: ([id = '']) => blockView(feed, id) },
  { path: /^\/explorer\/tx\/([^/]+)$/, open: ([txid = '']) => transactionView(feed, txid) },
  { path: /^\/explorer\/address\/([^/]+)$/, open: ([address = '']) => addressView(feed, address) },
  { path: /^\/explorer\/mempool$/, open: () => mempoolView(feed) },
  { path: /^\/explorer\/charts$/, open: () => chartsView(feed) },
  { path: /^\/explorer\/forks$/, open: () => forksView(feed) },
  { path: /^\/explorer\/network$/, open: () => networkView(feed) },
  { path: /^\/explorer\/broadcast$/, open: () => broadcastView(go) },
  { path: /^\/explorer\/bytes$/, open: () => bytesView(feed, { kind: 'paste' }) },
  {
    path: /^\/explorer\/bytes\/(header|block|tx)\/([^/]+)$/,
    open: ([kind = '', id = '']) => bytesView(feed, { kind: kind as 'header' | 'block' | 'tx', id }),
  },
  {
    path: /^\/explorer\/search\/([^/]+)$/,
    open: ([text = '']) => searchView(feed, text, (path) => router.replace(path)),
  },
];

const router = new Router({
  routes,
  otherwise: missingView,
  outlet: frame.outlet,
  siteName: 'NilzCoin explorer',
  onChange: (path) => frame.mark(path),
});
startClock(document);
