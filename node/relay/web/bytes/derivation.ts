/** How one thing comes of another, in numbered steps: what derivations are written with. */
import { bytesToHex } from '../../../../protocol/bytes.ts';
import { type Child, h } from '../../../../service/web/element.ts';
import { plural } from '../../../../service/web/format.ts';
import { stateWord } from '../../../../service/web/panel.ts';

/** Steps in their order. */
export function steps(...items: readonly HTMLElement[]): HTMLElement {
  return h('ol', { class: 'derivation' }, ...items);
}

/** @param name what comes of it @param how in a sentence */
export function step(name: string, how: Child | readonly Child[], ...what: readonly Child[]): HTMLElement {
  const words = Array.isArray(how) ? (how as readonly Child[]) : [how as Child];
  return h(
    'li',
    { class: 'derivation-step' },
    h('h3', { class: 'derivation-name' }, name),
    h('p', { class: 'about' }, ...words),
    ...what,
  );
}

/** Digits that are read one by one. */
export function digits(text: string): HTMLElement {
  return h('p', { class: 'digits hash' }, text);
}

/** Bytes in hex; of many, the first and how many more there are. */
export function bytesOf(bytes: Uint8Array, maxShown = 100): HTMLElement {
  const rest = bytes.length - maxShown;
  return h(
    'p',
    { class: 'digits hash' },
    bytesToHex(bytes.subarray(0, maxShown)),
    rest > 0 ? h('span', { class: 'about' }, ` … and ${plural(rest, 'byte')} more`) : null,
  );
}

/** Whether what was computed is what stands there. */
export function verdict(isRight: boolean, right: string, wrong: string): HTMLElement {
  return h('p', { class: 'verdict' }, stateWord(isRight ? right : wrong, isRight ? 'good' : 'bad'));
}

/** Two lines of digits, one above the other, so that they can be compared. */
export function compared(rows: readonly DigitRow[]): HTMLElement {
  return digitRows(rows, 0);
}

/** The same with the digits that they begin with together in a lighter hand: what differs first decides. */
export function comparedInSize(rows: readonly DigitRow[]): HTMLElement {
  const texts = rows.map(([, text]) => text);
  const [first = ''] = texts;
  let shared = 0;
  while (shared < first.length && texts.every((text) => text[shared] === first[shared])) shared += 1;
  return digitRows(rows, shared);
}

type DigitRow = readonly [name: string, digits: string];

function digitRows(rows: readonly DigitRow[], shared: number): HTMLElement {
  return h(
    'dl',
    { class: 'compared' },
    ...rows.map(([name, text]) =>
      h(
        'div',
        { class: 'compared-row' },
        h('dt', {}, name),
        h('dd', { class: 'hash' }, h('span', { class: 'shared' }, text.slice(0, shared)), text.slice(shared)),
      ),
    ),
  );
}

/** A number to choose by: from 0 to one less than `count`. */
export function chooser(label: string, count: number, onChoose: (index: number) => void): HTMLElement {
  const input = h('input', {
    type: 'number',
    min: 0,
    max: count - 1,
    value: 0,
    step: 1,
    inputmode: 'numeric',
  });
  input.addEventListener('input', () => {
    const index = Number(input.value);
    const isThere = input.value !== '' && Number.isInteger(index) && index >= 0 && index < count;
    input.setAttribute('aria-invalid', String(!isThere));
    if (isThere) onChoose(index);
  });
  return h(
    'label',
    { class: 'chooser' },
    `${label} `,
    input,
    h('span', { class: 'about' }, ` 0 to ${count - 1}`),
  );
}
