/** The balance after each block that changed it. */
import { UNKNOWN } from '../../../service/web/format.ts';
import { TimeChart } from '../../../service/web/time-chart.ts';
import { nowSeconds } from '../../../service/web/when.ts';
import { COIN } from '../pieces/money.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';
import { stepsOf } from './chart-steps.ts';

const NITS_PER_COIN = 1e8;

export class BalanceChart {
  readonly #chart = new TimeChart({
    label: `Balance in ${COIN}`,
    format: coinText,
    empty: 'The line begins with the first coins.',
  });
  readonly #query: LiveQuery;

  constructor(place: WalletPlace) {
    this.#chart.element.classList.add('chart-unknown');
    this.#query = liveQuery(place, {
      ask: (signal) => place.ask('balance-chart', { wallet: place.wallet }, signal),
      onData: ({ points }) => {
        this.#chart.element.classList.remove('chart-unknown');
        const steps = stepsOf(points, nowSeconds());
        this.#chart.update(
          steps.map(({ time }) => time),
          [{ label: 'Balance', values: steps.map(({ nits }) => Number(nits) / NITS_PER_COIN) }],
        );
      },
    });
  }

  get element(): HTMLElement {
    return this.#chart.element;
  }

  get first(): Promise<void> {
    return this.#query.first;
  }

  close(): void {
    this.#query.close();
    this.#chart.close();
  }
}

/** For a line only: exact to what a screen shows. */
function coinText(value: number | null): string {
  return value === null
    ? UNKNOWN
    : value.toLocaleString('en', { maximumFractionDigits: value >= 1_000 ? 0 : 4 });
}
