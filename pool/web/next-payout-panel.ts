import { h, show } from '../../service/web/element.ts';
import { amount, plural } from '../../service/web/format.ts';
import { panel } from '../../service/web/panel.ts';
import { untilThen } from '../../service/web/when.ts';
import type { NextPayout, Stats } from './answers.ts';
import { coinOf } from './coin.ts';

/** When money goes out next, to how many addresses, and what keeps it. */
export class NextPayoutPanel {
  readonly element: HTMLElement;
  readonly #content = h('div');
  #next: NextPayout | undefined;

  constructor() {
    this.element = panel('Next payout', this.#content);
    this.update(undefined, undefined);
  }

  update(next: NextPayout | undefined, stats: Stats | undefined): void {
    this.#next = next;
    if (stats?.scheme === 'solo') {
      show(this.#content, h('p', {}, 'None: who finds a block is paid by the block itself.'));
      return;
    }
    if (next === undefined) {
      show(this.#content, h('p', { class: 'countdown unknown' }, '—'));
      return;
    }
    const coin = coinOf(stats);
    const { time, minimum_nits, total_nits, trouble } = next;
    const due = next.due_total ?? next.due.length;
    const waits = next.waits_total ?? next.waits.length;
    const below = waits === 0 ? '' : ` ${plural(waits, 'address', 'addresses')} must wait.`;
    if (minimum_nits === null) {
      show(this.#content, h('p', { class: 'trouble' }, 'Nobody is paid by this pool at present.'));
      return;
    }
    show(
      this.#content,
      h('p', { class: 'countdown' }, time === null ? 'by hand' : untilThen(time)),
      h(
        'p',
        {},
        due === 0
          ? `Nobody is due yet.${below}`
          : `${amount(total_nits)} ${coin} to ${plural(due, 'address', 'addresses')}.${below}`,
      ),
      trouble === null ? null : h('p', { class: 'trouble' }, `The last payout could not be made: ${trouble}`),
      h(
        'p',
        { class: 'about' },
        `Paid is who is owed at least ${amount(minimum_nits)} ${coin} from confirmed blocks. Less stays owed and is never forfeited.`,
      ),
    );
  }

  /** Says the same again with what is known now: the coin, the scheme. */
  refresh(stats: Stats): void {
    this.update(this.#next, stats);
  }
}
