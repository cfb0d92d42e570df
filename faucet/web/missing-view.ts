import { h } from '../../service/web/element.ts';
import { pageHead } from '../../service/web/panel.ts';
import type { View } from '../../service/web/router.ts';
import { HOME_PATH } from './paths.ts';

/** There is nothing under this path. */
export function missingView(): View {
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Nothing here'),
    h('p', {}, 'This link leads nowhere. ', h('a', { href: HOME_PATH }, 'To the faucet'), '.'),
  );
  return { title: 'Nothing here', element, ready: Promise.resolve(), close: () => undefined };
}
