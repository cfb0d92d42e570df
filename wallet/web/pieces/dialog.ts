/** A small window over the page: the browser keeps the focus in it and gives it back. */
import { type Child, h } from '../../../service/web/element.ts';

let lastId = 0;

export class Dialog {
  readonly element: HTMLDialogElement;

  /** Opens it; it is gone from the page once it is closed. */
  constructor(title: string, content: readonly Child[], onClose: () => void = () => undefined) {
    lastId += 1;
    const id = `dialog-${lastId}`;
    const cross = h('button', { type: 'button', class: 'cross', 'aria-label': 'Close' }, '×');
    cross.addEventListener('click', () => this.close());
    this.element = h(
      'dialog',
      { class: 'dialog', 'aria-labelledby': id },
      h('div', { class: 'dialog-head' }, h('h2', { id, tabindex: -1, autofocus: true }, title), cross),
      ...content,
    );
    this.element.addEventListener('close', () => {
      this.element.remove();
      onClose();
    });
    document.body.append(this.element);
    this.element.showModal();
  }

  close(): void {
    this.element.close();
  }
}

/** Closes whatever dialogs are open: the wallet behind them is gone. */
export function closeDialogs(): void {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>('dialog[open]')) dialog.close();
}
