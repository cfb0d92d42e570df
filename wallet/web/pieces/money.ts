/** Amounts, addresses and transactions as the wallet shows them. */
import { type Child, h } from '../../../service/web/element.ts';
import { plural, shortened } from '../../../service/web/format.ts';
import { exactAmount, stateWord } from '../../../service/web/panel.ts';
import type { GuiState, HistoryRow } from '../../gui/api-values.ts';
import { transactionPath } from '../paths.ts';
import { type IconName, icon } from './icons.ts';

export const COIN = 'NILZ';

/** @param nits exactly, in decimal digits; null where it is unknown */
export function money(nits: string | bigint | null): HTMLElement {
  return exactAmount(nits, COIN);
}

/** What came or went: with its sign, told apart by more than colour. */
export function change(nits: string | bigint): HTMLElement {
  const value = BigInt(nits);
  const element = money(value < 0n ? -value : value);
  element.classList.add(value < 0n ? 'change-out' : 'change-in');
  if (value !== 0n) element.prepend(value < 0n ? '−' : '+');
  return element;
}

/** A transaction of the wallet. */
export function transactionLink(txid: string, head = 8, tail = 8): HTMLElement {
  return h('a', { href: transactionPath(txid), class: 'hash', title: txid }, shortened(txid, head, tail));
}

/** An address, shortened, whole on hover. */
export function shortAddress(address: string, head = 12, tail = 6): HTMLElement {
  return h('span', { class: 'hash', title: address }, shortened(address, head, tail));
}

/** A whole address: what its network's all begin with, then groups of four, to be compared with another one by eye. */
export function groupedAddress(address: string): HTMLElement {
  const [, begin = '', rest = ''] = /^([a-z]{2,12}1)?(.*)$/i.exec(address) ?? [];
  const groups = [...(begin === '' ? [] : [begin]), ...(rest.match(/.{1,4}/g) ?? [])];
  return h(
    'span',
    { class: 'grouped', 'aria-label': address },
    ...groups.map((group, at) => h('span', { class: at % 2 === 0 ? 'group' : 'group odd' }, group)),
  );
}

/** Text that somebody chose: it keeps to its own direction, whatever it is. */
export function ownText(text: string): HTMLElement {
  return h('bdi', { class: 'own-text' }, text);
}

/** The name of a label, told apart from what the page says. */
export function labelTag(label: string): HTMLElement {
  return h('bdi', { class: 'label-tag' }, label);
}

/** A link to the explorer, in a tab of its own; null where there is no explorer. */
export function explorerLink(
  { explorer_url: url }: Pick<GuiState, 'explorer_url'>,
  path: string,
  words: string,
): HTMLElement | null {
  if (url === null) return null;
  return h(
    'a',
    { href: `${url.replace(/\/$/, '')}${path}`, target: '_blank', rel: 'noopener noreferrer' },
    words,
  );
}

const DIRECTION_ICONS: Readonly<Record<HistoryRow['direction'], IconName>> = {
  sent: 'send',
  received: 'receive',
  mined: 'mined',
  moved: 'moved',
};

const DIRECTION_NAMES: Readonly<Record<HistoryRow['direction'], string>> = {
  sent: 'Sent',
  received: 'Received',
  mined: 'Mined',
  moved: 'Moved',
};

/** "Sent", with its drawing. */
export function directionMark(direction: HistoryRow['direction']): HTMLElement {
  return h(
    'span',
    { class: 'direction', 'data-direction': direction },
    icon(DIRECTION_ICONS[direction]),
    h('span', {}, DIRECTION_NAMES[direction]),
  );
}

/** From here on a payment is called settled rather than counted. */
const SETTLED = 6;

/** How far a transaction is. */
export function statusWord({ status, confirmations, blocks_left: left, problem }: HistoryRow): HTMLElement {
  if (problem !== null) return stateWord('not taken', 'bad', problem);
  if (status === 'pending') return stateWord('pending', 'warn', 'in no block yet');
  if (status === 'immature') {
    const words = left === null ? 'immature' : `${plural(left, 'block')} left`;
    return stateWord(words, 'warn', 'a reward for a block has to wait before it can be spent');
  }
  return confirmations >= SETTLED
    ? stateWord('confirmed', 'good', plural(confirmations, 'confirmation'))
    : stateWord(plural(confirmations, 'confirmation'), 'good', 'blocks from its own to the newest one');
}

/** A list of names and what stands beside them. */
export function facts(rows: readonly (readonly [name: string, ...value: Child[]])[]): HTMLElement {
  return h(
    'dl',
    { class: 'fact-list' },
    ...rows.map(([name, ...value]) => h('div', { class: 'fact' }, h('dt', {}, name), h('dd', {}, ...value))),
  );
}

/** Something to think about, with its tone. */
export function notice(tone: 'plain' | 'good' | 'warn' | 'bad', ...children: readonly Child[]): HTMLElement {
  return h('div', { class: 'notice', 'data-tone': tone }, ...children);
}

/** A link that looks like a button. */
export function wayButton(
  path: string,
  name: string,
  drawing: IconName | null = null,
  isMain = false,
): HTMLElement {
  return h(
    'a',
    { href: path, class: isMain ? 'main-button' : 'plain-button' },
    drawing === null ? null : icon(drawing),
    name,
  );
}

/** A button that is not the main one of its place. */
export function plainButton(name: Child, onPress: () => void): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'plain-button' }, name);
  button.addEventListener('click', onPress);
  return button;
}
