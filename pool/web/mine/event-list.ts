/** What has happened while mining: the newest on top, a few at a time. */
import type { MinerEvent } from '../../../miner/event.ts';
import { lineOf } from '../../../miner/face/event-log.ts';
import { h } from '../../../service/web/element.ts';
import { clockTime } from '../../../service/web/format.ts';
import { panel } from '../../../service/web/panel.ts';

const SHOWN = 12;
const MS_PER_SECOND = 1_000;

export class EventList {
  readonly element: HTMLElement;
  readonly #list = h('ol', { class: 'event-list' });
  readonly #empty = h('p', { class: 'about' }, 'Nothing yet.');

  constructor() {
    // Many a second at times: read on demand, not aloud.
    const log = h('div', { role: 'log', 'aria-live': 'off', 'aria-label': 'Events' }, this.#list);
    this.element = panel('What happened', this.#empty, log);
  }

  /** Notes an event, unless it is one of those that come all the time. */
  add(event: MinerEvent): void {
    const { level, text } = lineOf(event);
    if (level === 'debug') return;
    const isBlock = (event.type === 'share-found' || event.type === 'share-accepted') && event.isBlock;
    this.#empty.hidden = true;
    this.#list.prepend(
      h(
        'li',
        { class: 'event-row', 'data-kind': isBlock ? 'block' : level },
        h('span', { class: 'event-time' }, clockTime(Date.now() / MS_PER_SECOND, true)),
        // Texts of a pool are among them: they keep to their own direction.
        h('bdi', { class: 'event-text' }, text),
      ),
    );
    while (this.#list.childElementCount > SHOWN) this.#list.lastElementChild?.remove();
  }
}
