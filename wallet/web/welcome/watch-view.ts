/** A wallet that sees and does not sign: from an extended public key. */
import { h } from '../../../service/web/element.ts';
import { pageHead, panel } from '../../../service/web/panel.ts';
import type { View } from '../../../service/web/router.ts';
import type { WalletRow } from '../../gui/api-values.ts';
import { WALLETS_PATH } from '../paths.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { Field } from '../pieces/field.ts';
import { notice, wayButton } from '../pieces/money.ts';
import { newPassphrase } from '../pieces/passphrase-fields.ts';
import { ScanProgress } from '../pieces/scan-progress.ts';
import type { Place } from '../session/place.ts';
import { freeName, nameField, walletName } from './name-field.ts';
import { gapLimitField } from './search-fields.ts';

export function watchView(place: Place, onOpen: (row: WalletRow) => void): View {
  const name = nameField(place, freeName(place));
  const xpub = new Field({
    label: 'Extended public key',
    about:
      'Of an account, as the other wallet shows it: xpub…, zpub…, tpub… or vpub…, with or without its origin in brackets. Only with the origin can an offline signer tell its keys.',
    kind: 'lines',
    rows: 3,
    mono: true,
    maxLength: 200,
    check: xpubComplaint,
  });
  const secret = newPassphrase();
  const gap = gapLimitField();
  const progress = new ScanProgress(place.feed, () => walletName(name));
  const form = new ActionForm({
    content: [
      notice(
        'plain',
        'A watch-only wallet sees balances and payments, gives out addresses and prepares payments; the signature comes from where the keys are.',
      ),
      xpub.element,
      name.element,
      secret.element,
      h('details', { class: 'folded' }, h('summary', {}, 'More'), gap.element),
      progress.element,
    ],
    fields: [xpub, name, ...secret.fields, gap],
    button: 'Watch it',
    busy: 'Searching the chain…',
    beside: [wayButton(WALLETS_PATH, 'Back')],
    run: async (signal) => {
      progress.start();
      try {
        const answer = await place.ask(
          'wallets/watch',
          {
            name: walletName(name),
            xpub: xpub.value.replace(/\s+/g, ''),
            passphrase: secret.value,
            gap_limit: Number(gap.value),
          },
          signal,
        );
        onOpen(answer.wallet);
      } finally {
        progress.stop();
      }
    },
  });
  const element = h(
    'div',
    { class: 'stack welcome' },
    pageHead(null, 'Watch only'),
    panel('What to watch', form.element),
  );
  return {
    title: 'Watch only',
    element,
    ready: Promise.resolve(),
    close: () => {
      form.close();
      progress.close();
    },
  };
}

/** Only what is told at a glance; the server reads it whole. */
function xpubComplaint(value: string): string | undefined {
  const key = value.replace(/\s+/g, '').replace(/^\[[^\]]*\]/, '');
  if (key === '') return 'The key is missing.';
  if (/^[xztv]prv/.test(key))
    return 'This is a private key: it belongs to nobody but its wallet. The public one begins with xpub or zpub.';
  if (!/^[xztv]pub[1-9A-HJ-NP-Za-km-z]{100,112}$/.test(key))
    return 'An extended public key begins with xpub, zpub, tpub or vpub, and has 111 characters.';
  return undefined;
}
