/** "Scan further": a search beyond the usual gap, for wallets that left many addresses unused. */
import { h, show } from '../../../service/web/element.ts';
import { count, plural } from '../../../service/web/format.ts';
import { plainButton } from '../pieces/money.ts';
import { refusalWords } from '../pieces/refusal.ts';
import { ScanProgress } from '../pieces/scan-progress.ts';
import type { Place } from '../session/place.ts';

const GAPS = [100, 500, 2_000] as const;

export class ScanFurther {
  readonly element: HTMLElement;
  readonly #ending = new AbortController();
  readonly #progress: ScanProgress;

  constructor(place: Place, wallet: string) {
    this.#progress = new ScanProgress(place.feed, () => wallet);
    const outcome = h('div', { role: 'status', class: 'scan-outcome' });
    const buttons = GAPS.map((gap) => plainButton(`${count(gap)} addresses further`, () => void search(gap)));
    const search = async (gap: number) => {
      for (const button of buttons) button.disabled = true;
      show(outcome);
      this.#progress.start();
      try {
        const answer = await place.ask('scan', { wallet, gap_limit: gap }, this.#ending.signal);
        show(
          outcome,
          h('p', {}, `${plural(answer.used_addresses, 'used address', 'used addresses')} in all.`),
        );
      } catch (error) {
        if (!this.#ending.signal.aborted) show(outcome, ...refusalWords(error));
      }
      this.#progress.stop();
      for (const button of buttons) button.disabled = false;
    };
    this.element = h(
      'div',
      { class: 'scan-further' },
      h(
        'p',
        { class: 'about' },
        'Something is missing? Wallets that gave out many addresses without being paid have used ones far behind.',
      ),
      h('div', { class: 'buttons', role: 'group', 'aria-label': 'Scan further' }, ...buttons),
      this.#progress.element,
      outcome,
    );
  }

  close(): void {
    this.#ending.abort();
    this.#progress.close();
  }
}
