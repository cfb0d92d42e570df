/** A note beside an address or a transaction: seen by nobody but who has the wallet. */
import { announce } from '../../../service/web/announce.ts';
import { h } from '../../../service/web/element.ts';
import type { WalletPlace } from '../session/place.ts';
import { ActionForm } from './action-form.ts';
import { Field } from './field.ts';

export class NoteForm {
  readonly element: HTMLElement;
  readonly #field: Field;
  readonly #form: ActionForm;
  #stored = '';

  constructor(
    place: WalletPlace,
    where: { readonly txid: string } | { readonly address: string },
    onSaved: () => void = () => undefined,
  ) {
    this.#field = new Field({
      label: 'Only you see it: it stays in the wallet file.',
      maxLength: place.feed.state.limits.note,
    });
    this.#form = new ActionForm({
      content: [this.#field.element],
      fields: [this.#field],
      button: 'Save the note',
      isReady: () => this.#field.value !== this.#stored,
      busy: 'Saving…',
      run: async (signal) => {
        const text = this.#field.value;
        await place.ask('note', { wallet: place.wallet, ...where, text }, signal);
        this.#stored = text;
        this.#form.update();
        announce('The note is saved.');
        onSaved();
      },
    });
    this.#field.onInput(() => this.#form.update());
    this.element = h('div', { class: 'note-form' }, this.#form.element);
    this.#form.update();
  }

  /** What is stored; what is being written stays. */
  update(note: string): void {
    if (this.#field.value === this.#stored) this.#field.value = note;
    this.#stored = note;
    this.#form.update();
  }

  close(): void {
    this.#form.close();
  }
}
