/** What stands around every view: name, ways, search, state of the connection, the mark of test money. */
import { announce, announcements } from '../../service/web/announce.ts';
import { h, show } from '../../service/web/element.ts';
import { count, shortened } from '../../service/web/format.ts';
import { when } from '../../service/web/when.ts';
import type { Stats } from './answers.ts';
import { addressPath, CONNECT_PATH, HOME_PATH, MINED_PATH, PAID_PATH } from './paths.ts';
import type { Link, PoolFeed } from './pool-feed.ts';

const WAYS = [
  { path: HOME_PATH, name: 'Overview' },
  { path: MINED_PATH, name: 'Blocks' },
  { path: PAID_PATH, name: 'Payouts' },
  { path: CONNECT_PATH, name: 'Connect' },
] as const;

const LINK_WORDS: Readonly<Record<Link['name'], string>> = {
  starting: 'connecting',
  live: 'live',
  polling: 'every 10 s',
  lost: 'no connection',
};

export interface Frame {
  readonly outlet: HTMLElement;
  /** Marks where one is. */
  mark(path: string): void;
}

/** Builds it into the page. */
export function buildFrame(feed: PoolFeed, go: (path: string) => void): Frame {
  const outlet = h('main', { id: 'content', tabindex: -1 });
  const ways = WAYS.map(({ path, name }) => h('a', { href: path, class: 'way' }, name));
  const testMoney = h('span', { class: 'test-money' });
  testMoney.hidden = true;
  const linkState = h('span', { class: 'link-state', 'data-link': 'starting' }, LINK_WORDS.starting);
  const banner = h('div', { class: 'banner', role: 'status' });
  banner.hidden = true;
  const footer = h('footer', { class: 'foot' });
  document.body.replaceChildren(
    h('a', { class: 'skip', href: '#content' }, 'To the content'),
    h(
      'header',
      { class: 'top' },
      h(
        'div',
        { class: 'top-inner' },
        h('a', { href: HOME_PATH, class: 'brand' }, brandMark(), h('span', {}, 'NilzCoin pool')),
        testMoney,
        h('nav', { class: 'ways', 'aria-label': 'Views' }, ...ways),
        searchForm(go),
        linkState,
      ),
    ),
    outlet,
    footer,
    banner,
    announcements(),
  );
  feed.onStats((stats) => {
    testMoney.hidden = stats.network.test_money !== true;
    show(testMoney, `${stats.network.name}: test money, worth nothing`);
    show(footer, ...footLine(stats));
  });
  feed.onLive((message) => {
    if (message.type === 'block' && message.state === 'pending') announce(`Block ${message.height} found`);
  });
  feed.onLink((link) => showLink(link, linkState, banner, feed));
  return {
    outlet,
    mark: (path) => {
      for (const way of ways) {
        if (way.pathname === path) way.setAttribute('aria-current', 'page');
        else way.removeAttribute('aria-current');
      }
    },
  };
}

function searchForm(go: (path: string) => void): HTMLElement {
  const input = h('input', {
    type: 'search',
    name: 'address',
    'aria-label': 'Find an address',
    placeholder: 'Find your address',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
  });
  const form = h('form', { class: 'search', role: 'search' }, input, h('button', { type: 'submit' }, 'Find'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    // A user name of a miner will do: the address ends at the first separator.
    const [address = ''] = input.value.trim().split(/[._\s]/);
    if (address === '') {
      input.focus();
      return;
    }
    input.value = '';
    input.blur();
    go(addressPath(address));
  });
  return form;
}

function showLink(link: Link, state: HTMLElement, banner: HTMLElement, feed: PoolFeed): void {
  state.dataset.link = link.name;
  show(state, LINK_WORDS[link.name]);
  banner.hidden = link.name !== 'lost';
  if (link.name !== 'lost') return;
  const last = feed.stats?.time ?? null;
  show(
    banner,
    h('strong', {}, 'The pool does not answer. '),
    ...(last === null ? ['Nothing has arrived yet; '] : ['What you see is from ', when(last), '; ']),
    'this page tries again by itself.',
    h('span', { class: 'banner-reason' }, link.reason),
  );
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
  const make = (name: string, attributes: Readonly<Record<string, string>>) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const svg = make('svg', {
    viewBox: '0 0 32 32',
    width: '28',
    height: '28',
    'aria-hidden': 'true',
    class: 'brand-mark',
  });
  svg.append(
    make('rect', { width: '32', height: '32', rx: '8', class: 'brand-ground' }),
    make('path', { d: 'M9 23.5V8.5l14 15v-15', class: 'brand-line' }),
  );
  return svg as SVGElement;
}
