/** A payment that another wallet has to sign: what to carry there. */
import { h } from '../../../service/web/element.ts';
import { panel } from '../../../service/web/panel.ts';
import type { PsbtView } from '../../gui/api-values.ts';
import { PSBT_PATH } from '../paths.ts';
import { notice } from '../pieces/money.ts';
import { psbtFile } from '../tools/psbt-file.ts';

export function unsignedPanel({ psbt }: PsbtView): HTMLElement {
  return panel(
    'Ready to be signed',
    notice(
      'plain',
      'Take this to the wallet that has the keys and sign it there. Then bring what comes out back here, under Tools, to send it.',
    ),
    psbtFile(psbt),
    h('p', { class: 'ways-on' }, h('a', { href: PSBT_PATH }, 'To the partly signed transactions')),
  );
}
