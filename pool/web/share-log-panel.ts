/** The head of the share log: what a worker's owner can note down to hold the pool to its word. */
import { copyable } from '../../service/web/copy.ts';
import { h, show } from '../../service/web/element.ts';
import { count } from '../../service/web/format.ts';
import { panel } from '../../service/web/panel.ts';
import type { ShareLog } from './answers.ts';

export class ShareLogPanel {
  readonly element: HTMLElement;
  readonly #head = h('p', { class: 'share-log-head' });
  readonly #facts = h('p', { class: 'about' });

  constructor() {
    this.element = panel(
      'Share log',
      this.#head,
      this.#facts,
      h(
        'p',
        { class: 'about' },
        'Every batch of shares is sealed with the hash of the one before. Note this head: the operator’s ',
        h('code', {}, 'nilz pool audit'),
        ' can later show that nothing up to it was removed or changed.',
      ),
    );
    this.update(null);
  }

  update(log: Pick<ShareLog, 'head' | 'batch' | 'sequence'> | null): void {
    show(
      this.#head,
      log === null ? h('span', { class: 'unknown' }, '—') : copyable(log.head, 'the head of the share log'),
    );
    show(
      this.#facts,
      log === null
        ? 'No share is written down yet.'
        : `Batch ${count(log.batch)}, up to share ${count(log.sequence)}`,
    );
  }
}
