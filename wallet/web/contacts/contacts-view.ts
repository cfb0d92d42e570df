/** The address book: whom one pays, by name. */
import { announce } from '../../../service/web/announce.ts';
import { copyable } from '../../../service/web/copy.ts';
import { DataTable } from '../../../service/web/data-table.ts';
import { h } from '../../../service/web/element.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { Contact } from '../../gui/api-values.ts';
import { SEND_PATH } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { payeeComplaint } from '../pieces/address-check.ts';
import { closeAll } from '../pieces/closing.ts';
import { Dialog } from '../pieces/dialog.ts';
import { Field } from '../pieces/field.ts';
import { ownText, plainButton } from '../pieces/money.ts';
import { leaveDraft } from '../send/draft.ts';
import { liveQuery, networkOf, type WalletPlace } from '../session/place.ts';

export function contactsView(place: WalletPlace): View {
  const network = networkOf(place);
  let contacts: readonly Contact[] = [];
  const name = new Field({
    label: 'Name',
    maxLength: place.feed.state.limits.contact,
    check: (value) => (value === '' ? 'A contact needs a name.' : undefined),
  });
  const address = new Field({
    label: 'Address',
    mono: true,
    maxLength: 100,
    placeholder: `${network.address.hrp}1…`,
    check: (value) => (value === '' ? 'The address is missing.' : payeeComplaint(value, network)),
  });
  name.onInput((value) => {
    const known = contacts.find((contact) => contact.name === value);
    name.say(
      known === undefined
        ? null
        : 'There is a contact of this name: the new address takes the place of the old one.',
    );
  });
  const form = new ActionForm({
    content: [name.element, address.element],
    fields: [name, address],
    button: 'Save the contact',
    busy: 'Saving…',
    run: async (signal) => {
      await place.ask(
        'contacts/set',
        { wallet: place.wallet, name: name.value, address: address.value },
        signal,
      );
      announce(`${name.value} is in the address book.`);
      name.say(null);
      name.value = '';
      address.value = '';
      name.input.focus();
      query.soon();
    },
  });
  const table = new DataTable<Contact>({
    caption: 'Contacts',
    key: (contact) => contact.name,
    empty: 'Nobody yet. Whom you save here can be paid by name.',
    columns: [
      { label: 'Name', cell: (contact) => ownText(contact.name) },
      { label: 'Address', cell: (contact) => copyable(contact.address, 'the address', 14, 8) },
      {
        label: '',
        spoken: 'Actions',
        numeric: true,
        cell: (contact) =>
          h(
            'span',
            { class: 'row-buttons' },
            payButton(place, contact),
            removeButton(place, contact, () => query.soon()),
          ),
      },
    ],
  });
  const query = liveQuery(place, {
    ask: (signal) => place.ask('contacts', { wallet: place.wallet }, signal),
    onData: (answer) => {
      contacts = answer.contacts;
      table.update(contacts);
    },
  });
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Contacts'),
    h(
      'div',
      { class: 'wide-and-narrow' },
      panel('Address book', table.element),
      panel('Somebody new', form.element),
    ),
  );
  return { title: 'Contacts', element, ready: query.first, close: closeAll([query, form]) };
}

function payButton(place: WalletPlace, { name, address }: Contact): HTMLButtonElement {
  const button = plainButton('Pay', () => {
    leaveDraft({ address: button.dataset.address ?? '' });
    place.go(SEND_PATH);
  });
  // The row may come to stand for another address of the same name.
  button.dataset.address = address;
  button.setAttribute('aria-label', `Pay ${name}`);
  return button;
}

function removeButton(place: WalletPlace, { name }: Contact, onDone: () => void): HTMLButtonElement {
  const button = plainButton('Remove', () => {
    const form = new ActionForm({
      content: [h('p', {}, ownText(name), ' leaves the address book. Payments stay as they are.')],
      fields: [],
      button: 'Remove',
      isGrave: true,
      beside: [plainButton('Keep', () => dialog.close())],
      run: async (signal) => {
        await place.ask('contacts/remove', { wallet: place.wallet, name }, signal);
        dialog.close();
        onDone();
      },
    });
    const dialog: Dialog = new Dialog('Remove the contact?', [form.element], () => form.close());
  });
  button.setAttribute('aria-label', `Remove ${name}`);
  return button;
}
