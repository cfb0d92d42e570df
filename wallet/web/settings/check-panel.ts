/** Whether everything adds up: the file, the sums, the coins. */
import { h, show } from '../../../service/web/element.ts';
import { panel, stateWord } from '../../../service/web/panel.ts';
import { ActionForm } from '../pieces/action-form.ts';
import { notice } from '../pieces/money.ts';
import { sentence } from '../pieces/refusal.ts';
import type { WalletPlace } from '../session/place.ts';

export class CheckPanel {
  readonly element: HTMLElement;
  readonly #form: ActionForm;

  constructor(place: WalletPlace) {
    const outcome = h('div', { role: 'status' });
    this.#form = new ActionForm({
      content: [
        h(
          'p',
          { class: 'about' },
          'Goes through every transaction of the wallet: the balance has to be their sum, and each coin has to be what the chain says.',
        ),
        outcome,
      ],
      fields: [],
      button: 'Check everything',
      busy: 'Checking…',
      run: async (signal) => {
        const { sound, findings } = await place.ask('check', { wallet: place.wallet }, signal);
        show(
          outcome,
          notice(
            sound ? 'good' : 'bad',
            h('strong', {}, sound ? 'Everything adds up.' : 'Something does not add up.'),
          ),
          h(
            'ul',
            { class: 'checks' },
            ...findings.map(({ name, ok: isRight, detail }) =>
              h(
                'li',
                {},
                isRight
                  ? stateWord('right', 'good')
                  : sound
                    ? stateWord('to be done', 'warn')
                    : stateWord('wrong', 'bad'),
                h('span', { class: 'check-name' }, name.replaceAll('-', ' ')),
                h('span', { class: 'about' }, sentence(detail)),
              ),
            ),
          ),
        );
      },
    });
    this.element = panel('Check', this.#form.element);
  }

  close(): void {
    this.#form.close();
  }
}
