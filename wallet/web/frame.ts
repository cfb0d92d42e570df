/** What stands around every view: whose wallet it is and on which network, the ways, the lock, the connection. */
import { announcements } from '../../service/web/announce.ts';
import { type Child, h, show, svg } from '../../service/web/element.ts';
import { count } from '../../service/web/format.ts';
import type { Link } from '../../service/web/server-feed.ts';
import type { GuiState, WalletRow } from '../gui/api-values.ts';
import {
  ADDRESSES_PATH,
  CONTACTS_PATH,
  HISTORY_PATH,
  MORE_PATH,
  OVERVIEW_PATH,
  RECEIVE_PATH,
  SEND_PATH,
  SETTINGS_PATH,
  TOOLS_PATH,
  WALLETS_PATH,
} from './paths.ts';
import { type IconName, icon } from './pieces/icons.ts';
import { sentence } from './pieces/refusal.ts';

interface Way {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  /** Where there is room for few. */
  readonly narrow?: 'hidden' | 'only';
}

export const WAYS: readonly Way[] = [
  { path: OVERVIEW_PATH, name: 'Overview', icon: 'overview' },
  { path: RECEIVE_PATH, name: 'Receive', icon: 'receive' },
  { path: SEND_PATH, name: 'Send', icon: 'send' },
  { path: HISTORY_PATH, name: 'History', icon: 'history' },
  { path: ADDRESSES_PATH, name: 'Addresses', icon: 'addresses', narrow: 'hidden' },
  { path: CONTACTS_PATH, name: 'Contacts', icon: 'contacts', narrow: 'hidden' },
  { path: TOOLS_PATH, name: 'Tools', icon: 'tools', narrow: 'hidden' },
  { path: SETTINGS_PATH, name: 'Settings', icon: 'settings', narrow: 'hidden' },
  { path: MORE_PATH, name: 'More', icon: 'more', narrow: 'only' },
];

const LINK_WORDS: Readonly<Record<Link['name'], string>> = {
  starting: 'connecting',
  live: 'live',
  polling: 'live',
  lost: 'no connection',
};

export interface FrameOptions {
  readonly onLock: () => void;
}

export interface Frame {
  /** Where the views stand. */
  readonly outlet: HTMLElement;
  mark(path: string): void;
  showState(state: GuiState): void;
  /** @param row the wallet that is shown; undefined for none */
  showWallet(row: WalletRow | undefined): void;
  showLink(link: Link): void;
}

/** Builds it into the page. */
export function buildFrame({ onLock }: FrameOptions): Frame {
  const outlet = h('main', { id: 'content', tabindex: -1 });
  const ways = WAYS.map(({ path, name, icon: drawing, narrow = '' }) =>
    h('a', { href: path, class: 'way', 'data-narrow': narrow }, icon(drawing), h('span', {}, name)),
  );
  const network = h('p', { class: 'network' });
  const walletName = h('a', { href: WALLETS_PATH, class: 'wallet-name' });
  const lock = h('button', { type: 'button', class: 'lock-button' }, icon('lock'), h('span', {}, 'Lock'));
  lock.addEventListener('click', onLock);
  const nav = h('nav', { class: 'ways', 'aria-label': 'Views' }, ...ways);
  const linkState = h('span', { class: 'link-state', 'data-link': 'starting' }, LINK_WORDS.starting);
  const banner = h('div', { class: 'banner', role: 'status' });
  const foot = h('p', { class: 'top-foot' });
  banner.hidden = true;
  let link: Link = { name: 'starting' };
  let backend: GuiState['backend'] | undefined;
  const showTroubles = () => {
    const words = troubleWords(link, backend);
    const mark = link.name === 'lost' ? 'lost' : backend?.state === 'away' ? 'polling' : link.name;
    linkState.dataset.link = mark;
    show(linkState, link.name === 'lost' || backend?.state !== 'away' ? LINK_WORDS[link.name] : 'no chain');
    banner.hidden = words === undefined;
    show(banner, ...(words ?? []));
  };
  document.body.replaceChildren(
    h('a', { class: 'skip', href: '#content' }, 'To the content'),
    h(
      'header',
      { class: 'top' },
      h('a', { href: OVERVIEW_PATH, class: 'brand' }, brandMark(), h('span', {}, 'NilzCoin wallet')),
      network,
      walletName,
      nav,
      h('div', { class: 'top-end' }, linkState, lock, foot),
    ),
    outlet,
    banner,
    announcements(),
  );
  return {
    outlet,
    mark: (path) => {
      for (const way of ways) {
        const isHere = path === way.pathname || path.startsWith(`${way.pathname}/`);
        if (isHere) way.setAttribute('aria-current', 'page');
        else way.removeAttribute('aria-current');
      }
    },
    showState: (state) => {
      backend = state.backend;
      const { name, test_money: isTestMoney } = state.network;
      network.dataset.test = String(isTestMoney);
      show(network, isTestMoney ? `${name}: test money, worth nothing` : `${name} network`);
      show(foot, backendWords(backend));
      foot.title = backend.url;
      showTroubles();
    },
    showWallet: (row) => {
      document.body.dataset.wallet = row === undefined ? 'none' : 'open';
      for (const part of [nav, lock, walletName]) part.hidden = row === undefined;
      if (row === undefined) return;
      walletName.setAttribute('aria-label', `Wallet ${row.name}: to all wallets`);
      show(
        walletName,
        icon('wallet'),
        h('bdi', {}, row.name),
        row.kind === 'watch' ? h('span', { class: 'watch-mark' }, 'watch-only') : null,
      );
    },
    showLink: (newLink) => {
      link = newLink;
      showTroubles();
    },
  };
}

function backendWords({ state, height }: GuiState['backend']): string {
  if (state === 'away') return `last seen at height ${count(height)}`;
  if (state === 'syncing') return `catching up, height ${count(height)}`;
  return `height ${count(height)}`;
}

function troubleWords(link: Link, backend: GuiState['backend'] | undefined): Child[] | undefined {
  if (link.name === 'lost') {
    return [
      h('strong', {}, 'The wallet program does not answer. '),
      'What you see may be out of date; this page tries again by itself.',
      h('span', { class: 'banner-reason' }, link.reason),
    ];
  }
  if (backend?.state === 'away') {
    return [
      h('strong', {}, 'The chain cannot be seen at present. '),
      'What you see is from before. Payments that are signed are kept, and handed in as soon as it can.',
      backend.reason === null ? null : h('span', { class: 'banner-reason' }, sentence(backend.reason)),
    ];
  }
  if (backend?.state === 'syncing') {
    return [
      h('strong', {}, 'The node is still catching up. '),
      'Payments may be missing until it has seen the whole chain.',
    ];
  }
  return undefined;
}

/** The icon of the page, in the colours of the theme. */
export function brandMark(): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 32 32', width: 28, height: 28, 'aria-hidden': 'true', class: 'brand-mark' },
    svg('rect', { width: 32, height: 32, rx: 8, class: 'brand-ground' }),
    svg('path', {
      d: 'M7 11.5h16.5a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2v-12A2.5 2.5 0 0 1 9.5 8H22M20.5 18h5',
      class: 'brand-line brand-purse',
    }),
  );
}
