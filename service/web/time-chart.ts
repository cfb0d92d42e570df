/** Lines over time, drawn by uPlot: in the colours of the theme, as wide as its place, readable by keyboard. */
import uPlot from 'uplot';
import { h, show } from './element.ts';
import { clockTime, exactTime, UNKNOWN } from './format.ts';

export interface ChartLine {
  readonly label: string;
  /** A value for each of the times; null where there is none. */
  readonly values: readonly (number | null)[];
}

export interface TimeChartOptions {
  /** What the chart shows, for those who do not see it. */
  readonly label: string;
  readonly format: (value: number | null) => string;
  /** Shown in its place while there is nothing to draw. */
  readonly empty: string;
}

/** As many lines as there are colours in the theme. */
export const MAX_LINES = 6;

const AXIS_FONT = '12px system-ui, sans-serif';
const Y_AXIS_PX = 76;
const DAY_S = 86_400;

export class TimeChart {
  readonly element: HTMLElement;
  readonly #options: TimeChartOptions;
  readonly #place = h('div', { class: 'chart-place', tabindex: 0, role: 'img' });
  readonly #legend = h('div', { class: 'chart-legend' });
  readonly #nothing: HTMLElement;
  readonly #resize: ResizeObserver;
  readonly #ending = new AbortController();
  #plot: uPlot | undefined;
  #times: readonly number[] = [];
  #lines: readonly ChartLine[] = [];

  constructor(options: TimeChartOptions) {
    this.#options = options;
    this.#nothing = h('p', { class: 'chart-nothing' }, options.empty);
    this.element = h('figure', { class: 'chart' }, this.#legend, this.#place, this.#nothing);
    this.#place.setAttribute('aria-label', options.label);
    this.#resize = new ResizeObserver(() => this.#fit());
    this.#resize.observe(this.#place);
    const { signal } = this.#ending;
    // Canvas has no style sheet: the colours are read again when the system changes them.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot?.redraw(false), {
      signal,
    });
    this.#place.addEventListener('keydown', (event) => this.#step(event), { signal });
    this.#place.addEventListener('blur', () => this.#plot?.setCursor({ left: -10, top: -10 }), { signal });
  }

  /** @param times seconds since 1970, ascending */
  update(times: readonly number[], lines: readonly ChartLine[]): void {
    const shown = lines.slice(0, MAX_LINES);
    const isSame = shown.length === this.#lines.length && this.#plot !== undefined;
    this.#times = times;
    this.#lines = shown;
    const hasValues = times.length > 1 && shown.some(({ values }) => values.some((value) => value !== null));
    this.#nothing.hidden = hasValues;
    this.element.classList.toggle('is-empty', !hasValues);
    if (!hasValues) {
      this.#plot?.destroy();
      this.#plot = undefined;
      show(this.#legend);
      this.#describe();
      return;
    }
    if (isSame) this.#plot?.setData(this.#data());
    else this.#draw();
    this.#readOut(this.#plot?.cursor.idx ?? null);
    this.#describe();
  }

  close(): void {
    this.#ending.abort();
    this.#resize.disconnect();
    this.#plot?.destroy();
  }

  #data(): uPlot.AlignedData {
    return [[...this.#times], ...this.#lines.map(({ values }) => [...values])];
  }

  #draw(): void {
    this.#plot?.destroy();
    const color = (name: string) => getComputedStyle(this.element).getPropertyValue(name).trim();
    const { format } = this.#options;
    const axis = {
      stroke: () => color('--muted'),
      grid: { stroke: () => color('--line'), width: 1 },
      ticks: { show: false },
      font: AXIS_FONT,
    };
    const line = (label: string, index: number): uPlot.Series => ({
      label,
      stroke: () => color(`--line-${index + 1}`),
      width: 2,
      points: { show: false },
      ...(this.#lines.length === 1 && { fill: () => color('--line-1-area') }),
    });
    const options: uPlot.Options = {
      width: this.#width(),
      height: this.#height(),
      padding: [12, 20, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
      scales: { x: { time: true }, y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] } },
      axes: [
        { ...axis, grid: { show: false }, size: 32, values: (_plot, splits) => splits.map(tickName(splits)) },
        { ...axis, size: Y_AXIS_PX, values: (_plot, splits) => splits.map((value) => format(value)) },
      ],
      series: [{}, ...this.#lines.map(({ label }, index) => line(label, index))],
      hooks: { setCursor: [(plot) => this.#readOut(plot.cursor.idx ?? null)] },
    };
    this.#plot = new uPlot(options, this.#data(), this.#place);
  }

  #width(): number {
    return Math.max(200, Math.floor(this.#place.clientWidth));
  }

  /** As the style sheet has it, the same with and without values, so that nothing below moves. */
  #height(): number {
    return this.#place.clientHeight;
  }

  #fit(): void {
    const size = { width: this.#width(), height: this.#height() };
    const plot = this.#plot;
    if (plot !== undefined && (plot.width !== size.width || plot.height !== size.height)) plot.setSize(size);
  }

  /** The values under the cursor, else the newest ones. */
  #readOut(index: number | null): void {
    const at = index ?? this.#times.length - 1;
    const time = this.#times[at];
    const entries = this.#lines.map(({ label, values }, line) =>
      h(
        'span',
        { class: 'chart-entry' },
        h('span', { class: `chart-mark chart-mark-${line + 1}`, 'aria-hidden': 'true' }),
        h('span', { class: 'chart-label' }, label),
        h('span', { class: 'chart-value' }, this.#options.format(values[at] ?? null)),
      ),
    );
    const moment = time === undefined ? UNKNOWN : exactTime(time).slice(0, 16);
    show(this.#legend, ...entries, h('span', { class: 'chart-moment' }, moment));
  }

  #step(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const plot = this.#plot;
    if (by === undefined || plot === undefined) return;
    event.preventDefault();
    const last = this.#times.length - 1;
    const index = Math.max(0, Math.min(last, (plot.cursor.idx ?? last) + by));
    plot.setCursor({ left: plot.valToPos(this.#times[index] ?? 0, 'x'), top: 10 });
    const [first] = this.#lines;
    this.#place.setAttribute(
      'aria-label',
      `${exactTime(this.#times[index] ?? 0)}: ${this.#options.format(first?.values[index] ?? null)}`,
    );
  }

  #describe(): void {
    if (document.activeElement === this.#place) return;
    const { label, format, empty } = this.#options;
    const known = (this.#lines[0]?.values ?? []).filter((value) => value !== null);
    const facts =
      known.length === 0
        ? empty
        : `highest ${format(Math.max(...known))}, lowest ${format(Math.min(...known))}, now ${format(known.at(-1) ?? null)}. Arrow keys read single values.`;
    this.#place.setAttribute('aria-label', `${label}: ${facts}`);
  }
}

/** Names ticks by the clock, and by the date where a day begins or a tick is a day. */
function tickName(splits: readonly number[]): (time: number) => string {
  const [first = 0, second = 0] = splits;
  const step = second - first;
  return (time) => {
    const date = new Date(time * 1_000);
    const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
    if (step >= DAY_S || (isMidnight && step >= 60)) {
      return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
    }
    return clockTime(time, step < 60);
  };
}
