/** Another passphrase for the wallet file. */
import { h, show } from '../../../service/web/element.ts';
import { panel } from '../../../service/web/panel.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { notice } from '../pieces/money.ts';
import { newPassphrase, passphraseField } from '../pieces/passphrase-fields.ts';
import { refusalCode, sentence } from '../pieces/refusal.ts';
import type { WalletPlace } from '../session/place.ts';

export class PassphrasePanel {
  readonly element: HTMLElement;
  readonly #form: ActionForm;

  constructor(place: WalletPlace) {
    const outcome = h('div', { role: 'status' });
    const now = passphraseField('Passphrase now');
    const next = newPassphrase('New passphrase');
    this.#form = new ActionForm({
      content: [now.element, next.element, outcome],
      fields: [now, ...next.fields],
      button: 'Change it',
      busy: 'Encrypting…',
      run: async (signal) => {
        show(outcome);
        await place.ask(
          'keys/change-passphrase',
          { wallet: place.wallet, passphrase: now.value, new_passphrase: next.value },
          signal,
        );
        for (const field of [now, ...next.fields]) field.value = '';
        for (const field of next.fields) field.input.dispatchEvent(new Event('input'));
        show(
          outcome,
          notice(
            'good',
            'The file is encrypted with the new passphrase. Copies of the old file still open with the old one.',
          ),
        );
      },
      onError: (error) => {
        if (refusalCode(error) === 'wrong-passphrase' && error instanceof Error)
          now.complain(sentence(error.message));
        return false;
      },
    });
    this.element = panel('Passphrase', this.#form.element);
  }

  close(): void {
    this.#form.close();
  }
}
