/** A number chosen on a scale, said in words beside it. */
import { h } from '../../../service/web/element.ts';

export interface SliderOptions {
  readonly label: string;
  readonly lowest: number;
  readonly highest: number;
  readonly step: number;
  readonly value: number;
  /** "3 of 4" */
  readonly words: (value: number) => string;
  readonly about: string;
}

let lastId = 0;

export class Slider {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #words: (value: number) => string;

  constructor({ label, lowest, highest, step, value, words, about }: SliderOptions) {
    this.#words = words;
    lastId += 1;
    const id = `slider-${lastId}`;
    const aboutId = `${id}-about`;
    this.#input = h('input', {
      id,
      type: 'range',
      min: lowest,
      max: highest,
      step,
      value,
      'aria-describedby': aboutId,
    });
    const output = h('output', { for: id, class: 'slider-value' });
    const say = (): void => {
      output.textContent = this.words;
      this.#input.setAttribute('aria-valuetext', this.words);
    };
    this.#input.addEventListener('input', say);
    say();
    this.element = h(
      'div',
      { class: 'field slider' },
      h('div', { class: 'slider-head' }, h('label', { for: id }, label), output),
      this.#input,
      h('div', { id: aboutId, class: 'field-about' }, about),
    );
  }

  get value(): number {
    return this.#input.valueAsNumber;
  }

  /** What is chosen, in words. */
  get words(): string {
    return this.#words(this.value);
  }
}
