/** The pool's page: begins here in the browser. */
import { type Route, Router } from '../../service/web/router.ts';
import { startClock } from '../../service/web/when.ts';
import { addressView } from './address-view.ts';
import { connectView } from './connect-view.ts';
import { poolFrame } from './frame.ts';
import { homeView } from './home-view.ts';
import { minedView, paidView } from './list-views.ts';
import { missingView } from './missing-view.ts';
import { PoolFeed } from './pool-feed.ts';
import { workerView } from './worker-view.ts';

const feed = new PoolFeed();
const frame = poolFrame(feed, (path) => router.go(path));

const routes: readonly Route[] = [
  { path: /^\/$/, open: () => homeView(feed) },
  { path: /^\/mined$/, open: () => minedView(feed) },
  { path: /^\/paid$/, open: () => paidView(feed) },
  { path: /^\/connect$/, open: () => connectView(feed) },
  { path: /^\/address\/([^/]+)$/, open: ([address = '']) => addressView(feed, address) },
  {
    path: /^\/address\/([^/]+)\/worker\/([^/]*)$/,
    open: ([address = '', worker = '']) => workerView(feed, address, worker),
  },
];

const router = new Router({
  routes,
  otherwise: missingView,
  outlet: frame.outlet,
  siteName: 'NilzCoin pool',
  onChange: (path) => frame.mark(path),
});
startClock(document);
