/** Hash rate: a figure for each window over a chart of the past. */
import { h, show } from '../../service/web/element.ts';
import { hashRate } from '../../service/web/format.ts';
import { panel } from '../../service/web/panel.ts';
import { type ChartLine, TimeChart } from '../../service/web/time-chart.ts';
import type { HashRate, HistoryStep } from './answers.ts';
import { rateFigures } from './parts.ts';

const RANGES = [
  { minutes: 60, name: '1 h' },
  { minutes: 360, name: '6 h' },
  { minutes: 1_440, name: '24 h' },
] as const;

export interface RatePanelOptions {
  readonly title: string;
  readonly empty: string;
  /** Which of the ranges is shown first. */
  readonly minutes: number;
  readonly onRange: (minutes: number) => void;
}

/** One line of the chart: of the pool, an address or a worker. */
export interface RateLine {
  readonly label: string;
  readonly history: readonly HistoryStep[];
}

export class RatePanel {
  readonly element: HTMLElement;
  readonly #figures = h('dl', { class: 'figures rates' }, ...rateFigures([]));
  readonly #chart: TimeChart;

  constructor({ title, empty, minutes, onRange }: RatePanelOptions) {
    this.#chart = new TimeChart({ label: title, format: hashRate, empty });
    const buttons = RANGES.map((range) => {
      const isChosen = range.minutes === minutes;
      return h(
        'button',
        { type: 'button', class: 'choice', 'aria-pressed': isChosen ? 'true' : 'false' },
        range.name,
      );
    });
    buttons.forEach((button, index) => {
      button.addEventListener('click', () => {
        for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
        onRange(RANGES[index]?.minutes ?? minutes);
      });
    });
    const ranges = h('div', { class: 'choices', role: 'group', 'aria-label': 'Time shown' }, ...buttons);
    this.element = panel(title, this.#figures, ranges, this.#chart.element);
    this.element.classList.add('rate-panel');
  }

  updateRates(rates: readonly HashRate[]): void {
    show(this.#figures, ...rateFigures(rates));
  }

  updateHistory(lines: readonly RateLine[]): void {
    const whole = lines.map(({ label, history }) => ({ label, history: withoutBeginning(history) }));
    const all = [...new Set(whole.flatMap(({ history }) => history.map(({ time }) => time)))];
    const times = withoutIdlePast(
      all.sort((one, other) => one - other),
      whole,
    );
    this.#chart.update(
      times,
      whole.map((line) => chartLine(line, times)),
    );
  }

  close(): void {
    this.#chart.close();
  }
}

/** A step that has just begun says little: its rate would jump about at the end of the line. */
function withoutBeginning(history: readonly HistoryStep[]): readonly HistoryStep[] {
  const last = history.at(-1);
  const length = history.at(-2)?.seconds ?? 0;
  return last !== undefined && last.seconds < length / 2 ? history.slice(0, -1) : history;
}

/** Steps of a chart that are shown however young the pool is. */
const FEWEST_STEPS = 12;

/** Begins the chart with the first work there was, so that a young pool or worker fills it. */
function withoutIdlePast(times: readonly number[], lines: readonly RateLine[]): readonly number[] {
  const firsts = lines.flatMap(({ history }) => {
    const first = history.find(({ hashes_per_second }) => (hashes_per_second ?? 0) > 0);
    return first === undefined ? [] : [first.time];
  });
  // The step before shows the rise.
  const begin = times.findIndex((time) => time >= Math.min(...firsts)) - 1;
  return times.slice(Math.max(0, Math.min(begin, times.length - FEWEST_STEPS)));
}

function chartLine({ label, history }: RateLine, times: readonly number[]): ChartLine {
  const byTime = new Map(history.map((step) => [step.time, step.hashes_per_second]));
  return { label, values: times.map((time) => byTime.get(time) ?? null) };
}
