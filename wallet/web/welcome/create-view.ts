/** A new wallet, in three steps: name and passphrase, its words, and whether they were written down. */
import { h, show } from '../../../service/web/element.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { WalletRow } from '../../gui/api-values.ts';
import { WALLETS_PATH } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { checkbox, Field } from '../pieces/field.ts';
import { notice, plainButton, wayButton } from '../pieces/money.ts';
import { newPassphrase } from '../pieces/passphrase-fields.ts';
import type { Place } from '../session/place.ts';
import { placesToAsk, wordsOf } from './mnemonic-words.ts';
import { freeName, nameField, walletName } from './name-field.ts';

const ASKED = 3;
const STEPS = ['Passphrase', 'Words', 'Check'] as const;

export function createView(place: Place, onOpen: (row: WalletRow) => void): View {
  const outlet = h('div');
  const steps = STEPS.map((name) => h('li', { class: 'step-mark' }, name));
  const forms = new Set<ActionForm>();
  const name = nameField(place, freeName(place));
  const secret = newPassphrase();
  const showStep = (index: number, ...content: Node[]) => {
    steps.forEach((step, at) => {
      step.dataset.state = at < index ? 'done' : at === index ? 'now' : 'later';
      if (at === index) step.setAttribute('aria-current', 'step');
      else step.removeAttribute('aria-current');
    });
    show(outlet, ...content);
    outlet.querySelector<HTMLElement>('h2')?.focus();
  };
  const begun = (options: ConstructorParameters<typeof ActionForm>[0]): ActionForm => {
    const form = new ActionForm(options);
    forms.add(form);
    return form;
  };

  const first = begun({
    content: [name.element, secret.element],
    fields: [name, ...secret.fields],
    button: 'Go on',
    beside: [wayButton(WALLETS_PATH, 'Back')],
    run: async (signal) => {
      const { words } = await place.ask('wallets/words', {}, signal);
      showWords(words);
    },
  });

  const finish = async (words: string, isChecked: boolean, signal: AbortSignal) => {
    const answer = await place.ask(
      'wallets/create',
      { name: walletName(name), words, passphrase: secret.value, words_checked: isChecked },
      signal,
    );
    onOpen(answer.wallet);
  };

  const showWords = (words: string) => {
    const done = checkbox('I have written the words down, in this order.');
    const form = begun({
      content: [
        notice(
          'warn',
          h('strong', {}, 'These words are the wallet. '),
          'Whoever has them has the coins, and without them nobody can bring a lost wallet back. Write them on paper, not into a file or a picture, and show them to nobody.',
        ),
        wordGrid(words),
        done.element,
      ],
      fields: [],
      button: 'Go on',
      isReady: () => done.input.checked,
      beside: [plainButton('Back', () => showStep(0, stepPanel('Name and passphrase', first)))],
      run: async () => showCheck(words),
    });
    showStep(1, stepPanel('Twelve words', form));
  };

  const showCheck = (words: string) => {
    const list = wordsOf(words);
    const fields = placesToAsk(list.length, ASKED, randomBelow).map(
      (at) =>
        new Field({
          label: `Word ${at + 1}`,
          mono: true,
          maxLength: 20,
          check: (value) =>
            value.toLowerCase() === list[at]
              ? undefined
              : 'This is another word than the one that was shown.',
        }),
    );
    const form = begun({
      content: [
        h('p', { class: 'about' }, 'Read from your paper, so that you know that it can be read.'),
        h('div', { class: 'word-questions' }, ...fields.map(({ element }) => element)),
      ],
      fields,
      button: 'Create the wallet',
      busy: 'Creating…',
      beside: [
        plainButton('See the words again', () => showWords(words)),
        plainButton('Later', () => void later.submit()),
      ],
      run: (signal) => finish(words, true, signal),
    });
    // Never shown: "Later" does the same without the answers, and is said under the same form.
    const later = begun({
      content: [],
      fields: [],
      button: 'Create',
      run: (signal) => finish(words, false, signal),
      onError: (error) => {
        form.complain(error instanceof Error ? error.message : String(error));
        return true;
      },
    });
    showStep(2, stepPanel('Are they written down?', form));
  };

  const element = h(
    'div',
    { class: 'stack welcome' },
    pageHead(null, 'A new wallet'),
    h('ol', { class: 'step-marks', 'aria-label': 'Steps' }, ...steps),
    outlet,
  );
  showStep(0, stepPanel('Name and passphrase', first));
  return {
    title: 'A new wallet',
    element,
    ready: Promise.resolve(),
    close: () => {
      for (const form of forms) form.close();
      // Nothing of it stays in the page.
      outlet.replaceChildren();
    },
  };
}

function stepPanel(title: string, form: ActionForm): HTMLElement {
  const element = panel(title, form.element);
  element.querySelector('h2')?.setAttribute('tabindex', '-1');
  return element;
}

/** The words with their numbers. */
export function wordGrid(words: string): HTMLElement {
  return h(
    'ol',
    { class: 'word-grid', 'aria-label': 'The words of the wallet' },
    ...wordsOf(words).map((word) => h('li', {}, h('span', { class: 'word' }, word))),
  );
}

/** Which words are asked for is no secret: any even choice will do. */
function randomBelow(end: number): number {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
  return value % end;
}
