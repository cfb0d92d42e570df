/** A balance as a line: it stays until it changes. Pure. */
import type { ChartPoint } from '../../gui/api-values.ts';

/** A line needs some width, however young the wallet is. */
const SHORTEST_SPAN_S = 600;

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
  let last = Math.min(first.time - 1, end - SHORTEST_SPAN_S);
  let nits = 0n;
  const steps: ChartStep[] = [{ time: last, nits }];
  for (const point of points) {
    const time = Math.max(point.time, last + 1);
    if (time - last > 1) steps.push({ time: time - 1, nits });
    nits = BigInt(point.balance_nits);
    steps.push({ time, nits });
    last = time;
  }
  if (end > last) steps.push({ time: end, nits });
  return steps;
}
