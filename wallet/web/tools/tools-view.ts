/** What one needs now and then. */
import { h } from '../../../service/web/element.ts';
import { pageHead } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import { wayCard } from '../more-view.ts';
import { PSBT_PATH, SIGN_PATH, VERIFY_PATH } from '../paths.ts';
import { icon } from '../pieces/icons.ts';
import type { WalletPlace } from '../session/place.ts';

export function toolsView(place: WalletPlace): View {
  const canSign = place.row.kind !== 'watch';
  const element = h(
    'div',
    { class: 'stack' },
    pageHead(null, 'Tools'),
    h(
      'div',
      { class: 'way-cards' },
      canSign ? wayCard(SIGN_PATH, 'Sign a message', 'Show that an address is yours', icon('tools')) : null,
      wayCard(VERIFY_PATH, 'Check a signed message', 'Whether an address is theirs', icon('overview')),
      wayCard(
        PSBT_PATH,
        'Partly signed transactions',
        'Prepare, sign, put together and send payments between wallets (PSBT)',
        icon('moved'),
      ),
    ),
  );
  return { title: 'Tools', element, ready: Promise.resolve(), close: () => undefined };
}
