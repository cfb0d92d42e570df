import { h } from '../../service/web/element.ts';
import { pageHead } from '../../service/web/panel.ts';
import type { View } from '../../service/web/router.ts';
import { OVERVIEW_PATH } from './paths.ts';

/** There is nothing under this path. */
export function missingView(): View {
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Nothing here'),
    h('p', {}, 'This link leads nowhere. ', h('a', { href: OVERVIEW_PATH }, 'To the wallet'), '.'),
  );
  return { title: 'Nothing here', element, ready: Promise.resolve(), close: () => undefined };
}
