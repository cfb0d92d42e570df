/** A field of a form: its name, a line of words below it, and what is wrong with what stands in it. */
import { type Child, h, show } from '../../../service/web/element.ts';

export interface FieldOptions {
  readonly label: string;
  /** Told while nothing is wrong. */
  readonly about?: Child;
  readonly kind?: 'text' | 'password' | 'lines' | 'number' | 'date' | 'search';
  /** Rows of a field of several lines. */
  readonly rows?: number;
  readonly value?: string;
  readonly placeholder?: string;
  /** Written in a hand in which every character can be told from every other. */
  readonly mono?: boolean;
  readonly maxLength?: number;
  /** For passphrases, so that the browser knows which is which. */
  readonly autocomplete?: 'off' | 'current-password' | 'new-password';
  readonly inputMode?: 'decimal' | 'numeric' | 'text';
  /** Suggestions: the id of a `datalist`. */
  readonly list?: string;
  /** What is wrong with it, as a sentence; undefined when nothing is. What is shorter than it may be counts, too. */
  readonly check?: (value: string) => string | undefined;
  /** Stands beside the input, such as a button. */
  readonly beside?: Child;
}

let lastId = 0;

export class Field {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement | HTMLTextAreaElement;
  readonly #about: HTMLElement;
  readonly #options: FieldOptions;
  #words: Child;

  constructor(options: FieldOptions) {
    this.#options = options;
    this.#words = options.about ?? null;
    lastId += 1;
    const id = `field-${lastId}`;
    const aboutId = `${id}-about`;
    this.#about = h('div', { id: aboutId, class: 'field-about', 'aria-live': 'polite' });
    this.input = inputOf(options, id, aboutId);
    this.input.value = options.value ?? '';
    this.element = h(
      'div',
      { class: 'field' },
      h('label', { for: id }, options.label),
      options.beside === undefined
        ? this.input
        : h('div', { class: 'field-line' }, this.input, options.beside),
      this.#about,
    );
    this.input.addEventListener('input', () => {
      // Nobody is told off while typing; what was told stays until it is mended.
      if (this.isComplainedOf) this.validate();
    });
    this.input.addEventListener('change', () => {
      if (this.value !== '') this.validate();
    });
    show(this.#about, this.#words);
  }

  /** Without blanks around, unless it is a secret. */
  get value(): string {
    return this.#options.kind === 'password' ? this.input.value : this.input.value.trim();
  }

  set value(text: string) {
    this.input.value = text;
    this.complain(undefined);
  }

  get isComplainedOf(): boolean {
    return this.input.hasAttribute('aria-invalid');
  }

  /** Says what is wrong with it, if something is. @returns whether it is right */
  validate(): boolean {
    const complaint = this.#options.check?.(this.value);
    this.complain(complaint);
    return complaint === undefined;
  }

  /** Shows words as what is wrong; undefined for nothing. */
  complain(words: string | undefined): void {
    if (words === undefined) {
      this.input.removeAttribute('aria-invalid');
      show(this.#about, this.#words);
      return;
    }
    this.input.setAttribute('aria-invalid', 'true');
    show(this.#about, h('span', { class: 'complaint' }, words));
  }

  /** Words below it, while nothing is wrong. */
  say(words: Child): void {
    this.#words = words;
    if (!this.isComplainedOf) show(this.#about, words);
  }

  onInput(listener: (value: string) => void): void {
    this.input.addEventListener('input', () => listener(this.value));
  }
}

function inputOf(options: FieldOptions, id: string, aboutId: string): HTMLInputElement | HTMLTextAreaElement {
  const { kind = 'text', mono, list } = options;
  const attributes = {
    id,
    class: mono === true ? 'mono' : null,
    placeholder: options.placeholder ?? null,
    maxlength: options.maxLength ?? null,
    autocomplete: options.autocomplete ?? 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    inputmode: options.inputMode ?? null,
    'aria-describedby': aboutId,
  };
  if (kind === 'lines') return h('textarea', { ...attributes, rows: options.rows ?? 3 });
  return h('input', { ...attributes, type: kind, list: list ?? null });
}

/** A choice among few, all of them seen: radio buttons as cards. */
export interface ChoiceOption<Value extends string> {
  readonly value: Value;
  readonly name: Child;
  readonly about?: Child;
}

export class Choice<Value extends string> {
  readonly element: HTMLFieldSetElement;
  readonly #inputs: ReadonlyMap<Value, HTMLInputElement>;
  readonly #abouts: ReadonlyMap<Value, HTMLElement>;
  readonly #first: Value;

  constructor(legend: string, options: readonly ChoiceOption<Value>[], chosen: Value) {
    lastId += 1;
    const name = `choice-${lastId}`;
    const inputs = new Map<Value, HTMLInputElement>();
    const abouts = new Map<Value, HTMLElement>();
    const cards = options.map(({ value, name: words, about = null }) => {
      const input = h('input', { type: 'radio', name, value, checked: value === chosen });
      const aboutPlace = h('span', { class: 'option-about' }, about);
      inputs.set(value, input);
      abouts.set(value, aboutPlace);
      return h('label', { class: 'option' }, input, h('span', { class: 'option-name' }, words), aboutPlace);
    });
    this.#inputs = inputs;
    this.#abouts = abouts;
    this.#first = chosen;
    this.element = h(
      'fieldset',
      { class: 'options' },
      h('legend', {}, legend),
      h('div', { class: 'option-cards' }, ...cards),
    );
  }

  get value(): Value {
    for (const [value, input] of this.#inputs) if (input.checked) return value;
    return this.#first;
  }

  set value(value: Value) {
    const input = this.#inputs.get(value);
    if (input !== undefined) input.checked = true;
  }

  /** What stands below the name of one of them. */
  describe(value: Value, ...about: readonly Child[]): void {
    const place = this.#abouts.get(value);
    if (place !== undefined) show(place, ...about);
  }

  onChange(listener: (value: Value) => void): void {
    this.element.addEventListener('change', () => listener(this.value));
  }
}

/** Yes or no. */
export function checkbox(
  words: Child,
  isChecked = false,
): { readonly element: HTMLElement; readonly input: HTMLInputElement } {
  const input = h('input', { type: 'checkbox', checked: isChecked });
  return { input, element: h('label', { class: 'check' }, input, h('span', {}, words)) };
}

/** One of a list, by name. */
export class Selection {
  readonly element: HTMLElement;
  readonly input: HTMLSelectElement;

  constructor(label: string, options: readonly (readonly [value: string, name: string])[], value = '') {
    lastId += 1;
    const id = `field-${lastId}`;
    this.input = h('select', { id });
    this.element = h('div', { class: 'field' }, h('label', { for: id }, label), this.input);
    this.fill(options, value);
  }

  get value(): string {
    return this.input.value;
  }

  /** Other options; what was chosen stays, where it is still there. */
  fill(options: readonly (readonly [value: string, name: string])[], value = this.input.value): void {
    show(this.input, ...options.map(([key, name]) => h('option', { value: key }, name)));
    if (options.some(([key]) => key === value)) this.input.value = value;
  }
}
