/** Which entry is mined first, and which is evicted first: both judge an entry with its relatives. */
import { type MempoolEntry, rate, type Totals } from './entry.ts';

/**
 * Whether `a` is mined before `b`: by the rate it pays together with all it depends on, but no more than its
 * own, since a poor child adds nothing to a rich parent that is mined anyway. Between equal rates the earlier
 * arrival decides. Source: Bitcoin Core, CompareTxMemPoolEntryByAncestorFee.
 */
export function isMinedBefore(a: MempoolEntry, b: MempoolEntry): boolean {
  return a.miningRate === b.miningRate ? a.arrival < b.arrival : a.miningRate > b.miningRate;
}

/** @param ancestors the entry with those of its ancestors that are not mined yet */
export function miningRateOf(
  { modifiedFee, vsize }: Pick<MempoolEntry, 'modifiedFee' | 'vsize'>,
  ancestors: Pick<Totals, 'fees' | 'vsize'>,
): number {
  const own = rate(modifiedFee, vsize);
  return ancestors.vsize === vsize ? own : Math.min(own, rate(ancestors.fees, ancestors.vsize));
}

/**
 * Whether `a` is evicted before `b`: by the rate it pays together with all that depends on it, but no less
 * than its own, since it would be mined without a poor child. Between equal rates the later arrival goes.
 * Source: Bitcoin Core, CompareTxMemPoolEntryByDescendantScore.
 */
export function isEvictedBefore(a: MempoolEntry, b: MempoolEntry): boolean {
  return a.evictionRate === b.evictionRate ? a.arrival > b.arrival : a.evictionRate < b.evictionRate;
}

/** @param descendants the entry with all that depends on it */
export function evictionRateOf(
  { modifiedFee, vsize }: Pick<MempoolEntry, 'modifiedFee' | 'vsize'>,
  descendants: Pick<Totals, 'fees' | 'vsize'>,
): number {
  const own = rate(modifiedFee, vsize);
  return descendants.vsize === vsize ? own : Math.max(own, rate(descendants.fees, descendants.vsize));
}
