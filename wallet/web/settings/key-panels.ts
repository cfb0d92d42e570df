/** Keys that come and go: the extended public key for watching, and single private keys from elsewhere. */
import { codeLine } from '../../../service/web/copy.ts';
import { h, show } from '../../../service/web/element.ts';
import { panel } from '../../../service/web/panel.ts';
import { qrCode } from '../../../service/web/qr.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { Field } from '../pieces/field.ts';
import { facts, groupedAddress, notice } from '../pieces/money.ts';
import { passphraseField } from '../pieces/passphrase-fields.ts';
import type { WalletPlace } from '../session/place.ts';

export interface KeyPanel {
  readonly element: HTMLElement;
  close(): void;
}

/** Shows the account's extended public key, on demand: it tells all addresses there will ever be. */
export function publicKeyPanel(place: WalletPlace): KeyPanel {
  const outcome = h('div', { class: 'xpub' });
  const form = new ActionForm({
    content: [
      h(
        'p',
        { class: 'about' },
        'With it another program, or this one on another machine, sees what you have and prepares payments. It cannot spend, but whoever has it sees everything.',
      ),
    ],
    fields: [],
    button: 'Show the public key',
    run: async (signal) => {
      const {
        xpub,
        path,
        fingerprint,
        with_origin: whole,
      } = await place.ask('keys/xpub', { wallet: place.wallet }, signal);
      form.element.hidden = true;
      show(
        outcome,
        h('div', { class: 'xpub-code' }, qrCode(whole, 'QR code of the extended public key')),
        codeLine(whole, 'the extended public key'),
        facts([
          ['Path', path],
          ['Master fingerprint', h('span', { class: 'hash' }, fingerprint ?? '—')],
        ]),
        h(
          'details',
          { class: 'folded' },
          h('summary', {}, 'Without its origin'),
          codeLine(xpub, 'the extended public key without its origin'),
        ),
      );
    },
  });
  return { element: panel('Extended public key', form.element, outcome), close: () => form.close() };
}

/** Takes in a single private key. */
export function importPanel(place: WalletPlace): KeyPanel {
  const outcome = h('div', { role: 'status' });
  const key = new Field({
    label: 'Private key',
    kind: 'password',
    about: 'As WIF or 64 hex digits.',
    maxLength: 200,
    check: (value) => (value.trim() === '' ? 'The key is missing.' : undefined),
  });
  const label = new Field({
    label: 'Label',
    value: 'imported',
    maxLength: place.feed.state.limits.label,
    check: (value) => (value === '' ? 'A label needs a name.' : undefined),
  });
  const passphrase = passphraseField('Passphrase of this wallet');
  const form = new ActionForm({
    content: [
      notice(
        'plain',
        'The words do not bring an imported key back. Better: send its coins to an address of your own.',
      ),
      key.element,
      label.element,
      passphrase.element,
      outcome,
    ],
    fields: [key, label, passphrase],
    button: 'Import',
    busy: 'Importing…',
    run: async (signal) => {
      show(outcome);
      const { address } = await place.ask(
        'keys/import',
        { wallet: place.wallet, passphrase: passphrase.value, key: key.value.trim(), label: label.value },
        signal,
      );
      key.value = '';
      passphrase.value = '';
      show(outcome, notice('good', h('p', {}, 'Its address is one of yours now:'), groupedAddress(address)));
    },
  });
  return { element: panel('Import a single key', form.element), close: () => form.close() };
}
