/** Whose coins pay: those of one label, or any. */
import { amount } from '../../../service/web/format.ts';
import { Selection } from '../pieces/field.ts';
import { COIN } from '../pieces/money.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';

/** No label is empty. */
const ANY = '';

export class SourceChoice {
  readonly #selection = new Selection('Pay from', [[ANY, 'Any label']]);
  readonly #query: LiveQuery;

  constructor(place: WalletPlace, onChange: () => void) {
    this.#selection.input.addEventListener('change', onChange);
    this.#query = liveQuery(place, {
      ask: (signal) => place.ask('overview', { wallet: place.wallet }, signal),
      onData: ({ labels, total }) =>
        this.#selection.fill([
          [ANY, `Any label (${amount(total.spendable_nits)} ${COIN})`],
          ...labels.map(
            ({ label, spendable_nits: nits }) => [label, `${label} (${amount(nits)} ${COIN})`] as const,
          ),
        ]),
    });
  }

  get element(): HTMLElement {
    return this.#selection.element;
  }

  get first(): Promise<void> {
    return this.#query.first;
  }

  /** Undefined for any. */
  get value(): string | undefined {
    return this.#selection.value === ANY ? undefined : this.#selection.value;
  }

  close(): void {
    this.#query.close();
  }
}
