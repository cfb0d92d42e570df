/** Whether a text was signed with the key of an address. */
import { h, show } from '../../../service/web/element.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { MessageVerdict } from '../../gui/api-values.ts';
import { TOOLS_PATH } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { Field } from '../pieces/field.ts';
import { notice } from '../pieces/money.ts';
import { sentence } from '../pieces/refusal.ts';
import type { WalletPlace } from '../session/place.ts';

const FORM_NAMES = { bip322: 'BIP 322', recoverable: 'BIP 137' } as const;

export function verifyView(place: WalletPlace): View {
  const outcome = h('div', { role: 'status' });
  const required = (words: string) => (value: string) => (value === '' ? words : undefined);
  const address = new Field({
    label: 'Address',
    mono: true,
    maxLength: 100,
    check: required('The address is missing.'),
  });
  const message = new Field({
    label: 'Message',
    kind: 'lines',
    rows: 4,
    maxLength: 100_000,
    about: 'Exactly as it was signed: every blank and line counts.',
    check: required('The message is missing.'),
  });
  const signature = new Field({
    label: 'Signature',
    kind: 'lines',
    rows: 3,
    mono: true,
    maxLength: 20_000,
    check: required('The signature is missing.'),
  });
  const fields = [address, message, signature];
  const form = new ActionForm({
    content: fields.map(({ element }) => element),
    fields,
    button: 'Check it',
    busy: 'Checking…',
    run: async (signal) => {
      const verdict = await place.ask(
        'messages/verify',
        {
          wallet: place.wallet,
          address: address.value,
          message: message.input.value,
          signature: signature.value.replace(/\s+/g, ''),
        },
        signal,
      );
      show(outcome, verdictNotice(verdict));
    },
  });
  for (const field of fields) field.onInput(() => show(outcome));
  const element = h(
    'div',
    { class: 'stack' },
    pageHead([h('a', { href: TOOLS_PATH }, 'Tools')], 'Check a signed message'),
    panel('What was signed', form.element),
    outcome,
  );
  return { title: 'Check a signed message', element, ready: Promise.resolve(), close: () => form.close() };
}

function verdictNotice({ state, reason, form }: MessageVerdict): HTMLElement {
  const why = reason === null ? '' : sentence(reason);
  switch (state) {
    case 'valid':
      return notice(
        'good',
        h('strong', {}, 'The signature is right. '),
        'Whoever made it has the key of the address',
        form === null ? '.' : ` (${FORM_NAMES[form]}).`,
      );
    case 'invalid':
      return notice('bad', h('strong', {}, 'The signature is wrong for this address and message. '), why);
    case 'inconclusive':
      return notice('warn', h('strong', {}, 'This kind of signature cannot be checked here. '), why);
  }
}
