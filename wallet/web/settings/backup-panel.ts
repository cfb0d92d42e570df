/** The words of the wallet: whether the owner has them, and what they are. */
import { h, show } from '../../../service/web/element.ts';
import { panel, stateWord } from '../../../service/web/panel.ts';
import { when } from '../../../service/web/when.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { Dialog } from '../pieces/dialog.ts';
import { Field } from '../pieces/field.ts';
import { notice, plainButton } from '../pieces/money.ts';
import { passphraseField } from '../pieces/passphrase-fields.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';
import { wordGrid } from '../welcome/create-view.ts';
import { wordsComplaint, wordsOf } from '../welcome/mnemonic-words.ts';

/** Nobody stands beside their screen for longer to copy twelve words. */
const SHOWN_MS = 120_000;

export class BackupPanel {
  readonly element: HTMLElement;
  readonly #query: LiveQuery;

  constructor(place: WalletPlace) {
    const state = h('p', { class: 'backup-state' });
    this.#query = liveQuery(place, {
      ask: (signal) => place.ask('overview', { wallet: place.wallet }, signal),
      onData: ({ words_checked: checked }) =>
        checked === null
          ? show(
              state,
              stateWord('never checked', 'warn'),
              ' Nobody has shown yet that the words are written down.',
            )
          : show(state, stateWord('checked', 'good'), ' You had the words ', when(checked), '.'),
    });
    this.element = panel(
      'Backup',
      h(
        'p',
        { class: 'about' },
        'The words bring everything back: all keys, addresses and payments. Names of contacts, notes and imported keys are in the file only; copy that, too.',
      ),
      state,
      h(
        'div',
        { class: 'buttons' },
        plainButton('Check the backup', () => checkDialog(place, () => this.#query.soon())),
        plainButton('Show the words', () => wordsDialog(place)),
      ),
    );
  }

  close(): void {
    this.#query.close();
  }
}

function checkDialog(place: WalletPlace, onChecked: () => void): void {
  const words = new Field({
    label: 'The words, from your paper',
    kind: 'lines',
    rows: 3,
    mono: true,
    maxLength: 1_000,
    check: wordsComplaint,
  });
  const outcome = h('div', { role: 'status' });
  const form = new ActionForm({
    content: [words.element, outcome],
    fields: [words],
    button: 'Are they right?',
    busy: 'Comparing…',
    beside: [plainButton('Close', () => dialog.close())],
    run: async (signal) => {
      const text = wordsOf(words.value).join(' ');
      const { same } = await place.ask('keys/check-words', { wallet: place.wallet, words: text }, signal);
      show(
        outcome,
        same
          ? notice(
              'good',
              h('strong', {}, 'These are the words of this wallet. '),
              'Your backup can be read.',
            )
          : notice(
              'bad',
              h('strong', {}, 'These are the words of another wallet. '),
              'They would not bring this one back.',
            ),
      );
      if (!same) return;
      words.value = '';
      onChecked();
    },
  });
  const dialog: Dialog = new Dialog('Check the backup', [form.element], () => form.close());
  words.onInput(() => show(outcome));
}

function wordsDialog(place: WalletPlace): void {
  const field = passphraseField('Passphrase of this wallet');
  const shown = h('div', { class: 'words-place' });
  const form = new ActionForm({
    content: [
      notice(
        'warn',
        'Whoever sees the words has the coins. Look who stands behind you, and share no screen.',
      ),
      field.element,
    ],
    fields: [field],
    button: 'Show the words',
    busy: 'Opening…',
    beside: [plainButton('Close', () => dialog.close())],
    run: async (signal) => {
      const passphrase = field.value;
      const { words } = await place.ask('keys/words', { wallet: place.wallet, passphrase }, signal);
      field.value = '';
      form.element.hidden = true;
      show(
        shown,
        wordGrid(words),
        h('p', { class: 'about' }, 'They go away by themselves in two minutes.'),
        h(
          'div',
          { class: 'buttons' },
          plainButton('Done', () => dialog.close()),
        ),
      );
      timer = setTimeout(() => dialog.close(), SHOWN_MS);
    },
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const dialog: Dialog = new Dialog('The words of this wallet', [form.element, shown], () => {
    clearTimeout(timer);
    form.close();
    shown.replaceChildren();
  });
}
