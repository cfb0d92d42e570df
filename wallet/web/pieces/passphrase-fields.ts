/** Fields for passphrases: one that opens, and a pair for a new one with a word about its strength. */
import { h, show } from '../../../service/web/element.ts';
import { estimateStrength } from '../../keys/passphrase-strength.ts';
import { Field } from './field.ts';

/** Of a passphrase that exists. */
export function passphraseField(label = 'Passphrase', about: string | null = null): Field {
  const field = new Field({
    label,
    about,
    kind: 'password',
    autocomplete: 'current-password',
    maxLength: 1_000,
    check: (value) => (value === '' ? 'The passphrase is missing.' : undefined),
    beside: h('button', { type: 'button', class: 'plain-button reveal', 'aria-pressed': 'false' }, 'Show'),
  });
  makeRevealing(field);
  return field;
}

export interface NewPassphrase {
  readonly fields: readonly Field[];
  readonly element: HTMLElement;
  readonly value: string;
}

/** A new passphrase, written twice; how strong it is is said, and left to whom it belongs. */
export function newPassphrase(label = 'Passphrase'): NewPassphrase {
  const first = new Field({
    label,
    about: 'Encrypts the wallet file on this machine. Several words that do not belong together are good.',
    kind: 'password',
    autocomplete: 'new-password',
    maxLength: 1_000,
    check: (value) =>
      value === '' ? 'Without a passphrase anybody who gets at the file has the coins.' : undefined,
    beside: h('button', { type: 'button', class: 'plain-button reveal', 'aria-pressed': 'false' }, 'Show'),
  });
  makeRevealing(first);
  const again = new Field({
    label: 'The same again',
    kind: 'password',
    autocomplete: 'new-password',
    maxLength: 1_000,
    check: (value) => (value === first.value ? undefined : 'This is not the same.'),
  });
  const bar = h('div', { class: 'strength-bar', 'aria-hidden': 'true' });
  const words = h('p', { class: 'strength-words', role: 'status' });
  const meter = h('div', { class: 'strength' }, bar, words);
  first.onInput((value) => {
    const { score, words: about } = estimateStrength(value);
    meter.dataset.score = value === '' ? '' : String(score);
    show(words, value === '' ? '' : about);
  });
  return {
    fields: [first, again],
    element: h('div', { class: 'new-passphrase' }, first.element, meter, again.element),
    get value() {
      return first.value;
    },
  };
}

/** Its button shows what is written, and hides it again. */
function makeRevealing(field: Field): void {
  const button = field.element.querySelector('button');
  const { input } = field;
  if (button === null || !(input instanceof HTMLInputElement)) return;
  button.setAttribute('aria-label', 'Show what is written');
  button.addEventListener('click', () => {
    const isShown = input.type === 'text';
    input.type = isShown ? 'password' : 'text';
    button.setAttribute('aria-pressed', String(!isShown));
    show(button, isShown ? 'Show' : 'Hide');
    input.focus();
  });
}
