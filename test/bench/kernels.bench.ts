/** The miner's kernels in its own threads, beside a loop over `@noble/hashes` and, where it is on the PATH, cpuminer. */
import { availableParallelism } from 'node:os';
import { runBenchmark } from '../../miner/benchmark/benchmark.ts';
import type { Figure } from '../../miner/benchmark/benchmark-report.ts';
import { cpuminer } from './cpuminer.ts';
import { type Row, showNumber } from './measure.ts';

export const title = 'Mining kernels, in the threads of a miner';

const ROUNDS = 5;
const SECONDS = 5;
const MOST_THREADS = 2;
/** From this major version of Node.js on V8 merges vectors. */
const MERGING_SINCE = 24;

export async function bench(): Promise<Row[]> {
  const threads = Math.min(MOST_THREADS, availableParallelism());
  const { figures, references, fastest } = await runBenchmark({
    threads,
    rounds: ROUNDS,
    seconds: SECONDS,
    references: Array.from({ length: threads }, (_, index) => cpuminer(index + 1)),
  });
  /** A figure beside the reference on as many threads. */
  const beside = (figure: Figure, name: string): Row[] => {
    const reference = references.find((one) => one.name === name && one.threads === figure.threads);
    const target = targetOf(figure, name, fastest);
    return reference === undefined
      ? []
      : [rowOf(nameOf(figure, fastest), figure, reference, figure.timesReference[name], target)];
  };
  return [
    ...figures.filter(({ threads }) => threads === 1).flatMap((figure) => beside(figure, '@noble/hashes')),
    ...figures.filter(({ name }) => name === fastest).flatMap((figure) => beside(figure, 'minerd')),
    ...figures
      .filter(({ threads }) => threads > 1)
      .map((figure) => {
        const one = figures.find(({ name, threads }) => name === figure.name && threads === 1);
        const target = figure.name === fastest ? '≥ 1.85 × on an idle machine' : '—';
        return rowOf(nameOf(figure, fastest), figure, one, figure.timesOneThread ?? undefined, target);
      }),
  ];
}

function nameOf({ name, threads }: Figure, fastest: string | null): string {
  return `${name}${name === fastest ? ' (the fastest here)' : ''}, ${threadsText(threads)}`;
}

function threadsText(threads: number): string {
  return threads === 1 ? 'one thread' : `${threads} threads`;
}

function targetOf({ name, threads }: Figure, reference: string, fastest: string | null): string {
  if (name !== fastest || threads > 1) return '—';
  if (reference !== 'minerd') return '≥ 15 ×';
  const major = Number.parseInt(process.versions.node, 10);
  return major < MERGING_SINCE ? '≥ 0.33 ×' : '≥ 0.48 ×, stretch 0.70 ×';
}

function rowOf(
  what: string,
  figure: Figure,
  reference: Figure | undefined,
  ratio: number | undefined,
  target: string,
): Row {
  const { median, min, max } = figure.hashesPerSecond;
  const perProcessorSecond = figure.hashesPerProcessorSecond;
  return {
    what,
    figure: `${showNumber(median)} H/s`,
    range: `${showNumber(min)} – ${showNumber(max)}`,
    cpuPerOperation: perProcessorSecond === null ? '—' : `${showNumber(1e6 / perProcessorSecond)} µs`,
    reference: reference === undefined ? '—' : shown(reference),
    ratio: ratio === undefined ? '—' : `${ratio.toFixed(2)} ×${ratioByProcessor(figure, reference)}`,
    target,
  };
}

/** The ratio that processors alone would have: what other programs took is left out. */
function ratioByProcessor(figure: Figure, reference: Figure | undefined): string {
  const [own, other] = [figure.hashesPerProcessorSecond, reference?.hashesPerProcessorSecond ?? null];
  if (reference === undefined || own === null || other === null) return '';
  const ratio = (own * figure.threads) / (other * reference.threads);
  return `; by CPU time ${ratio.toFixed(2)} ×`;
}

/** A reference with how much of its processors it had. */
function shown({ name, threads, hashesPerSecond, processorShare }: Figure): string {
  const share = processorShare === null ? '' : `, on ${Math.round(100 * processorShare)} % of the CPU`;
  return `${name}, ${threadsText(threads)}: ${showNumber(hashesPerSecond.median)}${share}`;
}
