/** Copying what is shown: a button, a line of code with its button, a long text shortened but copied whole. */
import { announce } from './announce.ts';
import { h } from './element.ts';
import { shortened } from './format.ts';

const SHOWN_MS = 1_600;
const COPY = 'Copy';

/** @param what for those who hear the page: "the address" */
export function copyButton(text: string, what: string): HTMLButtonElement {
  const button = h(
    'button',
    { type: 'button', class: 'copy', 'data-copy': text, 'aria-label': `Copy ${what}` },
    COPY,
  );
  button.addEventListener('click', () => {
    const done = (words: string) => {
      button.textContent = words;
      setTimeout(() => {
        button.textContent = COPY;
      }, SHOWN_MS);
    };
    copyText(button.dataset.copy ?? '').then(
      () => {
        done('Copied');
        announce(`Copied ${what}`);
      },
      () => done('Select it'),
    );
  });
  return button;
}

/** Browsers give the clipboard to pages of secure origins only; a pool in the local network is none. */
async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = h('textarea', { class: 'visually-hidden', readonly: true });
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  if (!copied) throw new Error('the browser did not copy');
}

/** A line to be pasted somewhere else, with its button. Scrolls by itself where it is too long. */
export function codeLine(text: string, what: string): HTMLElement {
  return h('div', { class: 'code-line' }, h('code', {}, text), copyButton(text, what));
}

/** A hash or an address, shortened in the middle; whole on hover and when copied. */
export function copyable(text: string, what: string, head = 8, tail = 8): HTMLElement {
  return h(
    'span',
    { class: 'copyable' },
    h('span', { class: 'hash', title: text }, shortened(text, head, tail)),
    copyButton(text, what),
  );
}
