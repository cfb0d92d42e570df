/** A form that does one thing: its fields are looked at first, it is done once at a time, and a refusal is said. */
import { announce } from '../../../service/web/announce.ts';
import { type Child, h, show } from '../../../service/web/element.ts';
import type { Field } from './field.ts';
import { refusalWords } from './refusal.ts';

export interface ActionFormOptions {
  /** What stands in it, fields among it. */
  readonly content: readonly Child[];
  /** Looked at before anything is done. */
  readonly fields: readonly Field[];
  readonly button: string;
  /** On the button while it is at work (default "One moment…"). */
  readonly busy?: string;
  /** Beside the button. */
  readonly beside?: readonly Child[];
  /** What cannot be undone is told apart. */
  readonly isGrave?: boolean;
  /** Whether it can be done as things stand (default: it can); looked at whenever something in the form changes. */
  readonly isReady?: () => boolean;
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Told what went wrong first; what it returns true for is not said here. */
  readonly onError?: (error: unknown) => boolean;
}

export class ActionForm {
  readonly element: HTMLFormElement;
  readonly button: HTMLButtonElement;
  readonly #options: ActionFormOptions;
  readonly #problem = h('div', { class: 'form-problem', role: 'alert' });
  readonly #ending = new AbortController();
  #isRunning = false;

  constructor(options: ActionFormOptions) {
    this.#options = options;
    const { content, button, beside = [], isGrave = false } = options;
    this.button = h(
      'button',
      { type: 'submit', class: isGrave ? 'main-button grave' : 'main-button' },
      button,
    );
    this.element = h(
      'form',
      { class: 'action', novalidate: true },
      ...content,
      this.#problem,
      h('div', { class: 'buttons' }, this.button, ...beside),
    );
    this.element.addEventListener('change', () => this.update());
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.update();
  }

  /** Looks again whether it can be done. */
  update(): void {
    this.button.disabled = this.#isRunning || this.#options.isReady?.() === false;
  }

  /** Takes back what was said of the last attempt. */
  forget(): void {
    show(this.#problem);
  }

  complain(...words: readonly Child[]): void {
    show(this.#problem, ...words);
  }

  /** Ends what is under way. */
  close(): void {
    this.#ending.abort();
  }

  async submit(): Promise<void> {
    const { fields, run, busy = 'One moment…', onError } = this.#options;
    this.update();
    if (this.button.disabled) return;
    const wrong = fields.filter((field) => !field.validate());
    if (wrong.length > 0) {
      wrong[0]?.input.focus();
      return;
    }
    const { signal } = this.#ending;
    this.#isRunning = true;
    const name = this.button.textContent;
    this.update();
    show(this.button, busy);
    announce(busy);
    show(this.#problem);
    try {
      await run(signal);
    } catch (error) {
      if (!signal.aborted && onError?.(error) !== true) show(this.#problem, ...refusalWords(error));
    } finally {
      this.#isRunning = false;
      this.update();
      show(this.button, name);
    }
  }
}
