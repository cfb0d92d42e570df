/** What stands around every view of the faucet. */
import { h, svg } from '../../service/web/element.ts';
import { count } from '../../service/web/format.ts';
import { buildFrame, type Frame } from '../../service/web/frame.ts';
import type { FaucetState } from './answers.ts';
import { type FaucetFeed, STATE_INTERVAL_MS } from './faucet-feed.ts';
import { HOME_PATH } from './paths.ts';

/** Builds it into the page. */
export function faucetFrame(feed: FaucetFeed): Frame {
  const frame = buildFrame({
    siteName: 'NilzCoin faucet',
    brandMark: brandMark(),
    homePath: HOME_PATH,
    ways: [],
    server: 'The faucet',
    pollSeconds: STATE_INTERVAL_MS / 1_000,
  });
  feed.onState((state) => {
    const { name, test_money: isTestMoney } = state.network;
    frame.showNote(isTestMoney ? `${name}: test money, worth nothing` : null);
    frame.showFoot(...footLine(state));
  });
  feed.onLink((link) => frame.showLink(link, feed.state?.time ?? null));
  return frame;
}

function footLine({ network, explorer_url: explorerUrl }: FaucetState): (Node | string)[] {
  return [
    `Network ${network.name}, height ${count(network.height)}. `,
    ...(explorerUrl === null ? [] : [h('a', { href: explorerUrl }, 'Explorer'), '. ']),
    'The same numbers as JSON: ',
    h('a', { href: '/state' }, '/state'),
    ', ',
    h('a', { href: '/metrics' }, '/metrics'),
    '.',
  ];
}

/** The icon of the page, as a line drawing. */
function brandMark(): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 32 32', width: 28, height: 28, 'aria-hidden': 'true', class: 'brand-mark' },
    svg('rect', { width: 32, height: 32, rx: 8, class: 'brand-ground' }),
    svg('path', {
      d: 'M16 6.5c4 5.2 6.5 8.4 6.5 12a6.5 6.5 0 0 1-13 0c0-3.6 2.5-6.8 6.5-12z',
      class: 'brand-line',
    }),
  );
}
