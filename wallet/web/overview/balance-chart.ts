/** The balance after each block that changed it. */
import { UNKNOWN } from '../../../service/web/format.ts';
import { TimeChart } from '../../../service/web/time-chart.ts';
import { nowSeconds } from '../../../service/web/when.ts';
import type { ChartPoint } from '../../gui/api-values.ts';
import { COIN } from '../pieces/money.ts';
import type { LiveQuery } from '../session/live-query.ts';
import { liveQuery, type WalletPlace } from '../session/place.ts';

const NITS_PER_COIN = 1e8;
/** A line needs some width, however young the wallet is. */
const SHORTEST_SPAN_S = 600;

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

export interface ChartStep {
  readonly time: number;
  readonly nits: bigint;
}

/**
 * A balance stays until it changes: each change is two points, and the last one reaches to now. Begins with nothing,
 * just before the first coins.
 */
export function stepsOf(points: readonly ChartPoint[], now: number): ChartStep[] {
  const [first] = points;
  if (first === undefined) return [];
  const end = Math.max(now, points.at(-1)?.time ?? now);
  const begin = Math.min(first.time - 1, end - SHORTEST_SPAN_S);
  const steps: ChartStep[] = [{ time: begin, nits: 0n }];
  let nits = 0n;
  for (const point of points) {
    const time = Math.max(point.time, (steps.at(-1)?.time ?? 0) + 1);
    if (time - (steps.at(-1)?.time ?? 0) > 1) steps.push({ time: time - 1, nits });
    nits = BigInt(point.balance_nits);
    steps.push({ time, nits });
  }
  const last = steps.at(-1)?.time ?? end;
  if (end > last) steps.push({ time: end, nits });
  return steps;
}

/** For a line only: exact to what a screen shows. */
function coinText(value: number | null): string {
  return value === null
    ? UNKNOWN
    : value.toLocaleString('en', { maximumFractionDigits: value >= 1_000 ? 0 : 4 });
}
