/** Partly signed transactions (BIP 174): look at one, sign it, put two together, send it. */
import { h, show } from '../../../service/web/element.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { PsbtView } from '../../gui/api-values.ts';
import { SEND_PATH, TOOLS_PATH, transactionPath } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { checkbox, Field } from '../pieces/field.ts';
import { notice } from '../pieces/money.ts';
import { sentence } from '../pieces/refusal.ts';
import type { WalletPlace } from '../session/place.ts';
import { isComplete, psbtFacts } from './psbt-facts.ts';
import { psbtFile, readPsbtFile } from './psbt-file.ts';

const LONGEST = 1_500_000;
/** Base64 with whatever blanks came along; hexadecimal digits pass as well. */
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

export function psbtView(place: WalletPlace): View {
  const outlet = h('div', { class: 'stack' });
  const forms: ActionForm[] = [];
  const made = (options: ConstructorParameters<typeof ActionForm>[0]): ActionForm => {
    const form = new ActionForm(options);
    forms.push(form);
    return form;
  };
  const text = psbtField('Transaction');
  const look = made({
    content: [text.element, fileField(text)],
    fields: [text],
    button: 'Look at it',
    busy: 'Reading…',
    run: async (signal) => {
      const answer = await place.ask(
        'psbt/inspect',
        { wallet: place.wallet, psbt: bare(text.value) },
        signal,
      );
      showPsbt(answer);
    },
  });
  text.onInput(() => show(outlet));

  const showPsbt = (view: PsbtView) => {
    const { psbt, can_sign: canSign, warnings } = view;
    const complete = isComplete(view);
    const isGrave = warnings.some(({ grave }) => grave);
    const request = { wallet: place.wallet, psbt, ...(isGrave && { despite_warnings: true }) };
    const notices = warnings.map(({ message, grave }) => notice(grave ? 'bad' : 'warn', sentence(message)));
    const understood = checkbox('I have read this, and want it so.');
    const sign = made({
      content: [...notices, isGrave ? understood.element : null],
      fields: [],
      button: complete ? 'Send it' : 'Sign it',
      isReady: () => !isGrave || understood.input.checked,
      busy: complete ? 'Sending…' : 'Signing…',
      run: async (signal) => {
        if (complete) {
          const sent = await place.ask('psbt/send', request);
          place.go(transactionPath(sent.txid));
          return;
        }
        showPsbt(await place.ask('psbt/sign', request, signal));
      },
    });
    const other = psbtField('The same transaction, signed elsewhere');
    const combine = made({
      content: [other.element, fileField(other)],
      fields: [other],
      button: 'Put them together',
      run: async (signal) =>
        showPsbt(
          await place.ask('psbt/combine', { wallet: place.wallet, psbts: [psbt, bare(other.value)] }, signal),
        ),
    });
    show(
      outlet,
      panel(
        'What it does',
        psbtFacts(view),
        canSign || complete ? sign.element : h('div', { class: 'stack' }, ...notices, waitingNotice()),
      ),
      panel('Take it along', psbtFile(psbt)),
      ...(complete ? [] : [panel('Signatures from elsewhere', combine.element)]),
    );
    outlet.querySelector('h2')?.setAttribute('tabindex', '-1');
    outlet.querySelector('h2')?.focus();
  };

  const element = h(
    'div',
    { class: 'stack' },
    pageHead([h('a', { href: TOOLS_PATH }, 'Tools')], 'Partly signed transactions'),
    h(
      'p',
      { class: 'lead' },
      'A payment on its way between wallets: one prepares it, those that have the keys sign it, and any of them sends it. A watch-only wallet prepares one under ',
      h('a', { href: SEND_PATH }, 'Send'),
      '.',
    ),
    panel('A transaction', look.element),
    outlet,
  );
  return {
    title: 'Partly signed transactions',
    element,
    ready: Promise.resolve(),
    close: () => {
      for (const form of forms) form.close();
    },
  };
}

function waitingNotice(): HTMLElement {
  return notice(
    'plain',
    'There is nothing here that this wallet can sign: it waits for signatures from elsewhere.',
  );
}

function psbtField(label: string): Field {
  return new Field({
    label,
    kind: 'lines',
    rows: 5,
    mono: true,
    maxLength: LONGEST,
    about:
      'Base64, as wallets show it: it begins with cHNidP. Some give the signed transaction instead; that will do.',
    check: (value) => {
      if (value === '') return 'Paste one, or choose a file.';
      return BASE64.test(value) ? undefined : 'This is no base64.';
    },
  });
}

/** A file in place of the text. */
function fileField(field: Field): HTMLElement {
  const input = h('input', { type: 'file', accept: '.psbt,.txn,.txt', 'aria-label': 'A file with it' });
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file === undefined) return;
    readPsbtFile(file).then(
      (text) => {
        field.value = text;
        field.input.dispatchEvent(new Event('input'));
        field.validate();
      },
      (error: unknown) => field.complain(sentence(error instanceof Error ? error.message : String(error))),
    );
  });
  return h('div', { class: 'file-field' }, input);
}

function bare(text: string): string {
  return text.replace(/\s+/g, '');
}
