/** What a terminal shows while the miner works: its figures, and the newest log lines below them. */
import type { MinerStats } from '../figures/statistics.ts';
import { formatDifficulty, formatDuration, formatHashRate } from './event-log.ts';
import {
  DOT,
  inked,
  type Line,
  labelled,
  type Part,
  plain,
  type Style,
  wrapped,
  wrappedText,
} from './styled-text.ts';
import { fitted } from './text-width.ts';

/** All that the view shows. */
export interface LiveFigures {
  readonly stats: MinerStats;
  /** True from the wish to end until the last share is answered. */
  readonly isStopping: boolean;
  /** Of the processor; null where the system does not tell. */
  readonly temperatureCelsius: number | null;
  /** The part of each core that may be used, 100 for all of it. */
  readonly cpuLimitPercent: number;
  /** Log lines, the newest last. */
  readonly lines: readonly RecentLine[];
}

/** A log line as people read it. */
export interface RecentLine {
  /** The time of day, as it stands before the text. */
  readonly time: string;
  readonly text: string;
  readonly style: Style;
}

/** The place there is on the screen. */
export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
  readonly hasColors: boolean;
}

/** One thing to tell. */
interface Row {
  /** Rows of a higher number go first when there is not room for all. */
  readonly rank: number;
  readonly lines: readonly Line[];
}

/** Log lines that get their place before the less important figures do. */
const WANTED_LOG_LINES = 3;
/** Beyond so many lines the rates of single threads are told as a range. */
const THREAD_LINES_MAX = 2;
/** Columns of the labels; there are none where a screen has less than twice so many. */
const LABEL_COLUMNS = 13;

/** The view, at most as high and as wide as the screen. Where there is little room, what matters most is kept. */
export function renderLiveView(figures: LiveFigures, size: ViewSize): string[] {
  if (size.rows < 1 || size.columns < 1) return [];
  const rows = rowsOf(figures, size.columns);
  const kept = rowsThatFit(rows, size.rows - Math.min(WANTED_LOG_LINES, figures.lines.length));
  const lines = kept.flatMap((row) => row.lines).slice(0, size.rows);
  const room = size.rows - lines.length;
  // A line is left free above the log where there is room enough.
  const gap: Line[] = room > WANTED_LOG_LINES && figures.lines.length > 0 ? [[]] : [];
  const newest = newestLogLines(figures.lines, size.columns, room - gap.length);
  return [...lines, ...gap, ...newest].map((line) => inked(line, size.hasColors));
}

/** As many of the newest log lines as there is room for; of the newest of all at least the beginning. */
function newestLogLines(lines: readonly RecentLine[], columns: number, room: number): Line[] {
  let shown: Line[] = [];
  for (const line of lines.toReversed()) {
    const more = [...logLines(line, columns), ...shown];
    if (more.length > room) return shown.length > 0 ? shown : more.slice(0, room);
    shown = more;
  }
  return shown;
}

/** The time, and beside it the text, on as many lines as it takes. */
function logLines({ time, text, style }: RecentLine, columns: number): Line[] {
  const timeColumns = labelColumnsOf(columns) === 0 ? 0 : time.length + 1;
  return labelled(time, wrappedText(text, style, columns, timeColumns), timeColumns);
}

function labelColumnsOf(columns: number): number {
  return columns < 2 * LABEL_COLUMNS ? 0 : LABEL_COLUMNS;
}

/** All rows down to the lowest rank at which they still fit. */
function rowsThatFit(rows: readonly Row[], room: number): readonly Row[] {
  const ranks = [...new Set(rows.map(({ rank }) => rank))].sort((a, b) => b - a);
  for (const rank of ranks) {
    const kept = rows.filter((row) => row.rank <= rank);
    if (kept.reduce((sum, { lines }) => sum + lines.length, 0) <= room) return kept;
  }
  return rows.filter(({ rank }) => rank === ranks.at(-1));
}

