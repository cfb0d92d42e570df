/** A payment that was made: where it is, live. */
import { announce } from '../../../service/web/announce.ts';
import { copyable } from '../../../service/web/copy.ts';
import { h, show } from '../../../service/web/element.ts';
import { panel } from '../../../service/web/panel.ts';
import type { SentPayment } from '../../gui/api-values.ts';
import { transactionPath } from '../paths.ts';
import { change, explorerLink, facts, notice, plainButton, statusWord } from '../pieces/money.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';

export class SentPanel {
  readonly element: HTMLElement;
  readonly #query: LiveQuery;

  constructor(place: WalletPlace, { txid, delivered, note }: SentPayment, onAgain: () => void) {
    const state = h('div', { class: 'sent-state' });
    const again = plainButton('Pay somebody else', onAgain);
    this.element = panel(
      delivered ? 'Sent' : 'Signed, and waiting for the node',
      delivered
        ? notice('good', 'The payment is signed and on its way. The next blocks confirm it.')
        : notice(
            'warn',
            note ?? 'The node could not be asked: the payment is kept, and handed in when it is back.',
          ),
      state,
      h(
        'div',
        { class: 'buttons' },
        h('a', { href: transactionPath(txid), class: 'main-button' }, 'Follow it'),
        again,
        explorerLink(place.feed.state, `/tx/${txid}`, 'In the explorer'),
      ),
    );
    announce(delivered ? 'The payment is sent.' : 'The payment is signed and kept.');
    show(state, facts([['Transaction', copyable(txid, 'the id of the transaction')]]));
    let before = '';
    this.#query = liveQuery(place, {
      ask: (signal) => place.ask('transaction', { wallet: place.wallet, txid }, signal),
      onData: ({ row }) => {
        if (before === 'pending' && row.status === 'confirmed') announce('The payment is confirmed.');
        before = row.status;
        show(
          state,
          facts([
            ['Transaction', copyable(txid, 'the id of the transaction')],
            ['State', statusWord(row)],
            ['Your balance', change(row.net_nits)],
          ]),
        );
      },
    });
  }

  close(): void {
    this.#query.close();
  }
}
