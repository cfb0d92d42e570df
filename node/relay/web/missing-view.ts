import { h } from '../../../service/web/element.ts';
import { pageHead } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import { HOME_PATH } from './paths.ts';

/** There is nothing under this path. */
export function missingView(): View {
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Nothing here'),
    h(
      'p',
      {},
      'This link leads nowhere. Search for a block, a transaction or an address above, or go ',
      h('a', { href: HOME_PATH }, 'to the newest blocks'),
      '.',
    ),
  );
  return { title: 'Nothing here', element, ready: Promise.resolve(), close: () => undefined };
}
