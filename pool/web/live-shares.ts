/** Shares as they come in: the newest on top, a few at a time, and held still on demand. */
import { h, show } from '../../service/web/element.ts';
import { count, scaled } from '../../service/web/format.ts';
import { panel } from '../../service/web/panel.ts';
import { when } from '../../service/web/when.ts';
import type { LiveShare } from './answers.ts';
import { REJECT_REASONS } from './explanations.ts';
import { workerLink } from './parts.ts';

const SHOWN = 11;
/** However many come, the list changes no more often than this. */
const REDRAW_MS = 250;

export class LiveShares {
  readonly element: HTMLElement;
  readonly #list = h('ol', { class: 'live-list', 'aria-label': 'Newest shares' });
  readonly #pause = h('button', { type: 'button', class: 'choice' }, 'Hold');
  readonly #about = h('p', { class: 'about' });
  #fresh: LiveShare[] = [];
  #missed = 0;
  #paused = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.element = panel('Live', h('div', { class: 'panel-tools' }, this.#pause), this.#about, this.#list);
    this.element.classList.add('live-panel');
    this.#pause.addEventListener('click', () => this.#hold(!this.#paused));
    this.#say();
  }

  add(share: LiveShare): void {
    if (this.#paused) {
      this.#missed += 1;
      return;
    }
    this.#fresh.push(share);
    if (this.#fresh.length > SHOWN) this.#fresh.shift();
    this.#timer ??= setTimeout(() => this.#draw(), REDRAW_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #draw(): void {
    this.#timer = undefined;
    for (const share of this.#fresh) this.#list.prepend(this.#row(share));
    this.#fresh = [];
    while (this.#list.childElementCount > SHOWN) this.#list.lastElementChild?.remove();
    this.#say();
  }

  #row(share: LiveShare): HTMLElement {
    const who =
      share.address === null
        ? h('span', { class: 'unknown' }, 'unknown')
        : workerLink(share.address, share.worker ?? '');
    const isGood = share.type === 'share';
    return h(
      'li',
      { class: 'live-row', 'data-kind': isGood ? (share.late === true ? 'late' : 'accepted') : 'rejected' },
      h('span', { class: 'live-mark', 'aria-hidden': 'true' }),
      h('span', { class: 'live-who' }, who),
      isGood
        ? h(
            'span',
            { class: 'live-what', title: 'difficulty reached, of the difficulty asked for' },
            scaled(share.share_difficulty),
            h('span', { class: 'live-of' }, ` of ${scaled(share.difficulty)}`),
            share.late === true ? h('span', { class: 'live-late' }, ', late') : null,
          )
        : h(
            'span',
            { class: 'live-what', title: share.message ?? REJECT_REASONS[share.reason] ?? null },
            share.reason,
          ),
      h('span', { class: 'live-when' }, when(share.time)),
    );
  }

  #hold(paused: boolean): void {
    this.#paused = paused;
    this.#missed = 0;
    this.#pause.textContent = paused ? 'Go on' : 'Hold';
    this.#say();
  }

  #say(): void {
    const isEmpty = this.#list.childElementCount === 0;
    const shown = isEmpty ? 'Waiting for the next share.' : 'Difficulty reached, of the one asked for.';
    const words = this.#paused ? `Held still; ${count(this.#missed)} more have come.` : shown;
    show(this.#about, words);
  }
}
