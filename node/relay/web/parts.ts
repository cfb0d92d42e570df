/** Small things that several views show: links by what they lead to, amounts, rates, depths. */
import type { RelayNetwork } from '../../../protocol/relay.ts';
import { type Child, h } from '../../../service/web/element.ts';
import { count, plural, scaled, shortened, significant } from '../../../service/web/format.ts';
import { exactAmount, stateWord, unknown } from '../../../service/web/panel.ts';
import type { RefusedError } from '../../../service/web/poll.ts';
import { addressPath, blockPath, transactionPath } from './paths.ts';

const COIN = 'NILZ';

/** @param nits exactly, in decimal digits; null where it is unknown */
export function money(nits: string | bigint | null): HTMLElement {
  return exactAmount(nits, COIN);
}

/** What an address won or lost: with its sign, told apart by more than colour. */
export function change(nits: string): HTMLElement {
  const value = BigInt(nits);
  const element = money(value < 0n ? -value : value);
  element.classList.add(value < 0n ? 'change-out' : 'change-in');
  element.prepend(value < 0n ? '−' : '+');
  return element;
}

/** A block by its height. */
export function heightLink(height: number, hash: string | number = height): HTMLElement {
  return h('a', { href: blockPath(hash) }, count(height));
}

/** A block by its hash. */
export function blockLink(hash: string, head = 6, tail = 8): HTMLElement {
  return hashLink(blockPath(hash), hash, head, tail);
}

export function transactionLink(txid: string, head = 8, tail = 8): HTMLElement {
  return hashLink(transactionPath(txid), txid, head, tail);
}

export function addressLink(address: string, head = 10, tail = 6): HTMLElement {
  return hashLink(addressPath(address), address, head, tail);
}

/** A long name as a link, shortened in the middle and whole on hover. */
function hashLink(path: string, text: string, head: number, tail: number): HTMLElement {
  return h('a', { href: path, class: 'hash', title: text }, shortened(text, head, tail));
}

/** "2.50 nit/vB" */
export function feeRateText(rate: number | null): string {
  return rate === null ? '—' : `${significant(rate)}\u00a0nit/vB`;
}

/** "1.23 kvB" */
export function vsizeText(vsize: number): string {
  return scaled(vsize, 'vB');
}

/** "1.23 MB" */
export function bytesText(size: number): string {
  return scaled(size, 'B');
}

/** Text that somebody chose: it keeps to its own direction, whatever it is. */
export function foreignText(text: string | null, kind = 'foreign-text'): HTMLElement {
  return text === null || text === '' ? unknown() : h('bdi', { class: kind }, text);
}

/** How deep something lies in the chain; 0 = not in it. */
export function depthWord(confirmations: number): HTMLElement {
  if (confirmations === 0) return stateWord('waiting', 'warn', 'in no block yet');
  return stateWord(
    plural(confirmations, 'confirmation'),
    'good',
    'blocks from its own to the tip, both counted',
  );
}

/** Confirmations as of now, from what an answer said and blocks that came since. */
export function confirmationsNow(
  height: number | null,
  tipHeight: number | undefined,
  answered: number,
): number {
  return height === null || tipHeight === undefined ? answered : Math.max(answered, tipHeight - height + 1);
}

/** "dev: test money, worth nothing"; null on the network whose coins are meant to be money. */
export function testMoneyNote({ test_money: isTestMoney, name }: RelayNetwork): string | null {
  return isTestMoney ? `${name}: test money, worth nothing` : null;
}

/** Lines that are only looked at by who wants to: a long text behind its name. */
export function folded(name: string, ...children: readonly Child[]): HTMLElement {
  return h('details', { class: 'folded' }, h('summary', {}, name), ...children);
}

/** A list of names and what stands under them. */
export function facts(rows: readonly (readonly [name: string, ...value: Child[]])[]): HTMLElement {
  return h(
    'dl',
    { class: 'fact-list' },
    ...rows.map(([name, ...value]) => h('div', { class: 'fact' }, h('dt', {}, name), h('dd', {}, ...value))),
  );
}

/** What a refusal means: `miss` where asking again is of no use, else the relay's own word. */
export function refusalWords(error: RefusedError, miss: readonly Child[]): readonly Child[] {
  if (!error.isPassing) return miss;
  return [h('strong', {}, 'This cannot be shown now; it is tried again. '), error.message];
}

/** Says that something could not be had, and why. */
export function problemBox(): HTMLElement {
  const element = h('div', { class: 'problem', role: 'alert' });
  element.hidden = true;
  return element;
}
