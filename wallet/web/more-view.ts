/** The ways that a phone has no room for below every view. */
import { h } from '../../service/web/element.ts';
import { pageHead } from '../../service/web/panel.ts';
import type { View } from '../../service/web/router.ts';
import { WAYS } from './frame.ts';
import { WALLETS_PATH } from './paths.ts';
import { icon } from './pieces/icons.ts';

const ABOUT: Readonly<Record<string, string>> = {
  Addresses: 'What each address has, and single coins',
  Contacts: 'Whom you pay, by name',
  Tools: 'Signed messages, partly signed transactions',
  Settings: 'Lock, passphrase, words, keys',
};

export function moreView(): View {
  const ways = WAYS.filter(({ narrow }) => narrow === 'hidden').map(({ path, name, icon: drawing }) =>
    wayCard(path, name, ABOUT[name] ?? '', icon(drawing)),
  );
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'More'),
    h(
      'div',
      { class: 'way-cards' },
      ...ways,
      wayCard(WALLETS_PATH, 'Wallets', 'Another one, a new one', icon('wallet')),
    ),
  );
  return { title: 'More', element, ready: Promise.resolve(), close: () => undefined };
}

/** A way to somewhere, as large as its words. */
export function wayCard(path: string, name: string, about: string, drawing: SVGElement): HTMLElement {
  return h(
    'a',
    { href: path, class: 'way-card' },
    drawing,
    h('span', { class: 'way-card-name' }, name),
    h('span', { class: 'way-card-about' }, about),
  );
}
