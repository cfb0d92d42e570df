/** Measuring honestly: interleaved rounds, the median and the range, CPU time beside throughput. */

/** One thing to measure: does its work once and says how many operations that was. */
export interface Candidate {
  readonly name: string;
  readonly run: () => number | Promise<number>;
}

export interface Figure {
  readonly name: string;
  /** Operations per second: median, least and most over the rounds. */
  readonly perSecond: { readonly median: number; readonly min: number; readonly max: number };
  /** CPU time of this process (all threads) per operation, median, in microseconds. */
  readonly cpuMicros: number;
}

/** A line of the table that `npm run bench` prints. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  readonly range: string;
  readonly cpuPerOperation: string;
  readonly reference: string;
  readonly ratio: string;
  readonly target: string;
}

const ROUNDS = 5;
const ROUND_MS = 400;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * Runs the candidates in turn, A B A B …, after a round that is not counted.
 * @param rounds counted rounds of each
 * @param roundMs a round repeats `run` for at least this long
 */
export async function measure(
  candidates: readonly Candidate[],
  rounds = ROUNDS,
  roundMs = ROUND_MS,
): Promise<Figure[]> {
  const rates = candidates.map(() => [] as number[]);
  const cpus = candidates.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++) {
    for (const [index, candidate] of candidates.entries()) {
      const cpuStart = process.cpuUsage();
      const start = performance.now();
      let operations = 0;
      let elapsedMs = 0;
      do {
        operations += await candidate.run();
        elapsedMs = performance.now() - start;
      } while (elapsedMs < roundMs);
      const cpu = process.cpuUsage(cpuStart);
      if (round < 0) continue;
      rates[index]?.push((operations * 1000) / elapsedMs);
      cpus[index]?.push((cpu.user + cpu.system) / operations);
    }
  }
  return candidates.map(({ name }, index) => {
    const own = rates[index] ?? [];
    return {
      name,
      perSecond: { median: median(own), min: Math.min(...own), max: Math.max(...own) },
      cpuMicros: median(cpus[index] ?? []),
    };
  });
}

/** 12,345 → "12,345"; small figures keep three significant digits. */
export function showNumber(value: number): string {
  if (!Number.isFinite(value)) return '—';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}

/**
 * A table row: a figure beside the reference of the same run.
 * @param target what is asked, in words, from the project's targets
 */
export function compare(
  what: string,
  unit: string,
  figure: Figure,
  reference: Figure | undefined,
  target: string,
): Row {
  const { median: middle, min, max } = figure.perSecond;
  return {
    what,
    figure: `${showNumber(middle)} ${unit}`,
    range: `${showNumber(min)} – ${showNumber(max)}`,
    cpuPerOperation: `${showNumber(figure.cpuMicros)} µs`,
    reference: reference ? `${reference.name} ${showNumber(reference.perSecond.median)}` : '—',
    ratio: reference ? `${(middle / reference.perSecond.median).toFixed(2)} ×` : '—',
    target,
  };
}
