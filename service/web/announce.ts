/** Words for those who hear a page: read out politely, one message at a time. */
import { h } from './element.ts';

const region = h('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });

/** Where announcements go; stands once on the page. */
export function announcements(): HTMLElement {
  return region;
}

export function announce(text: string): void {
  // The same words a second time are read out only if the text has changed.
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}
