/** The page that mines: begins here in the browser. */
import { Router } from '../../../service/web/router.ts';
import { startClock } from '../../../service/web/when.ts';
import { poolFrame } from '../frame.ts';
import { missingView } from '../missing-view.ts';
import { PoolFeed } from '../pool-feed.ts';
import { mineView } from './mine-view.ts';

const feed = new PoolFeed();
// All other views are on the dashboard, which is another page.
const frame = poolFrame(feed, (path) => location.assign(path));

new Router({
  routes: [{ path: /^\/mine$/, open: () => mineView(feed) }],
  otherwise: missingView,
  outlet: frame.outlet,
  siteName: 'NilzCoin pool',
  onChange: (path) => frame.mark(path),
});
startClock(document);
