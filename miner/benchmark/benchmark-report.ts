/** The figures of a benchmark, and how they are shown. */
import { formatHashRate } from '../face/event-log.ts';
import type { KernelName } from '../kernel/kernel-choice.ts';
import type { Machine } from './machine.ts';
import type { Measurement } from './measurement.ts';

/** Measurements of the same thing, one of each round. */
export interface Series {
  readonly name: string;
  readonly threads: number;
  readonly rounds: Measurement[];
}

/** Whether a kernel finds hits that were planted; `unavailable` where the engine does not know its instructions. */
export interface KernelCheck {
  readonly name: KernelName;
  readonly check: 'passed' | 'failed' | 'unavailable';
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A kernel, or what it is compared with, on a number of threads. */
export interface Figure {
  readonly name: string;
  readonly threads: number;
  /** Of all threads together. */
  readonly hashesPerSecond: Spread;
  /** Median of {@link Measurement.processorShare}. */
  readonly processorShare: number | null;
  /** What one thread does in a second of processor time, which other programs hardly change; null if not known. */
  readonly hashesPerProcessorSecond: number | null;
  /** Median over the rounds of the ratio to the same on one thread; null for one thread. */
  readonly timesOneThread: number | null;
  /** By name of the reference on as many threads: median over the rounds of the ratio to it. */
  readonly timesReference: Readonly<Record<string, number>>;
}

/** All that a benchmark has to say; plain data for `--json`. */
export interface BenchmarkReport {
  readonly machine: Machine;
  readonly kernels: readonly KernelCheck[];
  readonly references: readonly Figure[];
  /** Without those that were not measured before the benchmark was ended. */
  readonly figures: readonly Figure[];
  /** The kernel that is fastest on one thread, which a miner chooses here; null if none was measured. */
  readonly fastest: string | null;
  /** False if it was ended early. */
  readonly isComplete: boolean;
}

/** What was measured, as the benchmark leaves it. */
export interface Measured {
  readonly machine: Machine;
  readonly kernels: readonly KernelCheck[];
  readonly references: readonly Series[];
  readonly series: readonly Series[];
  readonly isComplete: boolean;
}

export function reportOf({ machine, kernels, references, series, isComplete }: Measured): BenchmarkReport {
  const figures = series
    .filter(({ rounds }) => rounds.length > 0)
    .map((one) => {
      const single = series.find(({ name, threads }) => name === one.name && threads === 1);
      return figureOf(
        one,
        single,
        references.filter(({ threads }) => threads === one.threads),
      );
    });
  const fastest = figures
    .filter(({ threads }) => threads === 1)
    .toSorted((a, b) => speedOf(b) - speedOf(a))[0];
  return {
    machine,
    kernels,
    references: references
      .filter(({ rounds }) => rounds.length > 0)
      .map((one) => figureOf(one, undefined, [])),
    figures,
    fastest: fastest?.name ?? null,
    isComplete,
  };
}

function figureOf(series: Series, single: Series | undefined, references: readonly Series[]): Figure {
  const ratios = references
    .map((reference): [string, number | undefined] => [reference.name, medianRatio(series, reference)])
    .filter((entry): entry is [string, number] => entry[1] !== undefined);
  const rates = series.rounds.map(({ hashesPerSecond }) => hashesPerSecond);
  const efficiencies = series.rounds.flatMap(({ hashesPerSecond, processorShare }) =>
    processorShare === null || processorShare === 0
      ? []
      : [hashesPerSecond / (series.threads * processorShare)],
  );
  const shares = series.rounds.flatMap(({ processorShare }) => processorShare ?? []);
  return {
    name: series.name,
    threads: series.threads,
    hashesPerSecond: { median: median(rates), min: Math.min(...rates), max: Math.max(...rates) },
    processorShare: shares.length === 0 ? null : median(shares),
    hashesPerProcessorSecond: efficiencies.length === 0 ? null : median(efficiencies),
    timesOneThread: single === undefined || single === series ? null : (medianRatio(series, single) ?? null),
    timesReference: Object.fromEntries(ratios),
  };
}

/** By processor time: other programs may have taken more from one than from another. */
function speedOf({ hashesPerProcessorSecond, hashesPerSecond }: Figure): number {
  return hashesPerProcessorSecond ?? hashesPerSecond.median;
}

/** Round by round: what the machine does beside one round it does beside the other's too. */
function medianRatio(series: Series, reference: Series): number | undefined {
  const ratios = series.rounds.flatMap(({ hashesPerSecond }, round) => {
    const other = reference.rounds[round];
    return other === undefined ? [] : [hashesPerSecond / other.hashesPerSecond];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

/** @param values at least one */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The report as lines for people. */
export function reportText(report: BenchmarkReport): string {
  const { machine, kernels, figures, references } = report;
  const processors = `${machine.processors} processor${machine.processors === 1 ? '' : 's'}`;
  const hasChoice = new Set(figures.map(({ name }) => name)).size > 1;
  const compared = [...new Set(references.map(({ name }) => name))];
  const head = [
    '',
    'threads',
    'hash rate',
    'from – to',
    'processor',
    '× one thread',
    ...compared.map((name) => `× ${name}`),
  ];
  const rows = [...references, ...figures].map((figure) => [
    figure.name,
    String(figure.threads),
    formatHashRate(figure.hashesPerSecond.median),
    `${formatHashRate(figure.hashesPerSecond.min)} – ${formatHashRate(figure.hashesPerSecond.max)}`,
    figure.processorShare === null ? '' : `${Math.round(100 * figure.processorShare)} %`,
    shownRatio(figure.timesOneThread),
    ...compared.map((name) => shownRatio(figure.timesReference[name])),
  ]);
  return [
    `${machine.cpu}, ${processors}, ${machine.architecture}, ${machine.engine}`,
    `self-check: ${kernels.map(({ name, check }) => `${name} ${check}`).join(', ')}`,
    '',
    ...aligned([head, ...rows]),
    '',
    ...(hasChoice ? [`The fastest kernel is ${report.fastest}: a miner chooses it here.`] : []),
    ...(isDisturbed(figures)
      ? ['Other programs took part of the processor: the figures are too low by as much.']
      : []),
    ...(report.isComplete ? [] : ['Ended early: not everything was measured.']),
  ].join('\n');
}

/** A thread that has less of a processor than this shares it. */
const UNDISTURBED_SHARE = 0.9;

function isDisturbed(figures: readonly Figure[]): boolean {
  return figures.some(({ processorShare }) => processorShare !== null && processorShare < UNDISTURBED_SHARE);
}

function shownRatio(ratio: number | null | undefined): string {
  return ratio === null || ratio === undefined ? '' : ratio.toFixed(ratio < 10 ? 2 : 1);
}

/** Columns of the same width; numbers stand right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
