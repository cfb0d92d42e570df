/** What stands around every view of the explorer. */
import { announce } from '../../../service/web/announce.ts';
import { type Child, h, svg } from '../../../service/web/element.ts';
import { count, shortened } from '../../../service/web/format.ts';
import { buildFrame, type Frame } from '../../../service/web/frame.ts';
import { RefusedError } from '../../../service/web/poll.ts';
import { testMoneyNote } from './parts.ts';
import {
  BLOCKS_PATH,
  BROADCAST_PATH,
  BYTES_PATH,
  blockPath,
  CHARTS_PATH,
  FORKS_PATH,
  HOME_PATH,
  MEMPOOL_PATH,
  NETWORK_PATH,
  searchPath,
} from './paths.ts';
import { CHAIN_INTERVAL_MS, type RelayFeed } from './relay-feed.ts';

const WAYS = [
  { path: HOME_PATH, name: 'Now' },
  { path: BLOCKS_PATH, name: 'Blocks' },
  { path: MEMPOOL_PATH, name: 'Waiting' },
  { path: CHARTS_PATH, name: 'Charts' },
  { path: FORKS_PATH, name: 'Forks' },
  { path: NETWORK_PATH, name: 'Peers' },
  { path: BYTES_PATH, name: 'Bytes' },
  { path: BROADCAST_PATH, name: 'Broadcast' },
] as const;

/** Builds it into the page. */
export function explorerFrame(feed: RelayFeed, go: (path: string) => void): Frame {
  const frame = buildFrame({
    siteName: 'NilzCoin explorer',
    brandMark: brandMark(),
    homePath: HOME_PATH,
    ways: WAYS,
    search: {
      label: 'Find a block, a transaction or an address',
      placeholder: 'Height, hash, transaction, address',
      // A height is shown as "48,213", and copied so.
      onSearch: (text) => go(searchPath(/^\d[\d,]*$/.test(text) ? text.replaceAll(',', '') : text)),
    },
    server: 'The relay',
    troubleOf,
    pollSeconds: CHAIN_INTERVAL_MS / 1_000,
  });
  feed.onChain(({ network }) => frame.showNote(testMoneyNote(network)));
  feed.onBlocks(() => frame.showFoot(...footLine(feed)));
  feed.onEvent((event) => {
    if (event.type === 'block_connected') announce(`Block ${event.block.height}`);
  });
  feed.onLink((link) => frame.showLink(link, feed.chain?.time ?? null));
  return frame;
}

/** The relay answers, but not with what it was asked for. */
function troubleOf(error: unknown): string | undefined {
  if (!(error instanceof RefusedError)) return undefined;
  if (error.code === 'node-away') return 'The node behind this relay does not answer';
  if (error.code === 'too-many-requests') return 'Too much was asked from here';
  return 'The relay cannot answer';
}

function footLine({ network, tip }: RelayFeed): Child[] {
  if (network === undefined || tip === undefined) return [];
  return [
    `Network ${network.name}, height ${count(tip.height)}, tip `,
    h('a', { href: blockPath(tip.hash), class: 'hash', title: tip.hash }, shortened(tip.hash, 6, 8)),
    '. The same for programs: ',
    h('a', { href: '/openapi.json' }, '/openapi.json'),
    ', ',
    h('a', { href: '/chain' }, '/chain'),
    ', ',
    h('a', { href: '/health' }, '/health'),
    '.',
  ];
}

/** The icon of the page, in the colours of the theme. */
function brandMark(): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 32 32', width: 28, height: 28, 'aria-hidden': 'true', class: 'brand-mark' },
    svg('rect', { width: 32, height: 32, rx: 8, class: 'brand-ground' }),
    svg('path', {
      d: 'M16 6.5l8.2 4.75v9.5L16 25.5l-8.2-4.75v-9.5zM16 16v9.5M16 16l8.2-4.75M16 16l-8.2-4.75',
      class: 'brand-line brand-cube',
    }),
  );
}
