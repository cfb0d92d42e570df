/** The faucet's page: begins here in the browser. */
import { type Route, Router } from '../../service/web/router.ts';
import { startClock } from '../../service/web/when.ts';
import { claimView } from './claim-view.ts';
import { FaucetFeed } from './faucet-feed.ts';
import { faucetFrame } from './frame.ts';
import { homeView } from './home-view.ts';
import { missingView } from './missing-view.ts';

const feed = new FaucetFeed();
const frame = faucetFrame(feed);

const routes: readonly Route[] = [
  { path: /^\/$/, open: () => homeView(feed, (path) => router.go(path)) },
  { path: /^\/claim\/([0-9a-f]+)$/, open: ([id = '']) => claimView(feed, id) },
];

const router = new Router({
  routes,
  otherwise: missingView,
  outlet: frame.outlet,
  siteName: 'NilzCoin faucet',
  onChange: (path) => frame.mark(path),
});
startClock(document);
