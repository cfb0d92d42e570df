/** How a balance came about over time, for a chart. Pure. */
import type { Height, Nits } from '../../protocol/units.ts';
import { type Effect, netOf } from './effects.ts';

/** What was there after a block: spendable and immature. */
export interface BalancePoint {
  readonly height: Height;
  /** Of the block, Unix seconds. */
  readonly time: number;
  readonly balance: Nits;
}

/**
 * The balance after each block that changed it, oldest first; pending transactions are no part of it. Of too many
 * points the last one of each stretch of time is kept: what is drawn is what the balance really was.
 * @param effects oldest first
 * @param label undefined for the whole wallet
 * @param most so many points at most; at least 2
 */
export function balancePoints(
  effects: readonly Effect[],
  label: string | undefined,
  most: number,
): BalancePoint[] {
  const points = new Map<Height, BalancePoint>();
  let balance = 0n;
  for (const effect of effects) {
    const { height, time } = effect;
    const net = netOf(effect, label);
    if (height === undefined || time === undefined || net === 0n) continue;
    balance += net;
    points.set(height, { height, time, balance });
  }
  return thinned([...points.values()], most);
}

function thinned(points: readonly BalancePoint[], most: number): BalancePoint[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length <= most) return [...points];
  // The first point stands for itself: a chart begins where the wallet does.
  const [start, span] = [first.time, Math.max(1, last.time - first.time)];
  const stretches = new Map<number, BalancePoint>();
  for (const point of points.slice(1)) {
    const at = Math.min(most - 2, Math.max(0, Math.floor(((point.time - start) / span) * (most - 1))));
    stretches.set(at, point);
  }
  return [first, ...stretches.values()].sort((a, b) => a.height - b.height);
}
