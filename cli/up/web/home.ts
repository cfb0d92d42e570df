/** The landing page: begins here in the browser. */
import { h, svg } from '../../../service/web/element.ts';
import { count } from '../../../service/web/format.ts';
import { buildFrame } from '../../../service/web/frame.ts';
import { PolledFeed } from '../../../service/web/polled-feed.ts';
import { Router } from '../../../service/web/router.ts';
import { startClock } from '../../../service/web/when.ts';
import { readHomeState } from './answers.ts';
import { homeView } from './home-view.ts';

const INTERVAL_MS = 2_000;
const SITE_NAME = 'NilzCoin';

const feed = new PolledFeed({ url: '/state', read: readHomeState, intervalMs: INTERVAL_MS });
const frame = buildFrame({
  siteName: SITE_NAME,
  brandMark: brandMark(),
  homePath: '/',
  ways: [],
  server: 'The machine that runs all this',
  pollSeconds: INTERVAL_MS / 1_000,
});
feed.onState(({ network, node }) => {
  frame.showNote(network.test_money ? `${network.name}: test money, worth nothing` : null);
  frame.showFoot(
    `Network ${network.name}, height ${count(node.height)}. The same as JSON: `,
    h('a', { href: '/state' }, '/state'),
    '.',
  );
});
feed.onLink((link) => frame.showLink(link, feed.state?.time ?? null));

new Router({
  routes: [],
  otherwise: () => homeView(feed),
  outlet: frame.outlet,
  siteName: SITE_NAME,
  onChange: (path) => frame.mark(path),
});
startClock(document);

/** The icon of the page, in the colours of the theme. */
function brandMark(): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 32 32', width: 28, height: 28, 'aria-hidden': 'true', class: 'brand-mark' },
    svg('rect', { width: 32, height: 32, rx: 8, class: 'brand-ground' }),
    svg('path', { d: 'M9 23.5V8.5l14 15v-15', class: 'brand-line' }),
  );
}
