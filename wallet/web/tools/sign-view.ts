/** A signature with an address of the wallet under a text: shows that whoever wrote it has its key. */
import { codeLine } from '../../../service/web/copy.ts';
import { h, show } from '../../../service/web/element.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { MessageForm } from '../../gui/api-values.ts';
import { TOOLS_PATH } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { payeeComplaint } from '../pieces/address-check.ts';
import { closeAll } from '../pieces/closing.ts';
import { Choice, Field } from '../pieces/field.ts';
import { notice } from '../pieces/money.ts';
import { liveQuery, networkOf, type WalletPlace } from '../session/place.ts';

export function signView(place: WalletPlace): View {
  const outcome = h('div', { role: 'status' });
  const names = h('datalist', { id: 'own-addresses' });
  const address = new Field({
    label: 'Your address',
    mono: true,
    list: 'own-addresses',
    maxLength: 100,
    check: (value) => (value === '' ? 'The address is missing.' : payeeComplaint(value, networkOf(place))),
  });
  const message = new Field({
    label: 'Message',
    kind: 'lines',
    rows: 4,
    maxLength: 100_000,
    about: 'Never sign what somebody else wrote without reading it: it is your word.',
    check: (value) => (value === '' ? 'There is nothing to sign yet.' : undefined),
  });
  const kind = new Choice<MessageForm>(
    'Form',
    [
      { value: 'bip322', name: 'BIP 322', about: 'the one that is made for addresses like these' },
      { value: 'recoverable', name: 'Older', about: 'as Bitcoin Core and Electrum have it (BIP 137)' },
    ],
    'bip322',
  );
  const form = new ActionForm({
    content: [names, address.element, message.element, kind.element],
    fields: [address, message],
    button: 'Sign',
    busy: 'Signing…',
    run: async (signal) => {
      const { signature } = await place.ask(
        'messages/sign',
        {
          wallet: place.wallet,
          address: address.value,
          // As it was written, blanks at its ends included: they are signed, too.
          message: message.input.value,
          form: kind.value,
        },
        signal,
      );
      show(
        outcome,
        panel(
          'Signature',
          notice('good', 'Give this with the address and the message, exactly as it stands.'),
          codeLine(signature, 'the signature'),
        ),
      );
    },
  });
  for (const field of [address, message]) field.onInput(() => show(outcome));
  kind.onChange(() => show(outcome));
  const addresses = liveQuery(place, {
    ask: (signal) => place.ask('addresses', { wallet: place.wallet }, signal),
    onData: (answer) =>
      show(
        names,
        ...answer.addresses
          .filter(({ chain, label }) => chain !== 'change' && label !== null)
          .slice(0, 200)
          .map((row) => h('option', { value: row.address }, row.label ?? '')),
      ),
  });
  const element = h(
    'div',
    { class: 'stack' },
    pageHead([h('a', { href: TOOLS_PATH }, 'Tools')], 'Sign a message'),
    panel('What to sign', form.element),
    outcome,
  );
  return { title: 'Sign a message', element, ready: addresses.first, close: closeAll([form, addresses]) };
}
