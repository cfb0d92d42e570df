import { h } from '../../service/web/element.ts';
import type { View } from '../../service/web/router.ts';
import { HOME_PATH } from './paths.ts';

/** There is nothing under this path. */
export function missingView(): View {
  const element = h(
    'div',
    { class: 'stack' },
    h('header', { class: 'page-head' }, h('h1', { class: 'page-name' }, 'Nothing here')),
    h('p', {}, 'This link leads nowhere. ', h('a', { href: HOME_PATH }, 'To the overview'), '.'),
  );
  return { title: 'Nothing here', element, ready: Promise.resolve(), close: () => undefined };
}
