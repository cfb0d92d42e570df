/** The past of the chain as lines: difficulty, time per block, hash rate, fees. */
import { type ChartPoint, RelayCharts } from '../../../protocol/relay-views.ts';
import { h, show } from '../../../service/web/element.ts';
import { count, duration, hashRate, percent, scaled, significant } from '../../../service/web/format.ts';
import { figure, pageHead, panel, quantity } from '../../../service/web/panel.ts';
import { Poll } from '../../../service/web/poll.ts';
import type { View } from '../../../service/web/router.ts';
import { type ChartLine, TimeChart } from '../../../service/web/time-chart.ts';
import { closeAll } from './closing.ts';
import type { RelayFeed } from './relay-feed.ts';

const INTERVAL_MS = 60_000;
const RANGES = [100, 500, 2_000] as const;
const FIRST_RANGE = 500;
const EMPTY = 'The line begins with the second block.';
const NO_FEES = 'What these blocks earned in fees is not known here.';
const NITS_PER_COIN = 1e8;

export function chartsView(feed: RelayFeed): View {
  let blocks: number = FIRST_RANGE;
  const figures = h('dl', { class: 'figures' });
  const charts = {
    difficulty: new TimeChart({ label: 'Difficulty', format: (value) => scaled(value), empty: EMPTY }),
    blockTime: new TimeChart({ label: 'Time per block', format: (value) => duration(value), empty: EMPTY }),
    hashRate: new TimeChart({ label: 'Hash rate', format: hashRate, empty: EMPTY }),
    fees: new TimeChart({ label: 'Fees per block in NILZ', format: significant, empty: NO_FEES }),
  };
  const poll = new Poll({
    url: () => `/charts?blocks=${blocks}`,
    read: (body) => RelayCharts.parse(body),
    intervalMs: INTERVAL_MS,
    onData: (whole) => {
      const answer = withoutGenesis(whole);
      const { points, block_time_seconds: aim } = answer;
      const times = points.map(({ time }) => time);
      const line = (label: string, value: (point: ChartPoint) => number | null): ChartLine => ({
        label,
        values: points.map(value),
      });
      show(figures, ...figuresOf(answer));
      charts.difficulty.update(times, [line('Difficulty', ({ difficulty }) => difficulty)]);
      charts.blockTime.update(times, [
        line('Time per block', ({ block_seconds }) => block_seconds),
        line('Aim', () => aim),
      ]);
      charts.hashRate.update(times, [line('Hash rate', ({ hash_rate }) => hash_rate)]);
      charts.fees.update(times, [line('Fees', ({ fees_nits }) => coins(fees_nits))]);
    },
    onError: () => undefined,
  });
  const ranges = rangeChoice((chosen) => {
    blocks = chosen;
    poll.soon();
  });
  const element = h(
    'div',
    { class: 'stack' },
    h('div', { class: 'head-and-choices' }, pageHead(null, 'Charts'), ranges),
    panel('Now', figures),
    h(
      'div',
      { class: 'halves' },
      panel('Difficulty', charts.difficulty.element),
      panel('Time per block', charts.blockTime.element),
    ),
    h(
      'div',
      { class: 'halves' },
      panel('Hash rate', charts.hashRate.element),
      panel('Fees per block, in NILZ', charts.fees.element),
    ),
  );
  const closers = [
    feed.onEvent((event) => {
      if (event.type === 'block_connected') poll.soon();
    }),
    feed.onMissed(() => poll.soon()),
    () => poll.close(),
    ...Object.values(charts).map((chart) => () => chart.close()),
  ];
  return { title: 'Charts', element, ready: poll.first, close: closeAll(closers) };
}

/** The genesis block was made long before its network began: the time after it is nobody's block time. */
function withoutGenesis(charts: RelayCharts): RelayCharts {
  const [genesis, first, ...rest] = charts.points;
  if (genesis?.height !== 0 || first === undefined) return charts;
  return { ...charts, points: [{ ...first, block_seconds: null, hash_rate: null }, ...rest] };
}

function rangeChoice(onChoice: (blocks: number) => void): HTMLElement {
  const buttons = RANGES.map((range) =>
    h(
      'button',
      { type: 'button', class: 'choice', 'aria-pressed': range === FIRST_RANGE ? 'true' : 'false' },
      `${count(range)} blocks`,
    ),
  );
  buttons.forEach((button, index) => {
    button.addEventListener('click', () => {
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
      onChoice(RANGES[index] ?? FIRST_RANGE);
    });
  });
  return h('div', { class: 'choices', role: 'group', 'aria-label': 'Blocks shown' }, ...buttons);
}

function figuresOf({
  points,
  next_difficulty: next,
  block_time_seconds: aim,
  blocks,
  step,
}: RelayCharts): HTMLElement[] {
  const first = points.at(0);
  const last = points.at(-1);
  const spanned = first === undefined || last === undefined ? 0 : last.height - first.height;
  const mean =
    spanned > 0 && first !== undefined && last !== undefined ? (last.time - first.time) / spanned : null;
  const now = last?.difficulty ?? null;
  return [
    figure('Difficulty', quantity(scaled(now)), 'of the newest block'),
    figure('Next block', quantity(scaled(next)), changeWords(now, next)),
    figure(
      'Time per block',
      quantity(duration(mean)),
      `mean of ${count(spanned)} blocks; aim ${duration(aim)}`,
    ),
    figure('Hash rate', quantity(hashRate(last?.hash_rate ?? null)), 'at the end of the line'),
    figure(
      'Shown',
      quantity(count(blocks)),
      step === 1 ? 'blocks, one a point' : `blocks, ${count(step)} to a point`,
    ),
  ];
}

/** "1.2 % harder" */
function changeWords(now: number | null, next: number | null): string | null {
  if (now === null || next === null || now === 0) return null;
  const part = next / now - 1;
  if (part === 0) return 'as it is now';
  return `${percent(Math.abs(part))} ${part > 0 ? 'harder' : 'easier'}`;
}

/** For a line only: exact to what a screen shows. */
function coins(nits: string | null): number | null {
  return nits === null ? null : Number(nits) / NITS_PER_COIN;
}
