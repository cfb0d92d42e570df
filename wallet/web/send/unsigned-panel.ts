/** A payment that another wallet has to sign: what to carry there. */
import { h, show } from '../../../service/web/element.ts';
import { plural } from '../../../service/web/format.ts';
import { panel } from '../../../service/web/panel.ts';
import type { PsbtView } from '../../gui/api-values.ts';
import { PSBT_PATH } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { notice } from '../pieces/money.ts';
import type { WalletPlace } from '../session/place.ts';
import { psbtFile } from '../tools/psbt-file.ts';

export function unsignedPanel(place: WalletPlace, { psbt }: PsbtView): HTMLElement {
  return panel(
    'Ready to be signed',
    notice(
      'plain',
      'Take this to the wallet that has the keys and sign it there. Then bring what comes out back here, under Tools, to send it.',
    ),
    psbtFile(psbt),
    reserveForm(place, psbt),
    h('p', { class: 'ways-on' }, h('a', { href: PSBT_PATH }, 'To the partly signed transactions')),
  );
}

/** Its coins are free until it is sent: whoever pays something else meanwhile may want them kept for it. */
function reserveForm(place: WalletPlace, psbt: string): HTMLElement {
  const said = h('div', { role: 'status' });
  const form = new ActionForm({
    content: [
      h(
        'p',
        { class: 'about' },
        'Until it is sent, another payment could take its coins. Reserved coins are kept for it: they are listed as frozen under Addresses, where they can be let go.',
      ),
    ],
    fields: [],
    button: 'Reserve its coins',
    busy: 'Reserving…',
    run: async (signal) => {
      const { coins } = await place.ask('psbt/reserve', { wallet: place.wallet, psbt }, signal);
      form.element.hidden = true;
      show(said, notice('good', `Reserved until it is sent: ${plural(coins, 'coin')}.`));
    },
  });
  return h('div', { class: 'below' }, form.element, said);
}
