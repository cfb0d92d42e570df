import { RelayChain } from '../../../protocol/relay.ts';
import { h } from '../../../service/web/element.ts';
import { PagedList } from '../../../service/web/paged-list.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import { blockTable } from './block-table.ts';
import { closeAll } from './closing.ts';
import { FORKS_PATH } from './paths.ts';
import type { RelayFeed } from './relay-feed.ts';

/** All blocks of the best chain, newest first. */
export function blocksView(feed: RelayFeed): View {
  const list = new PagedList({
    path: '/chain',
    read: (body) => {
      const { blocks, next } = RelayChain.parse(body);
      return { rows: blocks, next };
    },
    keyOf: ({ hash }) => hash,
    table: blockTable(),
  });
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Blocks'),
    panel(
      'The best chain',
      list.element,
      h(
        'p',
        { class: 'about' },
        'Blocks that lost a race stand among the ',
        h('a', { href: FORKS_PATH }, 'forks and stale tips'),
        '.',
      ),
    ),
  );
  const closers = [
    feed.onEvent((event) => {
      if (event.type === 'block_disconnected') list.remove(new Set([event.hash]));
      if (event.type === 'block_connected') list.soon();
    }),
    feed.onMissed(() => list.soon()),
    () => list.close(),
  ];
  return { title: 'Blocks', element, ready: list.first, close: closeAll(closers) };
}
