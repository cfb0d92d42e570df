/** What each address has, and each coin: notes, freezing, and paying with chosen coins. */
import { copyButton } from '../../../service/web/copy.ts';
import { DataTable } from '../../../service/web/data-table.ts';
import { h, show } from '../../../service/web/element.ts';
import { plural, shortened } from '../../../service/web/format.ts';
import { pageHead, panel, stateWord } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { AddressRow } from '../../gui/api-values.ts';
import { closeAll } from '../pieces/closing.ts';
import { Dialog } from '../pieces/dialog.ts';
import { checkbox, Field } from '../pieces/field.ts';
import { labelTag, money, ownText } from '../pieces/money.ts';
import { NoteForm } from '../pieces/note-form.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';
import { CoinPanel } from './coin-panel.ts';

/** More are shown on demand. */
const FOLD = 100;

export function addressesView(place: WalletPlace): View {
  let rows: readonly AddressRow[] = [];
  const find = new Field({
    label: 'Find',
    kind: 'search',
    placeholder: 'Address, label, note',
    maxLength: 200,
  });
  const unused = checkbox('Unused ones, too');
  const found = h('p', { class: 'about', role: 'status' });
  const table = new DataTable<AddressRow>({
    caption: 'Addresses',
    key: ({ address }) => address,
    fold: FOLD,
    empty: 'No address. Under Receive the wallet makes the first one.',
    columns: [
      { label: 'Address', cell: ({ address }) => addressCell(address) },
      { label: 'Label', cell: ({ label, chain }) => (label === null ? kindWord(chain) : labelTag(label)) },
      { label: 'Path', detail: true, cell: ({ path, chain }) => path ?? kindWord(chain) },
      { label: 'Used', cell: ({ used }) => (used ? stateWord('used') : stateWord('new', 'good')) },
      { label: 'Balance', numeric: true, cell: ({ balance_nits: nits }) => money(nits) },
      { label: 'Note', cell: (row) => noteCell(place, row) },
    ],
  });
  const update = () => {
    const text = find.value.toLowerCase();
    const shown = rows.filter(
      ({ used, chain, address, label, note }) =>
        (used || chain === 'receive' || unused.input.checked) &&
        (text === '' || [address, label ?? '', note].some((words) => words.toLowerCase().includes(text))),
    );
    show(found, plural(shown.length, 'address', 'addresses'));
    table.update(shown);
  };
  const query = liveQuery(place, {
    ask: (signal) => place.ask('addresses', { wallet: place.wallet }, signal),
    onData: ({ addresses }) => {
      rows = [...addresses].sort(byBalance);
      update();
    },
  });
  find.onInput(update);
  unused.input.addEventListener('change', update);
  const coins = new CoinPanel(place);
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Addresses and coins'),
    panel('Addresses', h('div', { class: 'filters' }, find.element, unused.element), found, table.element),
    coins.element,
  );
  return {
    title: 'Addresses and coins',
    element,
    ready: Promise.all([query.first, coins.first]),
    close: closeAll([query, coins]),
  };
}

/** What has something first; else in the order they were made. */
function byBalance(one: AddressRow, other: AddressRow): number {
  const difference = BigInt(other.balance_nits) - BigInt(one.balance_nits);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

function addressCell(address: string): HTMLElement {
  return h(
    'span',
    { class: 'copyable' },
    h('span', { class: 'hash', title: address }, shortened(address, 12, 6)),
    copyButton(address, 'the address'),
  );
}

function kindWord(chain: AddressRow['chain']): HTMLElement {
  if (chain === 'change') return h('span', { class: 'aside' }, 'change');
  return h('span', { class: 'aside' }, chain === 'imported' ? 'imported key' : 'not given out');
}

function noteCell(place: WalletPlace, { address, note }: AddressRow): HTMLElement {
  const shown = note === '' ? 'Add a note' : note;
  const button = h(
    'button',
    { type: 'button', class: 'note-button', 'aria-label': `${shown}: ${address}`, 'data-note': note },
    note === '' ? h('span', { class: 'aside' }, shown) : ownText(note),
  );
  button.addEventListener('click', () => {
    const form = new NoteForm(place, { address }, () => dialog.close());
    form.update(button.dataset.note ?? '');
    const dialog: Dialog = new Dialog(
      'Note',
      [h('p', { class: 'hash wrapping' }, address), form.element],
      () => form.close(),
    );
  });
  return button;
}
