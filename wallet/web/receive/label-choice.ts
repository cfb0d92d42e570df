/** Which label is paid: one that exists, or a new one. */
import { h } from '../../../service/web/element.ts';
import { Field, Selection } from '../pieces/field.ts';
import { plainButton } from '../pieces/money.ts';
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
  readonly #query: LiveQuery;
  #known: readonly string[] = [];
  #chosen: string | undefined;

  constructor(place: WalletPlace, options: LabelChoiceOptions) {
    this.#options = options;
    this.#name = new Field({
      label: 'Name of the new label',
      about: 'Labels keep apart what you have: shop, savings, Anna.',
      maxLength: place.feed.state.limits.label,
      beside: plainButton('Make it', () => void this.#make()),
      check: (value) => (value === '' ? 'A label needs a name.' : undefined),
    });
    this.#making = h('div', {}, this.#name.element);
    this.#making.hidden = true;
    this.element = h('div', { class: 'label-choice' }, this.#selection.element, this.#making);
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
    this.#fill();
    this.#selection.input.focus();
  }
}
