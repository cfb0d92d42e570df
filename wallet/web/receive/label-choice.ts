/** Which label is paid: one that exists, or a new one. One that exists can get another name. */
import { announce } from '../../../service/web/announce.ts';
import { h } from '../../../service/web/element.ts';
import { Field, Selection } from '../pieces/field.ts';
import { plainButton } from '../pieces/money.ts';
import { sentence } from '../pieces/refusal.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';

/** Made for whoever asks for an address and has no label yet. */
const FIRST_LABEL = 'default';
/** No label is empty. */
const NEW = '';

export interface LabelChoiceOptions {
  /** Another label was chosen, or the first one is known. */
  readonly onChoose: (label: string) => Promise<void>;
  /** A label is to be made, with its first address. */
  readonly onMake: (label: string) => Promise<void>;
}

export class LabelChoice {
  readonly element: HTMLElement;
  /** Resolves when an address is shown, or cannot be. */
  readonly first: Promise<void>;
  readonly #options: LabelChoiceOptions;
  readonly #selection = new Selection('For which label', []);
  readonly #name: Field;
  readonly #making: HTMLElement;
  readonly #place: WalletPlace;
  readonly #newName: Field;
  readonly #renaming: HTMLElement;
  readonly #rename: HTMLButtonElement;
  readonly #query: LiveQuery;
  #known: readonly string[] = [];
  #chosen: string | undefined;

  constructor(place: WalletPlace, options: LabelChoiceOptions) {
    this.#options = options;
    this.#place = place;
    this.#name = new Field({
      label: 'Name of the new label',
      about: 'Labels keep apart what you have: shop, savings, Anna.',
      maxLength: place.feed.state.limits.label,
      beside: plainButton('Make it', () => void this.#make()),
      check: (value) => (value === '' ? 'A label needs a name.' : undefined),
    });
    this.#making = h('div', {}, this.#name.element);
    this.#making.hidden = true;
    this.#newName = new Field({
      label: 'Its new name',
      about: 'What it has, its addresses and its history stay.',
      maxLength: place.feed.state.limits.label,
      beside: plainButton('Rename it', () => void this.#giveName()),
      check: (value) => (value === '' ? 'A label needs a name.' : undefined),
    });
    this.#renaming = h('div', { id: 'rename-label' }, this.#newName.element);
    this.#renaming.hidden = true;
    this.#rename = plainButton('Rename this label', () => this.#offerName(this.#renaming.hidden !== false));
    this.#rename.setAttribute('aria-controls', 'rename-label');
    this.#rename.setAttribute('aria-expanded', 'false');
    this.element = h(
      'div',
      { class: 'label-choice' },
      this.#selection.element,
      this.#making,
      h('div', { class: 'buttons' }, this.#rename),
      this.#renaming,
    );
    this.#newName.input.addEventListener('keydown', (event) => {
      if (!(event instanceof KeyboardEvent)) return;
      if (event.key === 'Enter') void this.#giveName();
      if (event.key === 'Escape') this.#offerName(false);
    });
    this.#selection.input.addEventListener('change', () => this.#choose());
    this.#name.input.addEventListener('keydown', (event) => {
      if (event instanceof KeyboardEvent && event.key === 'Enter') void this.#make();
    });
    let isKnown: () => void = () => undefined;
    this.first = new Promise((resolve) => {
      isKnown = resolve;
    });
    this.#query = liveQuery(place, {
      ask: (signal) => place.ask('labels', { wallet: place.wallet }, signal),
      onData: ({ labels }) => {
        this.#known = labels.map(({ label }) => label);
        const isFirst = this.#chosen === undefined;
        this.#chosen ??= this.#known.includes(FIRST_LABEL) ? FIRST_LABEL : (this.#known[0] ?? FIRST_LABEL);
        this.#fill();
        if (!isFirst) return;
        const { onChoose, onMake } = this.#options;
        void (this.#known.length === 0 ? onMake(this.#chosen) : onChoose(this.#chosen)).then(isKnown);
      },
      onError: () => isKnown(),
    });
  }

  get value(): string {
    return this.#chosen ?? FIRST_LABEL;
  }

  close(): void {
    this.#query.close();
  }

  #fill(): void {
    const names = this.#known.includes(this.value) ? this.#known : [...this.#known, this.value];
    const isMaking = !this.#making.hidden;
    this.#selection.fill(
      [...names.map((name) => [name, name] as const), [NEW, 'A new label…']],
      isMaking ? NEW : this.value,
    );
  }

  #choose(): void {
    const { value } = this.#selection;
    this.#making.hidden = value !== NEW;
    this.#rename.hidden = value === NEW;
    this.#renaming.hidden = true;
    this.#rename.setAttribute('aria-expanded', 'false');
    if (value === NEW) {
      this.#name.input.focus();
      return;
    }
    this.#chosen = value;
    void this.#options.onChoose(value);
  }

  async #make(): Promise<void> {
    if (!this.#name.validate()) {
      this.#name.input.focus();
      return;
    }
    const name = this.#name.value;
    await (this.#known.includes(name) ? this.#options.onChoose(name) : this.#options.onMake(name));
    this.#chosen = name;
    this.#name.value = '';
    this.#making.hidden = true;
    this.#rename.hidden = false;
    this.#fill();
    this.#selection.input.focus();
  }

  #offerName(isOffered: boolean): void {
    this.#renaming.hidden = !isOffered;
    this.#rename.setAttribute('aria-expanded', String(isOffered));
    if (!isOffered) {
      this.#rename.focus();
      return;
    }
    this.#newName.value = this.value;
    this.#newName.input.focus();
    this.#newName.input.select();
  }

  async #giveName(): Promise<void> {
    if (!this.#newName.validate()) {
      this.#newName.input.focus();
      return;
    }
    const label = this.value;
    try {
      const { wallet } = this.#place;
      const renamed = await this.#place.ask('labels/rename', { wallet, label, name: this.#newName.value });
      this.#known = this.#known.map((name) => (name === label ? renamed.label : name));
      this.#chosen = renamed.label;
      this.#fill();
      this.#offerName(false);
      announce(`The label is called ${renamed.label} now.`);
      await this.#options.onChoose(renamed.label);
    } catch (error) {
      this.#newName.complain(sentence(error instanceof Error ? error.message : String(error)));
      this.#newName.input.focus();
    }
  }
}
