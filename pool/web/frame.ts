/** What stands around every view of the pool. */
import { announce } from '../../service/web/announce.ts';
import { h, svg } from '../../service/web/element.ts';
import { count, shortened } from '../../service/web/format.ts';
import { buildFrame, type Frame } from '../../service/web/frame.ts';
import { when } from '../../service/web/when.ts';
import type { Stats } from './answers.ts';
import { addressPath, CONNECT_PATH, HOME_PATH, MINE_PATH, MINED_PATH, PAID_PATH } from './paths.ts';
import { type PoolFeed, STATS_INTERVAL_MS } from './pool-feed.ts';

const WAYS = [
  { path: HOME_PATH, name: 'Overview' },
  { path: MINED_PATH, name: 'Blocks' },
  { path: PAID_PATH, name: 'Payouts' },
  { path: CONNECT_PATH, name: 'Connect' },
  { path: MINE_PATH, name: 'Mine here' },
] as const;

/** Builds it into the page. */
export function poolFrame(feed: PoolFeed, go: (path: string) => void): Frame {
  const frame = buildFrame({
    siteName: 'NilzCoin pool',
    brandMark: brandMark(),
    homePath: HOME_PATH,
    ways: WAYS,
    search: {
      label: 'Find an address',
      placeholder: 'Find your address',
      // A user name of a miner will do: the address ends at the first separator.
      onSearch: (text) => go(addressPath(text.split(/[._\s]/)[0] || text)),
    },
    server: 'The pool',
    pollSeconds: STATS_INTERVAL_MS / 1_000,
  });
  feed.onStats((stats) => {
    const { name, test_money: isTestMoney } = stats.network;
    frame.showNote(isTestMoney === true ? `${name}: test money, worth nothing` : null);
    frame.showFoot(...footLine(stats));
  });
  feed.onLive((message) => {
    if (message.type === 'block' && message.state === 'pending') announce(`Block ${message.height} found`);
  });
  feed.onLink((link) => frame.showLink(link, feed.stats?.time ?? null));
  return frame;
}

function footLine({ network, started }: Stats): (Node | string)[] {
  return [
    `Network ${network.name}, height ${count(network.height)}`,
    ...(network.tip === null
      ? []
      : [', tip ', h('span', { class: 'hash', title: network.tip }, shortened(network.tip, 6, 8))]),
    ...(started === null ? [] : ['. Pool started ', when(started)]),
    '. The same numbers as JSON: ',
    h('a', { href: '/stats' }, '/stats'),
    ', ',
    h('a', { href: '/blocks' }, '/blocks'),
    ', ',
    h('a', { href: '/metrics' }, '/metrics'),
    '.',
  ];
}

/** The icon of the page, as a line drawing in the text's colour. */
function brandMark(): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 32 32', width: 28, height: 28, 'aria-hidden': 'true', class: 'brand-mark' },
    svg('rect', { width: 32, height: 32, rx: 8, class: 'brand-ground' }),
    svg('path', { d: 'M9 23.5V8.5l14 15v-15', class: 'brand-line' }),
  );
}