function rowsOf(figures: LiveFigures, columns: number): readonly Row[] {
  const { stats, temperatureCelsius } = figures;
  const { hashRate, problem } = stats;
  const labelColumns = labelColumnsOf(columns);
  const row = (rank: number, label: string, ...parts: Part[]): Row => ({
    rank,
    lines: labelled(label, wrapped(parts, columns, labelColumns, DOT), labelColumns),
  });
  const problemLines = wrappedText(problem?.text ?? '', 'bad', columns, labelColumns);
  const blank: Row = { rank: 20, lines: [[]] };
  return [
    { rank: 1, lines: [headline(figures, columns)] },
    ...(problem === null ? [] : [{ rank: 1, lines: labelled('problem', problemLines, labelColumns) }]),
    blank,
    row(5, 'pool', plain(stats.pool)),
    row(12, 'mining for', plain(stats.user)),
    row(
      6,
      'difficulty',
      plain(`share ${known(stats.difficulty, formatDifficulty)}`),
      plain(`network ${known(stats.networkDifficulty, formatDifficulty)}`),
    ),
    blank,
    row(
      2,
      'hash rate',
      { text: `now ${formatHashRate(hashRate.now)}`, style: 'strong' },
      plain(`1 min ${formatHashRate(hashRate.minute1)}`),
      plain(`15 min ${formatHashRate(hashRate.minutes15)}`),
    ),
    { rank: 9, lines: threadLines(stats, columns, labelColumns) },
    row(10, 'kernel', plain(stats.kernel), ...limitParts(figures.cpuLimitPercent)),
    ...(temperatureCelsius === null
      ? []
      : [row(11, 'temperature', plain(`${Math.round(temperatureCelsius)} °C`))]),
    blank,
    row(3, 'shares', ...shareParts(stats)),
    row(4, 'blocks', { text: String(stats.blocks), style: stats.blocks > 0 ? 'good' : 'plain' }),
    row(
      8,
      'best share',
      plain(known(stats.bestShareDifficulty, formatDifficulty)),
      ...(stats.secondsSinceAcceptedShare === null
        ? []
        : [plain(`last accepted ${formatDuration(Math.round(stats.secondsSinceAcceptedShare))} ago`)]),
    ),
    row(
      7,
      'expected',
      plain(`a share every ${known(stats.expectedSecondsPerShare, formatDuration)}`),
      plain(`a block every ${known(stats.expectedSecondsPerBlock, formatDuration)}`),
    ),
  ];
}

/** What the miner is doing, and for how long it has been there. */
function headline({ stats, isStopping }: LiveFigures, columns: number): Line {
  const [words, style] = isStopping ? stoppingWords(stats) : STATES[stats.state];
  const name = 'nilz miner  ';
  const uptime = `  up ${formatDuration(Math.round(stats.uptimeSeconds))}`;
  const shown = fitted(words, columns - name.length - uptime.length);
  if (shown.length < words.length) return [{ text: fitted(words, columns), style }];
  return [
    { text: name, style: 'dim' },
    { text: shown, style },
    { text: uptime, style: 'dim' },
  ];
}

const STATES: Readonly<Record<MinerStats['state'], readonly [string, Style]>> = {
  connecting: ['connecting', 'warning'],
  connected: ['connected', 'warning'],
  mining: ['mining', 'good'],
  waiting: ['not mining', 'bad'],
  stopped: ['stopped', 'plain'],
};

function stoppingWords({ shares }: MinerStats): readonly [string, Style] {
  const count = shares.inFlight;
  return [
    count > 0 ? `stopping: ${count} share${count === 1 ? '' : 's'} to be answered` : 'stopping',
    'warning',
  ];
}

function threadLines(stats: MinerStats, columns: number, labelColumns: number): readonly Line[] {
  const rates = stats.threadHashRates;
  const label = rates.length === 1 ? 'thread' : `${rates.length} threads`;
  const single = wrapped(
    rates.map((rate) => plain(formatHashRate(rate))),
    columns,
    labelColumns,
    DOT,
  );
  if (single.length <= THREAD_LINES_MAX) return labelled(label, single, labelColumns);
  return labelled(label, wrapped([plain(rangeText(rates))], columns, labelColumns, DOT), labelColumns);
}

function rangeText(rates: readonly (number | null)[]): string {
  const measured = rates.filter((rate) => rate !== null);
  if (measured.length < rates.length) return '—';
  return `each ${formatHashRate(Math.min(...measured))} to ${formatHashRate(Math.max(...measured))}`;
}

function limitParts(cpuLimitPercent: number): readonly Part[] {
  return cpuLimitPercent < 100 ? [plain(`at most ${cpuLimitPercent} % of a core each`)] : [];
}

function shareParts({ shares }: MinerStats): readonly Part[] {
  const { accepted, stale, rejected, reasons, unanswered } = shares;
  const why = Object.entries(reasons)
    .filter(([reason]) => reason !== 'stale')
    .map(([reason, count]) => `${reason} ${count}`);
  return [
    { text: `accepted ${accepted}`, style: accepted > 0 ? 'good' : 'plain' },
    { text: `stale ${stale}`, style: stale > 0 ? 'warning' : 'plain' },
    {
      text: `rejected ${rejected}${why.length === 0 ? '' : ` (${why.join(', ')})`}`,
      style: rejected > 0 ? 'bad' : 'plain',
    },
    ...(unanswered > 0 ? [{ text: `unanswered ${unanswered}`, style: 'warning' } as const] : []),
  ];
}

function known(value: number | null, format: (value: number) => string): string {
  return value === null ? '—' : format(value);
}
