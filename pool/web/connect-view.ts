/** How to connect: commands and settings to copy, with the reader's own address in them. */
import { codeLine, copyButton } from '../../service/web/copy.ts';
import { h, show } from '../../service/web/element.ts';
import { panel } from '../../service/web/panel.ts';
import type { View } from '../../service/web/router.ts';
import type { Connect, Stats } from './answers.ts';
import { type Guide, guides, reachableUrl, webSocketUrl } from './connect-guide.ts';
import { FirstShare } from './first-share.ts';
import { MINE_PATH } from './paths.ts';
import type { PoolFeed } from './pool-feed.ts';

const PLACEHOLDER = 'YOUR_ADDRESS';
const FIRST_WORKER = 'rig1';

export function connectView(feed: PoolFeed): View {
  const address = h('input', {
    id: 'your-address',
    type: 'text',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    placeholder: 'Where your earnings are paid to',
    value: new URLSearchParams(location.search).get('address') ?? '',
  });
  const worker = h('input', {
    id: 'your-worker',
    type: 'text',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: 64,
    value: FIRST_WORKER,
  });
  const places = h('div', { class: 'places' });
  const list = h('div', { class: 'guides' });
  const firstShare = new FirstShare();
  const showGuides = (): void => {
    const connect = feed.stats?.connect ?? null;
    const user = userOf(address.value.trim(), worker.value.trim());
    show(places, ...placesOf(connect));
    show(list, ...(connect === null ? [] : guides(connect, user, location.hostname).map(guideOf)));
  };
  const update = (stats: Stats): void => {
    firstShare.update(stats.connect, stats.network.difficulty);
    showGuides();
  };
  for (const input of [address, worker]) input.addEventListener('input', showGuides);
  const element = h(
    'div',
    { class: 'stack' },
    h(
      'header',
      { class: 'page-head' },
      h('h1', { class: 'page-name' }, 'Connect a miner'),
      h(
        'p',
        { class: 'lead' },
        'Any SHA-256d miner that speaks Stratum. There is no account: your address is your user name. With nothing installed, you can ',
        h('a', { href: MINE_PATH }, 'mine in this browser'),
        '.',
      ),
    ),
    h(
      'div',
      { class: 'halves' },
      panel(
        'Your user name',
        h('div', { class: 'field' }, h('label', { for: 'your-address' }, 'Address'), address),
        h(
          'div',
          { class: 'field' },
          h('label', { for: 'your-worker' }, 'Name of this machine'),
          worker,
          h('p', { class: 'about' }, 'Letters, digits, dots and dashes; tells your machines apart.'),
        ),
        places,
      ),
      firstShare.element,
    ),
    h('section', { class: 'panel', 'aria-label': 'Miners' }, list),
  );
  const unsubscribe = feed.onStats(update);
  return { title: 'Connect a miner', element, ready: feed.first, close: () => void unsubscribe() };
}

function userOf(address: string, worker: string): string {
  const name = address === '' ? PLACEHOLDER : address;
  return worker === '' ? name : `${name}.${worker}`;
}

function placesOf(connect: Connect | null): HTMLElement[] {
  const rows: [string, string | null][] = [
    ['Stratum', connect?.stratum ?? null],
    ['Stratum over TLS', connect?.stratum_tls ?? null],
    ['WebSocket', connect?.websocket ? webSocketUrl(connect.websocket, location) : null],
  ];
  return rows.flatMap(([name, url]) =>
    url === null
      ? []
      : [
          h(
            'div',
            { class: 'place' },
            h('span', { class: 'figure-name' }, name),
            codeLine(reachableUrl(url, location.hostname), `the address for ${name}`),
          ),
        ],
  );
}

function guideOf({ name, about, command, fields = [] }: Guide): HTMLElement {
  const rows = fields.map((field) =>
    h(
      'div',
      { class: 'setting' },
      h('dt', {}, field.name),
      h('dd', {}, h('code', {}, field.value), copyButton(field.value, field.name)),
    ),
  );
  return h(
    'article',
    { class: 'guide' },
    h('div', {}, h('h2', { class: 'guide-name' }, name), h('p', { class: 'about' }, about)),
    command === undefined ? null : codeLine(command, `the command for ${name}`),
    rows.length === 0 ? null : h('dl', { class: 'settings' }, ...rows),
  );
}
