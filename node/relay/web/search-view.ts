/** What was searched for: leads on where it is found, and helps where it is not. */
import { RelaySearch } from '../../../protocol/relay-views.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import { count } from '../../../service/web/format.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import { ask } from '../../../service/web/poll.ts';
import type { View } from '../../../service/web/router.ts';
import { foreignText } from './parts.ts';
import { addressPath, BROADCAST_PATH, BYTES_PATH, blockPath, transactionPath } from './paths.ts';
import type { RelayFeed } from './relay-feed.ts';

/** @param replace shows what was found in place of this view */
export function searchView(feed: RelayFeed, text: string, replace: (path: string) => void): View {
  const answer = h('div', { class: 'stack', role: 'status' });
  const ending = new AbortController();
  const search = async (): Promise<void> => {
    try {
      const found = await ask(
        `/search/${encodeURIComponent(text)}`,
        (body) => RelaySearch.parse(body),
        ending.signal,
      );
      if (ending.signal.aborted) return;
      const path = pathOf(found);
      if (path === undefined) show(answer, missWords(found, feed));
      else replace(path);
    } catch (error) {
      if (ending.signal.aborted) return;
      const words = error instanceof Error ? error.message : String(error);
      show(answer, h('p', { class: 'problem' }, h('strong', {}, 'The search failed. '), words));
    }
  };
  const element = h('div', { class: 'stack' }, pageHead('Search', foreignText(text)), answer);
  return { title: 'Search', element, ready: search(), close: () => ending.abort() };
}

function pathOf({ kind, id }: RelaySearch): string | undefined {
  if (id === null) return undefined;
  switch (kind) {
    case 'block':
      return blockPath(id);
    case 'tx':
      return transactionPath(id);
    case 'address':
      return addressPath(id);
    case 'none':
      return undefined;
  }
}

function missWords({ hint }: RelaySearch, feed: RelayFeed): HTMLElement {
  const tip = feed.tip?.height;
  const prefix = feed.network?.address_prefix;
  const ways: Child[][] = [
    ['the height of a block', tip === undefined ? '' : `: 0 to ${count(tip)}`],
    ['the hash of a block or the id of a transaction: 64 hex digits'],
    ['an address', prefix === undefined ? '' : `: it begins with ${prefix}`],
  ];
  return panel(
    'Nothing was found',
    hint === null ? null : h('p', { class: 'search-hint' }, foreignText(hint)),
    h('p', {}, 'What can be searched for:'),
    h('ul', { class: 'ways-to-search' }, ...ways.map((words) => h('li', {}, ...words))),
    h(
      'p',
      { class: 'about' },
      'If these are the bytes of a transaction, ',
      h('a', { href: BROADCAST_PATH }, 'broadcast it'),
      ' or ',
      h('a', { href: BYTES_PATH }, 'look at them byte by byte'),
      '.',
    ),
  );
}
